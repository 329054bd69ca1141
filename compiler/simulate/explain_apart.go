package simulate

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

// explainApart explains devices of which no chain of sessions, up or down, leads to those that have the route: what keeps the
// switches on both sides from one. nil: there is such a chain, or no switches are there to have a session.
func (s *search) explainApart(lacking []place) *finding {
	reached := map[*Part]bool{}
	for key := range s.spread() {
		reached[key.part] = true
	}
	i := slices.IndexFunc(lacking, func(at place) bool { return !reached[at.part] })
	if i < 0 {
		return nil
	}
	return s.stopBetween(reached, s.reachableFrom(lacking[i].part))
}

// explainNetwork explains a switch that lacks the network of a device: what keeps it from a session with those that are on the
// network. nil: they have one, or one of them is no switch that speaks BGP.
func (s *search) explainNetwork(lacking place) *finding {
	reached := map[*Part]bool{}
	for _, p := range s.t.r.Parts {
		if p.Router == nil || p.ground[s.w.family] == nil || p.ground[s.w.family].attachmentTo(s.w.addr, nil) == nil {
			continue
		}
		isUp := func(session *Session) bool { return session.runs(families[s.w.family]) }
		for of := range s.reachableOver(p, isUp) {
			reached[of] = true
		}
	}
	if len(reached) == 0 || reached[lacking.part] || lacking.part.Router == nil {
		return nil
	}
	return s.stopBetween(reached, s.reachableFrom(lacking.part))
}

// stopBetween says what keeps the switches of two sets of parts from a chain of sessions: of the links between them the first that
// leads out of where the route is.
func (s *search) stopBetween(reached, side map[*Part]bool) *finding {
	out := map[*fabric.Switch]*fabric.LinkEnd{} // by switch: the near end of the link that leads out of reached on the way there
	var queue []*fabric.Switch
	for _, sw := range s.t.r.Fabric.Switches {
		if s.switchPart(sw, "", reached) != nil && s.switchPart(sw, "", side) == nil {
			queue, out[sw] = append(queue, sw), nil
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, near := range queue[0].Links {
			far := near.Other()
			if _, seen := out[far.Switch]; seen {
				continue
			}
			if out[far.Switch] = out[queue[0]]; out[far.Switch] == nil {
				out[far.Switch] = near
			}
			if s.switchPart(far.Switch, far.VRF, side) != nil {
				return s.stopAtLink(out[far.Switch], reached, side)
			}
			queue = append(queue, far.Switch)
		}
	}
	return s.stopAtNoLink(reached, side)
}

// reachableFrom returns the parts to which a chain of sessions of the course's family leads, whatever state they are in.
func (s *search) reachableFrom(p *Part) map[*Part]bool {
	f := families[s.w.family]
	return s.reachableOver(p, func(session *Session) bool { return slices.Contains(session.carries, f) })
}

// reachableOver returns the parts to which a chain of some sessions leads from a part, itself among them.
func (s *search) reachableOver(p *Part, isMeant func(*Session) bool) map[*Part]bool {
	seen := map[*Part]bool{p: true}
	for queue := []*Part{p}; len(queue) > 0; queue = queue[1:] {
		for _, session := range queue[0].Sessions {
			if session.Peer != nil && !seen[session.Peer] && isMeant(session) {
				seen[session.Peer] = true
				queue = append(queue, session.Peer)
			}
		}
	}
	return seen
}

// switchPart returns the part of a switch that is among some, that of a VRF first; nil: none is.
func (s *search) switchPart(sw *fabric.Switch, vrf string, among map[*Part]bool) *Part {
	if p := s.t.r.partOf(sw, vrf); p != nil && among[p] {
		return p
	}
	for _, at := range s.t.r.places(sw) {
		if among[at.part] {
			return at.part
		}
	}
	return nil
}

// stopAtLink says why no session runs over a link; near is its end where the route is.
func (s *search) stopAtLink(near *fabric.LinkEnd, reached, side map[*Part]bool) *finding {
	a, b := s.switchPart(near.Switch, near.VRF, reached), s.switchPart(near.Other().Switch, near.Other().VRF, side)
	if b == nil {
		b = s.t.r.places(near.Other().Switch)[0].part
	}
	l, far, f := near.Link, near.Other(), families[s.w.family]
	what, rule, edit, at := "session", "", "", l.At()
	switch mute := muteSwitch(near, far); {
	case !l.BGP:
		rule, edit, at = fmt.Sprintf("link %s has bgp: false", l.Name), fmt.Sprintf("delete bgp: false from link %s", l.Name), at.Field("bgp")
	case mute != nil:
		rule, edit, at = mute.Name+" has no AS number", fmt.Sprintf("give switch %s an asNumber", mute.Name), mute.At()
	case near.VRF != a.VRF || far.VRF != b.VRF:
		rule, edit = s.otherVRF(near, far, a, b)
	case !l.Unnumbered():
		field := addressField(f)
		what, rule = fmt.Sprintf("session for %s", f), fmt.Sprintf("link %s has no %s", l.Name, field)
		edit = fmt.Sprintf("add %s to both ends of link %s", field, l.Name)
		for _, end := range l.Ends {
			if end.Other().Prefix(f).IsValid() && !end.Prefix(f).IsValid() {
				rule, edit, at = rule+" at "+end.Switch.Name, fmt.Sprintf("add %s to link %s at %s", field, l.Name, end.Switch.Name), end.At()
			}
		}
	default:
		return nil
	}
	return s.stopApart(place{part: a}, place{part: b}, what, &finding{Stop: Stop{Rule: rule, Edit: edit, At: at}})
}

// otherVRF says that a link is in other VRFs than the parts that it would join, and where it should be.
func (s *search) otherVRF(near, far *fabric.LinkEnd, a, b *Part) (rule, edit string) {
	var rules, edits []string
	for _, end := range []struct {
		*fabric.LinkEnd
		of *Part
	}{{near, a}, {far, b}} {
		if end.VRF == end.of.VRF {
			continue
		}
		rules = append(rules, fmt.Sprintf("%s at %s, whose routes are %s", vrfText(end.VRF), end.Switch.Name, vrfText(end.of.VRF)))
		if end.of.VRF == "" {
			edits = append(edits, fmt.Sprintf("delete vrf at %s", end.Switch.Name))
		} else {
			edits = append(edits, fmt.Sprintf("write vrf: %q at %s", end.of.VRF, end.Switch.Name))
		}
	}
	return fmt.Sprintf("link %s is %s", near.Link.Name, strings.Join(rules, ", and ")),
		fmt.Sprintf("%s in link %s", strings.Join(edits, " and "), near.Link.Name)
}

// stopApart completes a finding about two switches without a session.
func (s *search) stopApart(a, b place, what string, stop *finding) *finding {
	stop.Device, stop.Prefix = nameOf(a), s.w.prefix
	stop.sentence = fmt.Sprintf("%s and %s have no %s: %s", nameOf(a), nameOf(b), what, stop.Rule)
	return stop
}

// muteSwitch is a switch at one of a link's ends that has no AS number; nil: both have.
func muteSwitch(ends ...*fabric.LinkEnd) *fabric.Switch {
	for _, e := range ends {
		if e.Switch.Model.ASNumber == nil {
			return e.Switch
		}
	}
	return nil
}

// vrfText says in which VRF something is.
func vrfText(vrf string) string {
	if vrf == "" {
		return "outside VRFs"
	}
	return "in VRF " + vrf
}

// addressField is the field that an address of a family is written in.
func addressField(f fabric.Family) string {
	if f == fabric.IPv6 {
		return "address6"
	}
	return "address"
}

// stopAtNoLink says that nothing joins the switches which have a route and those that want it; nil: one side has no switch.
func (s *search) stopAtNoLink(reached, side map[*Part]bool) *finding {
	speaker := func(among map[*Part]bool) *Part {
		i := slices.IndexFunc(s.t.r.Parts, func(p *Part) bool { return among[p] && p.Router != nil })
		if i < 0 {
			return nil
		}
		return s.t.r.Parts[i]
	}
	a, b := speaker(reached), speaker(side)
	if a == nil || b == nil {
		return nil
	}
	stop := &finding{Stop: Stop{Rule: "no link joins them", Edit: fmt.Sprintf("add a link of %s and %s", a.Switch.Name, b.Switch.Name), At: b.Switch.At()}}
	if a.Switch == b.Switch {
		stop.Rule, stop.Edit = "they are two VRFs of one switch, and nothing leads from one to the other", "put both sides into one VRF, or join the VRFs outside of the switch"
	}
	return s.stopApart(place{part: a}, place{part: b}, "session", stop)
}

// explainDisjoint explains two parties of which no packets could even set out, in one sentence.
func (t *traffic) explainDisjoint(from, to Place, a, b party) string {
	if b.kind == partyNobody {
		return fmt.Sprintf("nothing in the topology has the address %s", to)
	}
	for f := range families {
		if len(t.targets(b, a, f)) == 0 || len(t.sources(a, b, f)) > 0 {
			continue
		}
		field := addressField(families[f])
		if from.Switch != nil {
			field = map[fabric.Family]string{fabric.IPv4: "loopback", fabric.IPv6: "loopback6"}[families[f]]
		}
		return fmt.Sprintf("%s has no %s address to send from: give it %s", from, families[f], field)
	}
	return fmt.Sprintf("%s and %s have no address family in common", from, to)
}
