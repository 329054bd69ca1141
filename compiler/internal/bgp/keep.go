package bgp

import "slices"

// Kept is how one destination settled, for Resume of the Solver that made it.
type Kept struct{ state }

// Detour is a next hop to which a speaker gets in another way than when destinations were kept.
type Detour struct {
	Speaker *Speaker
	Hop     *Hop
}

// losses is what Fail took away of what there was when destinations were kept.
type losses struct {
	wasUp   []bool  // by End.Index; nil: none are kept
	ends    []int32 // of sessions that went down, one of each
	gone    []int32 // speakers
	isMixed bool    // of some speakers there are members that live and others that failed
}

// trial is what has become of a kept state so far, as what it was.
type trial struct {
	isTrial bool
	own     state // of the Solver, which has the kept one in the meantime
	slotLog []savedSlot
	edgeLog []savedEdge
	heard   []int32 // the last answer
}

type savedSlot struct {
	at  int32
	was slot
}

type savedEdge struct {
	index int32
	was   edge
}

// Keep solves a destination and returns how it settled; nil: it does not. Whatever one Solver keeps, it is to keep under the same
// Network.Resolve and the same Fail.
func (s *Solver) Keep(d *Destination) *Kept {
	if !s.Solve(d).Settled {
		return nil
	}
	if s.losses.wasUp == nil {
		s.losses.wasUp = slices.Clone(s.up)
	}
	k := &Kept{s.state}
	k.slots, k.nextLocal, k.edges = slices.Clone(s.slots), slices.Clone(s.nextLocal), make([]edge, len(s.edges))
	size := 0
	for _, paths := range s.edges {
		size += len(paths)
	}
	for i := range s.slots {
		size += len(s.slots[i].tells)
	}
	room := make([]Path, 0, size)
	keep := func(paths []Path) []Path {
		if len(paths) == 0 {
			return nil
		}
		start := len(room)
		room = append(room, paths...)
		return room[start:len(room):len(room)]
	}
	for i, paths := range s.edges {
		k.edges[i] = keep(paths)
	}
	for i := range k.slots {
		k.slots[i].tells = keep(k.slots[i].tells)
	}
	return k
}

// Resume solves a kept destination anew after Fail, beginning with how it settled then: that takes as long as there is news to
// tell. The detours are all next hops that Network.Resolve says something else of. It returns the slots that heard news or have
// failed, some of them more than once, and false where it cannot tell what comes of it: Solve can. The Solution is Solve's, but
// where a destination has several stable ones, and as long valid.
func (s *Solver) Resume(k *Kept, detours []Detour) (x *Solution, heard []int32, ok bool) {
	if !s.CanResume() {
		return nil, nil, false
	}
	s.release()
	s.solveAll()
	s.isTrial, s.own, s.state = true, s.state, k.state
	s.waiting, s.answers = s.waiting[:0], s.answers[:0]
	for _, at := range s.losses.gone {
		s.bury(at)
		if at == s.owner {
			s.bury(int32(s.network.OwnerSlot()))
		}
	}
	for _, end := range s.losses.ends {
		s.hangUp(end)
		s.hangUp(end ^ 1)
	}
	if s.isOrphaned() {
		for end := range s.plan.ends { // else what is told of it would go round until every reflector is in every list
			s.hangUp(int32(end))
		}
	}
	for _, d := range detours {
		s.reroute(int32(d.Speaker.Index), int32(d.Hop.Index))
	}
	s.settle()
	s.heard = s.heard[:0]
	for i := range s.slotLog {
		s.heard = append(s.heard, s.slotLog[i].at)
	}
	return &s.solution, s.heard, s.solution.Settled
}

// CanResume reports whether Resume can tell anything after what failed: not where of one speaker some members have failed, and
// not where something is back that was down when destinations were kept.
func (s *Solver) CanResume() bool { return s.losses.wasUp != nil && !s.losses.isMixed }

// release puts a kept state back to what it was and takes the Solver's own again.
func (s *Solver) release() {
	if !s.isTrial {
		return
	}
	for _, saved := range slices.Backward(s.slotLog) {
		s.slots[saved.at] = saved.was
	}
	for _, saved := range slices.Backward(s.edgeLog) {
		s.edges[saved.index] = saved.was
	}
	s.slotLog, s.edgeLog = s.slotLog[:0], s.edgeLog[:0]
	s.isTrial, s.state = false, s.own
}

// saveSlot and saveEdge remember what is about to change.
func (s *Solver) saveSlot(at int32) { s.slotLog = append(s.slotLog, savedSlot{at, s.slots[at]}) }

func (s *Solver) saveEdge(index int32) {
	s.edgeLog = append(s.edgeLog, savedEdge{index, s.edges[index]})
	s.edges[index] = nil
}

// bury takes all members of a slot away.
func (s *Solver) bury(at int32) {
	s.saveSlot(at)
	s.slots[at].members = 0
}

// isOrphaned reports whether nobody is left who brings the destination in.
func (s *Solver) isOrphaned() bool {
	return !slices.ContainsFunc(s.dest.Origins, func(o Origination) bool { return !slices.Contains(s.losses.gone, int32(o.Speaker.Index)) })
}

// hangUp forgets what came in by an end.
func (s *Solver) hangUp(end int32) {
	e := &s.plan.ends[end]
	s.forget(e.edge, e.speaker)
	if e.speaker == s.owner {
		s.forget(s.toOwner(end), int32(s.network.OwnerSlot()))
	}
	if e.far == s.owner {
		s.forget(s.fromOwner(end^1), e.speaker)
	}
}

func (s *Solver) forget(edge, at int32) {
	if len(s.edges[edge]) > 0 {
		s.saveEdge(edge)
		s.wake(at)
	}
}

// reroute lets the neighbors that told a speaker of a next hop tell it again: its way there is another one.
func (s *Solver) reroute(speaker, hop int32) {
	isOver := func(p Path) bool { return p.NextHop.Hop == hop }
	if !s.slots[speaker].nearOwner && !slices.ContainsFunc(s.heardBy(speaker), func(e edge) bool { return slices.ContainsFunc(e, isOver) }) {
		return // as by far the most
	}
	for _, end := range s.plan.speakers[speaker].ends {
		far := end ^ 1
		if !s.up[end] || !s.plan.ends[far].sends(far) {
			continue
		}
		senders := []int32{s.plan.ends[far].speaker, int32(s.network.OwnerSlot())}
		if senders[0] != s.owner {
			senders = senders[:1]
		}
		for _, from := range senders {
			for _, way := range s.passages(from, far) {
				if way.edge >= 0 && slices.ContainsFunc(s.edges[way.edge], isOver) {
					s.deliver(way)
				}
			}
		}
	}
}

// lose finds out what is lost of what there was when destinations were kept.
func (s *Solver) lose() {
	l := &s.losses
	l.ends, l.gone, l.isMixed = l.ends[:0], l.gone[:0], false
	if l.wasUp == nil {
		return
	}
	for i := range s.plan.speakers {
		switch alive := int(s.slots[i].members); {
		case alive == 0:
			l.gone = append(l.gone, int32(i))
		case alive < len(s.network.Speakers[i].RouterIDs):
			l.isMixed = true
		}
	}
	for i := 0; i < len(s.up); i += 2 {
		if l.wasUp[i] && !s.up[i] {
			l.ends = append(l.ends, int32(i))
		}
		l.isMixed = l.isMixed || s.up[i] && !l.wasUp[i] // nothing that comes back is news of a failure
	}
}
