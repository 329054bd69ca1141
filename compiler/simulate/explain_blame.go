package simulate

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// asMismatchEdit is what makes both ends of a session expect each other's AS number: at the end that differs from what the
// topology means, and where neither does at the one that expects another. Empty: nothing is known.
func (s *search) asMismatchEdit(session *Session) (string, source.Path) {
	both := []*Session{session, session.Far}
	for _, x := range both {
		if x == nil {
			continue
		}
		if end := s.meant(x); end != nil && x.LocalASN != uint32(end.ASN) {
			return s.localEdit(x, end)
		}
	}
	for _, x := range both {
		if x == nil || x.Far == nil || x.PeerASN == x.Far.LocalASN {
			continue
		}
		if end := s.meant(x); end == nil || x.PeerASN != uint32(end.PeerASN) {
			return fmt.Sprintf("set asNumber: %d%s at %s", x.Far.LocalASN, objectText(x), s.t.short(place{part: x.Part})), x.At
		}
	}
	for _, x := range both {
		if x != nil && x.Far != nil && x.PeerASN != x.Far.LocalASN {
			return fmt.Sprintf("set asNumber: %d%s at %s", x.Far.LocalASN, objectText(x), s.t.short(place{part: x.Part})), x.At
		}
	}
	return "", ""
}

// meant is the near end of a session as the topology means it; nil: the topology has no such session.
func (s *search) meant(x *Session) *fabric.End {
	near := x.Part.Device(0)
	if x.Kind == MeshSession {
		n, far := x.Part.Nodes[0], x.Peer.Nodes[0]
		return &fabric.End{Device: n, ASN: n.ASN, PeerASN: far.ASN}
	}
	for _, of := range s.t.r.Fabric.Sessions {
		if of.Family != x.Family || !s.isBetween(of, x.Part, x.Peer) {
			continue
		}
		for _, end := range []*fabric.End{&of.A, &of.B} {
			if end.Device == near {
				return end
			}
		}
	}
	return nil
}

// localEdit is what makes one end of a session call itself what the topology means.
func (s *search) localEdit(x *Session, end *fabric.End) (string, source.Path) {
	if n, isNode := end.Device.(*fabric.Node); isNode && (x.peer == nil || x.peer.localASN == 0) && end.ASN == n.ASN {
		return s.nodeASNEdit(place{part: x.Part})
	}
	if x.Part.Nodes != nil {
		return fmt.Sprintf("set localASNumber: %d%s at %s", end.ASN, objectText(x), s.t.short(place{part: x.Part})), x.At
	}
	return fmt.Sprintf("set the AS number of %s to %d", s.t.short(place{part: x.Part}), end.ASN), end.ASNAt()
}

// nodeASNEdit is what gives a node the AS number that the topology means it to have, and others that lack it alike; empty: it has it.
func (s *search) nodeASNEdit(at place) (string, source.Path) {
	n := at.node()
	if n == nil || at.part.rules == nil || at.part.rules.asn == uint32(n.ASN) {
		return "", ""
	}
	r, c := at.part.rules.clusterRules, n.Cluster
	facts := &r.nodes[slices.Index(c.Nodes, n)]
	if facts.asn == 0 && n.ASN == c.ASN {
		return fmt.Sprintf("set asNumber: %d in BGPConfiguration default of %s, which says %d", c.ASN, c.Name, r.asn), c.At().Field("asNumber")
	}
	var names []string
	for i, other := range c.Nodes {
		if other.ASN == n.ASN && r.nodes[i].asn == facts.asn {
			names = append(names, other.Name)
		}
	}
	return fmt.Sprintf("annotate %s with %s=%d", someNames(names), asNumberAnnotation, n.ASN), n.ASNAt()
}

// maxNamed is how many names a sentence has room for.
const maxNamed = 3

// someNames lists names for the middle of a sentence.
func someNames(all []string) string {
	switch {
	case len(all) > maxNamed:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:maxNamed], ", "), len(all)-maxNamed)
	case len(all) > 1:
		return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
	}
	return all[0]
}

// twin returns a switch above the origin of the route that has the AS number of another switch, to which the route is therefore not
// sent: it would take it for a loop. nil: there is none.
func (s *search) twin(at place) *fabric.Switch {
	r := rackOf(s.w.owner)
	if at.part.Switch == nil || r == nil || slices.Contains(r.Switches, at.part.Switch) {
		return nil
	}
	i := slices.IndexFunc(r.Switches, func(sw *fabric.Switch) bool { return sw.ASN == at.part.Switch.ASN })
	if i < 0 {
		return nil
	}
	return r.Switches[i]
}
