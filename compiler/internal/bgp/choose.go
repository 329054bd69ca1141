package bgp

import "slices"

// speakerOf returns the plan of the speaker whose members a slot is.
func (s *Solver) speakerOf(at int32) *speakerPlan {
	if s.isOwner(at) {
		at = s.owner
	}
	return &s.plan.speakers[at]
}

// isOwner reports whether a slot is that of the destination's owner.
func (s *Solver) isOwner(at int32) bool { return int(at) == len(s.plan.speakers) }

// fromOwner and toOwner are the edges of what the owner sends by one of its ends, and of what it receives there.
func (s *Solver) fromOwner(end int32) int32 {
	return int32(len(s.plan.ends)) + 2*s.plan.ends[end].position
}

func (s *Solver) toOwner(end int32) int32 { return s.fromOwner(end) + 1 }

// heardBy returns the edges at which a slot keeps what it has accepted, in the order of its ends. Valid until the next call.
func (s *Solver) heardBy(at int32) []edge {
	speaker := s.speakerOf(at)
	slot := &s.slots[at]
	isPart := s.alike.isOn && s.isHub(at)
	if !slot.nearOwner && !s.isOwner(at) && !isPart {
		return speaker.heard(s.edges)
	}
	s.gathered = s.gathered[:0]
	for _, end := range s.endsOf(at, speaker) {
		if s.isOwner(at) {
			s.gathered = append(s.gathered, s.edges[s.toOwner(end)])
			continue
		}
		e := &s.plan.ends[end]
		s.gathered = append(s.gathered, s.edges[e.edge])
		if e.far == s.owner && s.plan.ends[end^1].sends(end^1) {
			s.gathered = append(s.gathered, s.edges[s.fromOwner(end^1)])
		}
	}
	return s.gathered
}

// local fills in the path of an origination.
func (s *Solver) local(origination int32, p *Path) {
	o := &s.dest.Origins[origination]
	*p = Path{
		NextHop:     NextHop{Hop: -1},
		From:        -1,
		Origination: origination,
		Source:      o.Source,
		Preference:  int32(o.Preference),
		LocalPref:   defaultLocalPref,
		Incomplete:  o.Incomplete,
		Count:       1,
	}
}

// decide runs the decision process of a slot and reports whether it has something new to tell.
func (s *Solver) decide(at int32) bool {
	slot := &s.slots[at]
	speaker := s.speakerOf(at)
	slot.newBest, slot.newOthers, slot.fresh = slot.fresh, slot.fresh, false

	s.list = s.list[:0]
	var best *Path
	for o := slot.localRoute; o >= 0; o = s.nextLocal[o] {
		if s.dest.Origins[o].Only == nil {
			s.list = append(s.list, Path{})
			s.local(o, &s.list[len(s.list)-1])
		}
	}
	own := len(s.list)
	for i := range s.list {
		best = s.better(speaker.kind, best, &s.list[i])
	}
	for _, paths := range s.heardBy(at) {
		for i := range paths {
			p := &paths[i]
			if speaker.kind == Switch && p.Metric == Unreachable {
				continue
			}
			best = s.better(speaker.kind, best, p)
			if speaker.relays {
				s.list = append(s.list, *p)
			}
		}
	}
	if has := best != nil; has != slot.has || has && *best != slot.best[0] {
		slot.newBest, slot.has = true, has
		if has {
			slot.best[0] = *best
		}
	}
	if !speaker.sendsAll {
		return slot.newBest
	}
	s.dropDuplicates(speaker.kind, own)
	if !slices.Equal(slot.tells, s.list) {
		slot.newOthers = true
		if s.isTrial {
			slot.tells = nil // what was told is saved
		}
		slot.tells = append(slot.tells[:0], s.list...)
	}
	return slot.newBest || slot.newOthers
}

// better returns the one that a speaker prefers; a may be nil.
func (s *Solver) better(kind Kind, a, b *Path) *Path {
	if a == nil || s.compare(kind, b, a) < 0 {
		return b
	}
	return a
}
