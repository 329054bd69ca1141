package firewall

import (
	"cmp"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

// direction is one unit dialing another for sessions of one kind.
type direction struct {
	rank     rank
	port     uint16
	from, to *unit
}

// ends are the addresses of a direction, in the order of sessions.
type ends struct{ from, to []place }

// sessions returns the needs of all sessions but those of a mesh. Either end may dial, but for a switch that waits for whoever is
// in a subnet.
func (s *survey) sessions() []need {
	found := map[direction]*ends{}
	var order []direction
	dial := func(rank rank, port uint16, from, to *unit, fromPlace, toPlace place) {
		d := direction{rank, port, from, to}
		e := found[d]
		if e == nil {
			e = &ends{}
			found[d] = e
			order = append(order, d)
		}
		e.from, e.to = also(e.from, fromPlace), also(e.to, toPlace)
	}
	for _, session := range s.Sessions {
		rank := rankOf(session)
		a, aPlace := s.end(&session.A)
		b, bPlace := s.end(&session.B)
		dial(rank, portOf(session, &session.B), a, b, aPlace, bPlace)
		if !session.Dynamic {
			dial(rank, portOf(session, &session.A), b, a, bPlace, aPlace)
		}
	}
	return s.gather(order, found)
}

// also appends a place, unless it is one of the last: a reflector's comes with each of its sessions, and there are few of those.
func also(places []place, p place) []place {
	const few = 4
	if slices.Contains(places[max(0, len(places)-few):], p) {
		return places
	}
	return append(places, p)
}

// rankOf says what a session is for.
func rankOf(s *fabric.Session) rank {
	switch s.Kind {
	case fabric.ReflectorSession:
		return reflectorBGP
	case fabric.RackSession:
		return rackBGP
	case fabric.PeeringSession:
		return peeringBGP
	case fabric.ExternalSession:
		return outsideBGP
	default:
		return switchBGP
	}
}

// whyOf is what a session is for in words.
var whyOf = map[rank]string{
	reflectorBGP: "BGP with route reflectors",
	rackBGP:      "BGP of nodes and switches",
	peeringBGP:   "BGP of peerings",
	outsideBGP:   "BGP with speakers outside",
	switchBGP:    "BGP of switches",
}

// portOf is where the receiving end of a session listens.
func portOf(s *fabric.Session, to *fabric.End) uint16 {
	switch device := to.Device.(type) {
	case *fabric.Node:
		return device.Cluster.ListenPort
	case *fabric.External:
		return cmp.Or(s.Peer.Port, bgpPort)
	default:
		return bgpPort
	}
}

// end returns the unit of a session's end, and the end's address; the zero place on a link without addresses.
func (s *survey) end(e *fabric.End) (*unit, place) {
	switch device := e.Device.(type) {
	case *fabric.Node:
		return s.groupOf[device], nodePlace(device, e.Address)
	case *fabric.External:
		return s.other(device, "peer "+device.Name+" of "+device.Cluster.Name), single(e.Address)
	default:
		u := s.other(device, "switch "+device.DeviceName())
		if !e.Address.IsValid() {
			return u, place{}
		}
		return u, single(e.Address)
	}
}

// gather makes one need of all directions with the same receiver, port and reason, where the receiving addresses are the same too.
func (s *survey) gather(order []direction, found map[direction]*ends) []need {
	type receiver struct {
		rank    rank
		port    uint16
		to      *unit
		partial string // the receiving addresses, where they are not all
	}
	known := map[receiver]int{} // where its senders are
	var senders [][]direction
	var needs []need
	for _, d := range order {
		r := receiver{rank: d.rank, port: d.port, to: d.to}
		found[d].to = sortPlaces(found[d].to)
		if to := found[d].to; d.to.cluster != nil && !isWhole(d.to, to) {
			r.partial = text(to)
		}
		i, isKnown := known[r]
		if !isKnown {
			i = len(needs)
			known[r] = i
			senders = append(senders, nil)
			n := need{rank: r.rank, why: whyOf[r.rank], protocol: tcp, ports: ports{r.port}, isPart: r.partial != ""}
			if r.to.cluster != nil {
				n.into = r.to
			}
			needs = append(needs, n)
		}
		senders[i] = append(senders[i], d)
	}
	for i := range needs {
		ofSenders, ofReceiver := 0, 0
		for _, d := range senders[i] {
			ofSenders, ofReceiver = ofSenders+len(found[d].from), ofReceiver+len(found[d].to)
		}
		units, from, to := make([]*unit, 0, len(senders[i])), make([]place, 0, ofSenders), make([]place, 0, ofReceiver)
		for _, d := range senders[i] {
			units, from, to = append(units, d.from), append(from, found[d].from...), append(to, found[d].to...)
		}
		needs[i].from, needs[i].to = s.newParty(units, from), s.newParty([]*unit{senders[i][0].to}, to)
	}
	return needs
}

// isWhole reports whether places are an address of every node of a group that has one of that family.
func isWhole(g *unit, places []place) bool {
	for _, f := range bothFamilies {
		n := 0
		for i := range places {
			if fabric.FamilyOf(places[i].addr) == f {
				n++
			}
		}
		if n > 0 && n != g.count(f) {
			return false
		}
	}
	return true
}

func text(places []place) string {
	var words []string
	for _, p := range places {
		words = append(words, p.exact().String())
	}
	return strings.Join(words, " ")
}

// bfd returns what the switches whose sessions have it send each other: control packets, and over one hop echoes (RFC 5881), over
// several none (RFC 5883). Sessions with nodes never have it.
func (s *survey) bfd() []need {
	var needs []need
	for _, sw := range s.Switches {
		for _, ports := range []ports{{bfdPort, bfdEchoPort}, {bfdMultihopPort}} {
			var units []*unit
			var from, to []place
			for _, n := range bfdNeighbors(sw, ports[0] == bfdMultihopPort) {
				near, far := &n.Session.A, &n.Session.B
				if near.Device != fabric.Device(sw) {
					near, far = far, near
				}
				u, at := s.end(far)
				_, own := s.end(near)
				units, from, to = append(units, u), append(from, at), append(to, own)
			}
			if units != nil {
				own := s.other(sw, "switch "+sw.Name)
				needs = append(needs, need{rank: switchBFD, why: "BFD of switches", protocol: udp, ports: ports,
					from: s.newParty(units, from), to: s.newParty([]*unit{own}, to)})
			}
		}
	}
	return needs
}

// bfdNeighbors returns the neighbors of a switch that it has BFD with, over several hops or over one.
func bfdNeighbors(sw *fabric.Switch, isMultihop bool) []*fabric.Neighbor {
	var all []*fabric.Neighbor
	for _, r := range sw.Routers {
		for _, n := range r.Neighbors {
			if n.BFD && n.Group == nil && (n.Multihop > 0) == isMultihop {
				all = append(all, n)
			}
		}
	}
	return all
}
