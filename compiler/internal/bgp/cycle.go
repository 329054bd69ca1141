package bgp

import "slices"

// Flip is one step of an oscillation: a slot changes its mind.
type Flip struct {
	Round int // counted from the first of the cycle
	Slot  int
	Has   bool // it has a best path now: Path. False: it has none any more
	Path  Path
}

const (
	patience  = 32      // rounds after which to watch for states that come again; networks are rarely that wide
	maxRounds = 1 << 14 // that are watched
)

// watch finds out whether a state of the computation comes again (Brent's algorithm: the state is compared with the one at the
// last power of two). As a round depends on the state alone, everything after it then comes again too.
type watch struct {
	sum    uint64 // of the state that is compared with
	since  int    // its round
	next   int    // the round whose state is compared with next
	period int    // rounds, once a state has come again
}

// repeats reports whether the state after the current round was there before. When it gives up it reports a period of one.
func (w *watch) repeats(s *Solver) bool {
	sum := s.sum()
	switch {
	case len(s.waiting) == 0:
		return false
	case w.since > 0 && sum == w.sum:
		w.period = s.rounds - w.since
		return true
	case s.rounds >= maxRounds:
		w.period = 1
		return true
	case s.rounds >= w.next:
		w.sum, w.since, w.next = sum, s.rounds, 2*s.rounds
	}
	return false
}

// sum hashes what every slot has accepted of every other one: the state of the computation.
func (s *Solver) sum() uint64 {
	h := uint64(14695981039346656037)
	mix := func(n uint64) {
		h = (h ^ n) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	for i, paths := range s.edges {
		if len(paths) == 0 {
			continue
		}
		mix(uint64(i)<<32 | uint64(len(paths)))
		for k := range paths {
			p := &paths[k]
			mix(uint64(p.NextHop.Hop)<<8 | uint64(p.NextHop.Who))
			mix(uint64(p.asPath)<<32 | uint64(p.clusterList))
			mix(uint64(p.communities)<<32 | uint64(p.LocalPref))
			mix(uint64(p.Preference)<<32 | uint64(p.originator))
			mix(uint64(p.lowestID))
		}
	}
	return h
}

// traceCycle runs the computation once around its cycle and returns who changes to what.
func (s *Solver) traceCycle(period int) []Flip {
	var flips []Flip
	for round := range period {
		s.round()
		slices.Sort(s.changed)
		for _, at := range s.changed {
			slot := &s.slots[at]
			flips = append(flips, Flip{Round: round, Slot: int(at), Has: slot.has, Path: slot.best[0]})
		}
	}
	return flips
}
