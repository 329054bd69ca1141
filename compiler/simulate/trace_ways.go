package simulate

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
)

// maxTraced bounds the ways that a Trace lists.
const maxTraced = 32

// journey is the packets of one exchange in one direction.
type journey struct {
	x      *exchange
	w      *course // x.to or x.back
	at     place   // where they set out
	isBack bool
	order  int // among those that are listed
	rank   int // 0: comes first, since nobody else tells of its start nor of its end; 1: of one of them; 2: others tell of both
}

// journeys are exchanges there, and back, in this order, ranked so that every start and every end is told of before others are
// told of again.
func journeys(there, back []*exchange) []*journey {
	var all []*journey
	for _, x := range there {
		all = append(all, &journey{x: x, w: x.to, at: x.from})
	}
	for _, x := range back {
		all = append(all, &journey{x: x, w: x.back, at: x.at, isBack: true})
	}
	rank(all)
	return all
}

// rank ranks journeys, in their order among those of one rank.
func rank(all []*journey) {
	type end struct {
		at             place
		isBack, isLast bool
	}
	told := map[end]bool{}
	tell := func(j *journey, isWanted func(first, last bool) bool) bool {
		first, last := end{at: j.at, isBack: j.isBack}, end{at: j.w.owner, isBack: j.isBack, isLast: true}
		if !isWanted(!told[first], !told[last]) {
			return false
		}
		told[first], told[last] = true, true
		return true
	}
	for _, j := range all {
		if !tell(j, func(first, last bool) bool { return first && last }) {
			j.rank = 1
		}
	}
	for _, j := range all {
		if j.rank == 1 && !tell(j, func(first, last bool) bool { return first || last }) {
			j.rank = 2
		}
	}
}

// lister collects the different ways of a Trace.
type lister struct {
	tr     *tracer
	listed []listedWay
	seen   map[string]bool
	there  int  // different ways there, listed or not
	isFull bool // and there are more
}

// listedWay is a way, and which journey it is of.
type listedWay struct {
	steps  []Step
	order  int
	isBack bool
}

func newLister(tr *tracer) *lister { return &lister{tr: tr, seen: map[string]bool{}} }

// list adds the ways of some journeys: one of each first, those that are ranked first before others; then what else there is.
func (l *lister) list(all []*journey) {
	for i, j := range all {
		j.order = i + 1
	}
	ranked := slices.Clone(all)
	slices.SortStableFunc(ranked, func(a, b *journey) int { return a.rank - b.rank })
	for _, j := range ranked {
		for way := range j.ways() {
			if !l.isDone(j) {
				l.addOf(j, way)
			}
			break
		}
	}
	for _, j := range ranked {
		for way := range j.ways() {
			if l.addOf(j, way); l.isDone(j) {
				break
			}
		}
	}
}

// isDone reports whether more ways of a journey would neither be listed nor counted.
func (l *lister) isDone(j *journey) bool { return l.isFull && (j.isBack || l.there > maxTraced) }

func (l *lister) addOf(j *journey, way []leg) {
	l.addWay(listedWay{l.tr.steps(j.x, j.w, way), j.order, j.isBack})
}

// add adds the way that fails, which is listed before those of journeys.
func (l *lister) add(order int, steps []Step) { l.addWay(listedWay{steps: steps, order: order}) }

func (l *lister) addWay(way listedWay) {
	key := fmt.Sprint(way.steps)
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	if !way.isBack {
		l.there++
	}
	if l.isFull = l.isFull || len(l.listed) == maxTraced; !l.isFull {
		l.listed = append(l.listed, way)
	}
}

// finish writes the ways into the Trace, in the order of their journeys.
func (l *lister) finish() {
	slices.SortStableFunc(l.listed, func(a, b listedWay) int { return a.order - b.order })
	for _, way := range l.listed {
		l.tr.trace.Paths = append(l.tr.trace.Paths, way.steps)
	}
}

// ways yields the different ways of a journey's packets, to where they arrive or are lost. A way over other interfaces of the
// same devices is the same one.
func (j *journey) ways() iter.Seq[[]leg] {
	listed := j.w.listing()
	return func(yield func([]leg) bool) {
		var follow func(way []leg, at place) bool
		follow = func(way []leg, at place) bool {
			for _, b := range distinctBranches(listed.branches(nil, at)) {
				next := append(slices.Clip(way), leg{at, b})
				if b.end == onward && !slices.ContainsFunc(next, func(l leg) bool { return l.at == b.to }) {
					if !follow(next, b.to) {
						return false
					}
					continue
				}
				if b.end == onward {
					next[len(next)-1].end = looped
				}
				if !yield(next) {
					return false
				}
			}
			return true
		}
		follow(nil, j.at)
	}
}

// distinctBranches leaves out branches that lead to where others do, in the same manner.
func distinctBranches(all []branch) []branch {
	type manner struct {
		to     place
		end    ending
		tunnel string
		via    netip.Addr // where it makes a difference
	}
	seen := map[manner]bool{}
	return slices.DeleteFunc(all, func(b branch) bool {
		m := manner{to: b.to, end: b.end}
		if b.over != nil {
			m.tunnel = b.over.tunnel
		}
		if m.tunnel != "" || b.end != onward && b.end != arrived {
			m.via = b.via
		}
		isKnown := seen[m]
		seen[m] = true
		return isKnown
	})
}

// listing is the same course with every branch listed.
func (w *course) listing() *course {
	t, all := *w.t, *w
	t.listsAll, all.t = true, &t
	return &all
}
