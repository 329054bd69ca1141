package simulate

import (
	"cmp"
	"container/heap"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// search looks for the place where a route stops that should have gone on: the fewest rules and missing sessions that keep it
// from a device. The first of them, seen from the route's origin, is the one to mend first.
type search struct {
	t        *traffic
	w        *course
	messages []bgp.Message
	inquiry  inquiry
	has      map[holderKey]bool
	hurdles  map[holderKey][]hurdle
}

// holderKey is members of a part that have, or lack, a route alike: its owner, or the others.
type holderKey struct {
	part  *Part
	owner bool
}

// hurdle is what keeps a route from one part to another, or would have to carry it there: exactly one of message, session, missing, mesh
// and gone is set where it costs anything.
type hurdle struct {
	from, to holderKey
	cost     int
	message  *bgp.Message    // that does not arrive, or of no use does
	session  *Session        // that is not established
	missing  *fabric.Session // that nothing makes
	mesh     *clusterRules   // whose mesh is off though the topology has it
	gone     *Part           // that has failed
}

// What hurdles cost. A rule that stops the route itself is likelier to be the mistake than one that always stops some.
const (
	passes   = 1 // a session that is up, beyond the first hurdle
	stopped  = 1000
	absent   = 1100
	usual    = 2500 // rules that hold back routes in every network
	unlikely = 4000
)

var reasonCost = map[bgp.Reason]int{
	bgp.SessionDown:       absent, // what keeps it down says more, where that is known
	bgp.NotReflected:      usual,
	bgp.NotBest:           usual,
	bgp.Unresolvable:      usual,
	bgp.OriginatorLoop:    unlikely,
	bgp.ClusterLoop:       unlikely,
	bgp.NextHopIsReceiver: unlikely,
}

// search finds who has routes to a course's target, and what keeps them from the others.
func (t *traffic) search(w *course) *search {
	s := &search{t: t, w: w, has: map[holderKey]bool{}, hurdles: map[holderKey][]hurdle{}}
	if w.owner.part != nil {
		s.has[s.keyOf(w.owner)] = true
	}
	for _, p := range t.census.parts[w.services] {
		s.has[holderKey{part: p}] = w.dest == nil
	}
	if w.dest != nil {
		done := s.solve()
		defer done()
		s.addMessages()
	}
	s.addPassages()
	s.addGone()
	s.addSessions()
	s.addMissing()
	return s
}

// solve asks the solver what becomes of every route to the target. What it finds is good until done is called.
func (s *search) solve() (done func()) {
	d := s.w.dest
	e := d.domain.spare.take(d.domain)
	e.begin(s.t.v)
	for _, pair := range s.t.r.sessions {
		end := pair.a.ends[familyIndex(d.domain.family)]
		if end != nil && d.domain.has(end) && s.t.v.down != nil && (pair.isCut(s.t.v.down) || s.t.v.reach(pair) != (lost{})) {
			e.set(end, false)
		}
	}
	e.restart()
	s.messages = e.solver.Messages(d.Destination)
	s.inquiry = inquiry{view: s.t.v, dest: d, solution: e.solver.Solution()}
	for slot := range d.domain.network.OwnerSlot() {
		if s.inquiry.solution.Best(slot) != nil {
			s.has[holderKey{part: d.domain.parts[slot]}] = true
		}
	}
	return func() { d.domain.spare.put(e) }
}

func (s *search) keyOf(at place) holderKey {
	return holderKey{at.part, at == s.w.owner && at.part.Size() > 1}
}

// keyOfSlot is the members behind a slot.
func (s *search) keyOfSlot(slot int) holderKey {
	d := s.w.dest
	if slot == d.domain.network.OwnerSlot() {
		return s.keyOf(s.w.owner)
	}
	return holderKey{part: d.domain.parts[slot]}
}

func (s *search) add(h hurdle) { s.hurdles[h.from] = append(s.hurdles[h.from], h) }

// addMessages adds every rule that stopped the route.
func (s *search) addMessages() {
	for i := range s.messages {
		m := &s.messages[i]
		if m.Reason == bgp.SplitHorizon {
			continue
		}
		if m.Reason != bgp.Passed || s.inquiry.solution.Best(m.To) == nil {
			s.add(hurdle{from: s.keyOfSlot(m.From), to: s.keyOfSlot(m.To), cost: cmp.Or(reasonCost[m.Reason], stopped), message: m})
		}
	}
}

// addPassages adds the sessions over which the route would go on, as far as is known: nobody has asked their policies yet.
func (s *search) addPassages() {
	for _, p := range s.t.r.Parts {
		if s.has[holderKey{part: p}] {
			continue
		}
		for _, session := range p.Sessions {
			if session.runs(families[s.w.family]) {
				s.add(hurdle{from: holderKey{part: p}, to: holderKey{part: session.Peer}, cost: passes})
			}
		}
	}
}

// addGone adds what would hear of the route if it had not failed.
func (s *search) addGone() {
	for _, p := range s.t.r.Parts {
		if !s.t.v.down.isGone(p) {
			continue
		}
		for _, session := range p.Sessions {
			if session.runs(families[s.w.family]) {
				s.between(session.Peer, p, hurdle{cost: stopped, gone: p})
			}
		}
	}
}

// addSessions adds the sessions that are configured and not established.
func (s *search) addSessions() {
	f := families[s.w.family]
	for _, p := range s.t.r.Parts {
		for _, session := range p.Sessions {
			if session.Peer == nil || session.State == Established || !slices.Contains(session.carries, f) {
				continue
			}
			s.between(p, session.Peer, hurdle{cost: stopped, session: session})
		}
	}
}

// between adds a hurdle in both directions.
func (s *search) between(a, b *Part, h hurdle) {
	for _, ends := range [][2]*Part{{a, b}, {b, a}} {
		h.from, h.to = holderKey{part: ends[0]}, holderKey{part: ends[1]}
		s.add(h)
		if s.w.owner.part == ends[0] && ends[0].Size() > 1 {
			h.from.owner = true
			s.add(h)
		}
	}
}

// addMissing adds the sessions that the topology has and the objects make nothing of.
func (s *search) addMissing() {
	type ends struct{ a, b *Part }
	known := map[ends]bool{}
	for _, p := range s.t.r.Parts {
		for _, session := range p.Sessions {
			if families[s.w.family] == session.Family {
				known[ends{p, session.Peer}] = true
				known[ends{session.Peer, p}] = true
			}
		}
	}
	add := func(a, b *Part, h hurdle) {
		if a != nil && b != nil && !known[ends{a, b}] {
			known[ends{a, b}], known[ends{b, a}] = true, true
			h.cost = absent
			s.between(a, b, h)
		}
	}
	for _, session := range s.t.r.Fabric.Sessions {
		if slices.Contains(session.Carries(), families[s.w.family]) {
			add(s.partOf(session.A.Device, session.VRF), s.partOf(session.B.Device, session.VRF), hurdle{missing: session})
		}
	}
	for _, c := range s.t.r.Fabric.Clusters {
		parts := s.t.census.parts[c]
		if !c.Mesh || len(parts) == 0 || parts[0].rules == nil || parts[0].rules.mesh {
			continue
		}
		for _, a := range parts {
			for _, b := range parts {
				add(a, b, hurdle{mesh: parts[0].rules.clusterRules})
			}
		}
	}
}

// partOf returns the part of one end of a session of the topology, or nil.
func (s *search) partOf(d fabric.Device, vrf string) *Part {
	if _, isSwitch := d.(*fabric.Switch); isSwitch {
		return s.t.r.partOf(d, vrf)
	}
	for _, p := range s.t.r.partsOf(d) {
		return p
	}
	return nil
}

// first returns the first hurdle on the cheapest way from whoever has the route to one of the devices that lack it, as a finding;
// of devices that are as near the first in order; nil where no way leads to any.
func (s *search) first(lacking []place) *finding {
	reached := s.spread()
	var best *trail
	var to place
	for _, at := range lacking {
		if r := reached[s.keyOf(at)]; r != nil && r.first != nil && (best == nil || r.cost/stopped < best.cost/stopped) {
			best, to = r, at
		}
	}
	if best == nil {
		return nil
	}
	return s.stop(best.first, to)
}

// trail is the cheapest way to somewhere: what it costs, and its first hurdle.
type trail struct {
	at    holderKey
	cost  int
	first *hurdle
	order int // in which it was found: of equal ones the first counts
}

// spread finds the cheapest way to everybody (Dijkstra).
func (s *search) spread() map[holderKey]*trail {
	reached := map[holderKey]*trail{}
	open := &trails{}
	for _, p := range s.t.r.Parts {
		for _, key := range []holderKey{{p, true}, {p, false}} {
			if s.has[key] {
				heap.Push(open, &trail{at: key, order: open.pushed()})
			}
		}
	}
	for open.Len() > 0 {
		t := heap.Pop(open).(*trail)
		if reached[t.at] != nil {
			continue
		}
		reached[t.at] = t
		for i := range s.hurdles[t.at] {
			h := &s.hurdles[t.at][i]
			if reached[h.to] != nil {
				continue
			}
			next := &trail{at: h.to, cost: t.cost + h.cost, first: t.first, order: open.pushed()}
			if next.first == nil {
				next.first = h
			}
			heap.Push(open, next)
		}
	}
	return reached
}

// trails is a heap of trails, the cheapest first.
type trails struct {
	all   []*trail
	count int
}

func (h *trails) pushed() int {
	h.count++
	return h.count
}

func (h *trails) Len() int { return len(h.all) }
func (h *trails) Less(i, j int) bool {
	a, b := h.all[i], h.all[j]
	return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.order, b.order)) < 0
}
func (h *trails) Swap(i, j int) { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *trails) Push(x any)    { h.all = append(h.all, x.(*trail)) }
func (h *trails) Pop() any {
	last := h.all[len(h.all)-1]
	h.all = h.all[:len(h.all)-1]
	return last
}
