package simulate

import (
	"fmt"
	"slices"

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
	side := reachableFrom(lacking[i].part)
	for _, l := range s.t.r.Fabric.Links {
		for _, near := range l.Ends {
			a, b := s.switchPart(near, reached), s.switchPart(near.Other(), side)
			if a != nil && b != nil && a != b {
				return s.stopAtLink(near, a, b)
			}
		}
	}
	return s.stopAtNoLink(reached, side)
}

// reachableFrom returns the parts to which a chain of sessions leads, whatever state they are in.
func reachableFrom(p *Part) map[*Part]bool {
	seen := map[*Part]bool{p: true}
	for queue := []*Part{p}; len(queue) > 0; queue = queue[1:] {
		for _, session := range queue[0].Sessions {
			if session.Peer != nil && !seen[session.Peer] {
				seen[session.Peer] = true
				queue = append(queue, session.Peer)
			}
		}
	}
	return seen
}

// switchPart returns the part of a link end's switch that is among some, that of the end's VRF first; nil: none is.
func (s *search) switchPart(e *fabric.LinkEnd, among map[*Part]bool) *Part {
	if p := s.t.r.partOf(e.Switch, e.VRF); p != nil && among[p] {
		return p
	}
	for _, at := range s.t.r.places(e.Switch) {
		if among[at.part] {
			return at.part
		}
	}
	return nil
}

// stopAtLink says why no session runs over a link; near is the end of the first part.
func (s *search) stopAtLink(near *fabric.LinkEnd, a, b *Part) *finding {
	l, far, f := near.Link, near.Other(), families[s.w.family]
	what, rule, edit, at := "session", "", "", l.At()
	switch mute := muteSwitch(near, far); {
	case !l.BGP:
		rule, edit, at = fmt.Sprintf("link %s has bgp: false", l.Name), fmt.Sprintf("delete bgp: false from link %s", l.Name), at.Field("bgp")
	case mute != nil:
		rule, edit, at = mute.Name+" has no AS number", fmt.Sprintf("give switch %s an asNumber", mute.Name), mute.At()
	case near.VRF != a.VRF || far.VRF != b.VRF:
		end, p := near, a
		if near.VRF == a.VRF {
			end, p = far, b
		}
		rule = fmt.Sprintf("link %s is %s at %s, and the route is wanted %s", l.Name, vrfText(end.VRF), end.Switch.Name, vrfText(p.VRF))
		edit, at = fmt.Sprintf("put the end of link %s at %s %s, or add a link there", l.Name, end.Switch.Name, vrfText(p.VRF)), end.At()
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
		return "in no VRF"
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
	for _, end := range []struct {
		place Place
		party party
	}{{to, b}, {from, a}} {
		if end.party.kind == partyNobody {
			return fmt.Sprintf("%s is nobody's address here", end.place)
		}
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
