package bgp

import "iter"

// refusals is reasons that keep a route from a speaker, the ones that say most first: of several offers that a speaker did not
// get, the one that got furthest. SplitHorizon is none: what a speaker told itself it need not hear.
var refusals = []Reason{
	ASLoop, OriginatorLoop, ClusterLoop, DeniedImport, NextHopIsReceiver,
	DeniedExport, HeldBack, NotReflected, Unresolvable, NotBest, SessionDown,
}

// Refused returns why a slot has no path, and its own End by which the offer that got furthest did not come (see refusals; of
// several alike the first End). Passed and nil: no neighbor has anything to offer.
func (x *Solution) Refused(slot int) (Reason, *End) {
	s := x.s
	reason, at := Passed, (*End)(nil)
	furthest := len(refusals)
	if s.slots[slot].members == 0 {
		return Passed, nil
	}
	for way := range s.arrivals(int32(slot)) {
		paths := s.offered(way)
		for i := range paths {
			r := s.message(way, &paths[i]).Reason
			if rank := rankOf(r); rank < furthest {
				furthest, reason, at = rank, r, s.network.Ends[way.end^1]
			}
		}
	}
	return reason, at
}

// arrivals yields the ways by which messages arrive at a slot, in the order of its ends.
func (s *Solver) arrivals(at int32) iter.Seq[passage] {
	return func(yield func(passage) bool) {
		speaker := s.speakerOf(at)
		for _, end := range speaker.ends {
			far := end ^ 1
			senders := [2]int32{s.plan.ends[far].speaker, -1}
			if senders[0] == s.owner {
				senders[1] = int32(len(s.plan.speakers))
			}
			for _, from := range senders {
				if from < 0 || s.slots[from].members == 0 || !s.plan.ends[far].sends(far) {
					continue
				}
				for _, way := range s.passages(from, far) {
					if way.edge >= 0 && way.to == at && !yield(way) {
						return
					}
				}
			}
		}
	}
}

// offered returns what a slot might tell over a session: what it does tell; its best path even where it keeps all that it has
// learned to itself; of a switch that can reach no next hop everything. Valid until the next call.
func (s *Solver) offered(way passage) []Path {
	if paths := s.told(way); len(paths) > 0 {
		return paths
	}
	if slot := &s.slots[way.from]; slot.has {
		return slot.best[:]
	}
	for _, paths := range s.heardBy(way.from) {
		if len(paths) > 0 {
			return paths
		}
	}
	return nil
}

func rankOf(reason Reason) int {
	for i, r := range refusals {
		if r == reason {
			return i
		}
	}
	return len(refusals)
}

// Messages solves a destination and returns every route on every session, with the Reason where it does not arrive: by sender,
// its ends, the receivers and, of one sender, best first. Their paths are read with the methods of Solution.
func (s *Solver) Messages(d *Destination) []Message {
	s.Solve(d)
	var all []Message
	for at := range s.slots {
		if s.slots[at].members == 0 {
			continue
		}
		speaker := s.speakerOf(int32(at))
		for _, end := range speaker.ends {
			if !s.plan.ends[end].sends(end) {
				continue
			}
			for _, way := range s.passages(int32(at), end) {
				if way.edge >= 0 {
					all = s.appendMessages(all, way)
				}
			}
		}
	}
	return all
}

// Solution returns the last solution.
func (s *Solver) Solution() *Solution { return &s.solution }

// appendMessages appends what becomes of every route that a slot has, on one session.
func (s *Solver) appendMessages(all []Message, way passage) []Message {
	slot := &s.slots[way.from]
	if s.madeFor(way) >= 0 {
		return append(all, s.message(way, &s.told(way)[0]))
	}
	sendsAll := s.plan.ends[way.end].sendsAll
	for _, p := range s.solution.Paths(int(way.from)) {
		m := s.message(way, &p)
		if !sendsAll && m.Reason != Unresolvable && m.Reason != SessionDown && m.Reason != SplitHorizon && (!slot.has || p != slot.best[0]) {
			m.Path, m.Reason = p, NotBest
		}
		all = append(all, m)
	}
	return all
}

// message says what becomes of one path on one session.
func (s *Solver) message(way passage, p *Path) Message {
	m := Message{From: int(way.from), To: int(way.to), End: s.network.Ends[way.end], Path: *p, Reason: SessionDown}
	if !s.up[way.end] {
		return m
	}
	var sent Path
	if m.Reason = s.tell(way, p, &sent); m.Reason != Passed {
		return m
	}
	m.Path = sent
	m.Reason = s.take(way, &sent)
	return m
}
