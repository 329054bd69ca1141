package bgp

import (
	"cmp"
	"slices"
)

// stub is speakers that nothing but hubs joins to the rest of a network, as the spines of a fabric join a rack. What has the
// same place in the lists of two stubs of one shape corresponds.
type stub struct {
	speakers []int32   // ascending
	ends     []int32   // of its speakers in turn, ascending
	facing   [][]int32 // the hubs' ends of its sessions with them, by hub, ascending
	hops     []int32   // of its own: see layout.hops
	shape    int32     // equal: all alike that is known of them without destinations
}

// layout is a network taken apart. The zero layout is of one that does not fall apart.
type layout struct {
	hubs   []int32 // ascending
	stubs  []stub
	slots  [][]int32    // stub.speakers, by stub
	stubOf []int32      // by speaker; -1: a hub
	at     []int32      // by speaker: where it is in stub.speakers
	shapes [][]int32    // stubs, by shape
	among  [][]int32    // by hub: its ends of sessions with hubs, ascending
	hops   []ownership  // by hop
	odd    [][]oddities // by shape, of a few of its stubs
}

// ownership is whose own a hop is, and where in stub.hops: one that nobody but a stub, and hubs for sessions with it, speaks from.
// Stub -1: it is nobody's.
type ownership struct{ stub, at int32 }

// triedThresholds bounds the guesses at which speakers are hubs.
const triedThresholds = 8

// takeApart finds the hubs without which most of a network falls into parts of one size: the speakers with the most sessions,
// down to some number of them. It is a guess: what is alike is compared after.
func (p *plan) takeApart(n *Network) layout {
	thresholds := make([]int, len(p.speakers))
	for i := range p.speakers {
		thresholds[i] = len(p.speakers[i].ends)
	}
	slices.SortFunc(thresholds, func(a, b int) int { return cmp.Compare(b, a) })
	thresholds = slices.Compact(thresholds)
	var best []int32
	most := 0
	for _, least := range thresholds[:min(triedThresholds, len(thresholds))] {
		stubOf := p.components(least)
		if spared := sparedBy(stubOf); spared > most {
			best, most = stubOf, spared
		}
	}
	if best == nil {
		return layout{}
	}
	l := layout{stubOf: best, at: make([]int32, len(p.speakers)), among: make([][]int32, len(p.speakers))}
	l.collect(p)
	l.assignHops(p, n)
	l.sort(p, n)
	l.compareAnswers(p, len(n.Destinations))
	return l
}

// components numbers the sets of speakers that are joined once those with so many sessions are gone, by first speaker; these
// have -1.
func (p *plan) components(sessions int) []int32 {
	const unknown = -2
	of := make([]int32, len(p.speakers))
	for i := range of {
		of[i] = unknown
		if len(p.speakers[i].ends) >= sessions {
			of[i] = -1
		}
	}
	count := int32(0)
	var queue []int32
	for i := range of {
		if of[i] != unknown {
			continue
		}
		of[i] = count
		for queue = append(queue[:0], int32(i)); len(queue) > 0; {
			at := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for _, end := range p.speakers[at].ends {
				if far := p.ends[end].far; of[far] == unknown {
					of[far] = count
					queue = append(queue, far)
				}
			}
		}
		count++
	}
	return of
}

// sparedBy is how many speakers need not be solved if all components of one size are alike.
func sparedBy(stubOf []int32) int {
	sizes := make([]int, len(stubOf))
	for _, stub := range stubOf {
		if stub >= 0 {
			sizes[stub]++
		}
	}
	spared := 0
	isKnown := make([]bool, len(stubOf)+1)
	for _, size := range sizes {
		if isKnown[size] {
			spared += size
		}
		isKnown[size] = true
	}
	return spared
}

// collect lists what belongs to each stub.
func (l *layout) collect(p *plan) {
	for i, of := range l.stubOf {
		if of < 0 {
			l.hubs = append(l.hubs, int32(i))
			continue
		}
		if int(of) == len(l.stubs) {
			l.stubs = append(l.stubs, stub{})
		}
		s := &l.stubs[of]
		l.at[i] = int32(len(s.speakers))
		s.speakers = append(s.speakers, int32(i))
		s.ends = append(s.ends, p.speakers[i].ends...)
	}
	for i := range l.stubs {
		l.stubs[i].facing = make([][]int32, len(l.hubs))
		l.slots = append(l.slots, l.stubs[i].speakers)
	}
	for at, hub := range l.hubs {
		for _, end := range p.speakers[hub].ends {
			if of := l.stubOf[p.ends[end].far]; of >= 0 {
				facing := l.stubs[of].facing
				facing[at] = append(facing[at], end)
			} else {
				l.among[hub] = append(l.among[hub], end)
			}
		}
	}
}

// assignHops finds out whose own the hops are.
func (l *layout) assignHops(p *plan, n *Network) {
	const unknown = -2
	of := slices.Repeat([]int32{unknown}, len(p.hops))
	for i := range p.ends {
		e := &p.ends[i]
		stub := l.stubOf[e.speaker]
		if stub < 0 {
			stub = l.stubOf[e.far]
		}
		if stub < 0 || of[e.hop] != unknown && of[e.hop] != stub || n.Hops[e.hop].Speaker == nil {
			stub = -1
		}
		of[e.hop] = stub
	}
	l.hops = slices.Repeat([]ownership{{stub: -1}}, len(p.hops))
	for i := range l.stubs {
		s := &l.stubs[i]
		for end := range s.all() {
			if hop := p.ends[end].hop; of[hop] == int32(i) && l.hops[hop].stub < 0 {
				l.hops[hop] = ownership{int32(i), int32(len(s.hops))}
				s.hops = append(s.hops, hop)
			}
		}
	}
}

// all yields the ends of a stub, then those that face it.
func (s *stub) all() func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for _, end := range s.ends {
			if !yield(end) {
				return
			}
		}
		for _, facing := range s.facing {
			for _, end := range facing {
				if !yield(end) {
					return
				}
			}
		}
	}
}

// sort numbers the shapes of the stubs.
func (l *layout) sort(p *plan, n *Network) {
	w := newShapeWriter(l, p, n)
	known := map[string]int32{}
	for i := range l.stubs {
		key := w.shape(int32(i))
		shape, isKnown := known[key]
		if !isKnown {
			shape = int32(len(l.shapes))
			known[key] = shape
			l.shapes = append(l.shapes, nil)
		}
		l.stubs[i].shape = shape
		l.shapes[shape] = append(l.shapes[shape], int32(i))
	}
}
