package simulate

import (
	"slices"
	"sync"

	"topoc/compiler/internal/bgp"
)

// engine solves the destinations of one domain, in one state of the network after another. Not safe for concurrent use.
type engine struct {
	domain     *domain
	solver     *bgp.Solver
	view       *view
	resolver   *resolver
	programmer *programmer

	dead      map[*bgp.Speaker][]int // members that have failed
	down      []bool                 // by End.Index: sessions that are, beside those that are down while nothing has failed
	unsettled []Oscillation          // of the destinations solved since restart

	resume resumption

	twins    twins
	mirrored mirrorBook

	used []bgp.Path // scratch
	room []*action  // for tables to come
}

func newEngine(d *domain) *engine {
	e := &engine{domain: d, programmer: newProgrammer(d), twins: twins{}, down: make([]bool, len(d.network.Ends))}
	resolve := func(s *bgp.Speaker, h *bgp.Hop) bgp.Metric { return e.resolver.resolve(s, h) }
	onLink := func(s *bgp.Speaker, h *bgp.Hop) bool { return e.resolver.way(s, h).isOnLink() }
	e.solver = bgp.NewSolver(d.network.Resolving(resolve, onLink))
	return e
}

// begin prepares the engine for another state of the network: v's, whose tables it fills.
func (e *engine) begin(v *view) {
	e.view, e.dead = v, nil
	clear(e.down)
	if v.down == nil {
		return
	}
	for p, members := range v.down.members {
		if s := p.speakers[familyIndex(e.domain.family)]; s != nil && p.domains[familyIndex(e.domain.family)] == e.domain {
			if e.dead == nil {
				e.dead = map[*bgp.Speaker][]int{}
			}
			e.dead[s] = members
		}
	}
}

// set takes a session up or down.
func (e *engine) set(end *bgp.End, isUp bool) {
	e.down[end.Index], e.down[end.Index^1] = !isUp, !isUp
}

// has reports whether an end is one of the domain's.
func (d *domain) has(end *bgp.End) bool {
	return end.Index < len(d.network.Ends) && d.network.Ends[end.Index] == end
}

// restart forgets all that depends on the underlay and on which sessions are up.
func (e *engine) restart() {
	e.resolver = newResolver(e.view, e.domain)
	if e.view.down != nil && !e.view.isAnew {
		e.resolver.before = e.resume.resolver
	}
	e.programmer.restart(e.resolver)
	clear(e.twins)
	e.unsettled = nil
	e.solver.Reset()
	e.solver.Fail(e.dead, e.down)
	e.prepareToResume()
}

// maxRecursion bounds how often next hops are resolved anew over the routes that the last resolution made.
const maxRecursion = 16

// solveUnderlay solves what next hops and peers may have addresses in, until their resolution changes nothing any more. After
// a failure it begins with what that takes a route from.
func (e *engine) solveUnderlay() {
	want := func(*destination) bool { return true }
	for round := range maxRecursion {
		e.restart()
		if round == 0 && e.view.down != nil {
			want = e.hears()
		}
		changed := false
		for _, d := range e.domain.dests {
			if d.infra && want(d) {
				t := e.solve(d)
				changed = changed || !t.equals(&e.view.routes[e.domain][d.Index])
				e.view.routes[e.domain][d.Index] = t
			}
		}
		if e.view.down == nil { // only then does nobody else read it
			e.domain.leans = e.domain.leans || e.resolver.leans
		}
		if !changed || !e.resolver.leans && !e.domain.leans {
			return
		}
		want = func(*destination) bool { return true }
	}
}

// solveRest solves the other destinations that want says, all of them where it is nil.
func (e *engine) solveRest(want func(*destination) bool) {
	for _, d := range e.domain.dests {
		if !d.infra && (want == nil || want(d)) {
			e.view.routes[e.domain][d.Index] = e.solve(d)
		}
	}
}

// solve computes what every slot does with packets to a destination.
func (e *engine) solve(d *destination) table {
	if t, ok := e.resumed(d); ok {
		return t
	}
	solution := e.solveAlike(d)
	if !solution.Settled {
		e.unsettled = append(e.unsettled, Oscillation{Prefix: d.Prefix, Cycle: e.domain.cycleText(d, solution.Cycle)})
	}
	t := e.newTable(d)
	e.programmer.begin(d)
	if standing := solution.Standing(); standing != nil {
		e.fillAlike(&t, d, solution, standing)
		return t
	}
	for slot := range t.actions {
		t.actions[slot] = e.action(solution, slot)
	}
	return t
}

// action is what a slot does with packets to the destination that was just solved.
func (e *engine) action(s *bgp.Solution, slot int) *action {
	e.used = s.AppendUsed(e.used[:0], slot)
	return e.programmer.action(slot, route{best: s.Best(slot), used: e.used})
}

// newTable returns an empty table. Many share memory, since there are many.
func (e *engine) newTable(d *destination) table {
	slots := len(e.domain.parts)
	if d.Owner != nil {
		slots++
	}
	if len(e.room) < slots {
		e.room = make([]*action, slots*min(len(e.domain.dests), 64))
	}
	t := table{actions: e.room[:slots:slots]}
	e.room = e.room[slots:]
	return t
}

// equals reports whether two tables of one destination say the same of every slot.
func (t *table) equals(other *table) bool {
	if t.shares(other) {
		isSame := func(p patch) bool { return t.at(p.slot).equals(other.at(p.slot)) }
		return !slices.ContainsFunc(t.patches, func(p patch) bool { return !isSame(p) }) &&
			!slices.ContainsFunc(other.patches, func(p patch) bool { return !isSame(p) })
	}
	for slot := range t.actions {
		if other.at(slot) == nil || !t.at(slot).equals(other.at(slot)) {
			return false
		}
	}
	return true
}

// shares reports whether two tables differ in their patches alone.
func (t *table) shares(other *table) bool {
	return len(t.actions) > 0 && len(t.actions) == len(other.actions) && &t.actions[0] == &other.actions[0]
}

// equals reports whether two actions do the same.
func (a *action) equals(b *action) bool {
	return a == b || a.kind == b.kind && a.proto == b.proto && a.metric == b.metric && a.best == b.best &&
		a.isShadowed == b.isShadowed && slices.Equal(a.hops, b.hops)
}

// endSet is a set of ends, by End.Index.
type endSet []uint64

func newEndSet(n int) endSet { return make(endSet, (n+63)/64) }

func (s endSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s endSet) meets(other endSet) bool {
	for i := range s {
		if s[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

// carriers returns, by destination, the ends that accepted a route to it while nothing has failed: the loss of others changes
// nothing of it. Computed once; shared, do not modify.
func (d *domain) carriers(base *view) []endSet {
	d.carriedOnce.Do(func() {
		e := d.spare.take(d)
		defer d.spare.put(e)
		e.begin(base)
		e.restart()
		d.carried = make([]endSet, len(d.dests))
		for _, of := range d.dests {
			d.carried[of.Index] = e.accepting(e.solver.Solve(of.Destination))
		}
	})
	return d.carried
}

// accepting is the ends that accepted a route.
func (e *engine) accepting(s *bgp.Solution) endSet {
	ends := e.domain.network.Ends
	set := newEndSet(len(ends))
	for _, end := range ends {
		if s.Accepts(end) {
			set.add(end.Index)
		}
	}
	return set
}

// enginePool keeps engines for the states after failures, so that policies are not asked again for each. The zero enginePool
// is empty.
type enginePool struct {
	mu   sync.Mutex
	idle []*engine
	kept int // bytes that the pool's engines keep, about
}

// take returns an idle engine of the domain, or a new one.
func (p *enginePool) take(d *domain) *engine {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		e := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return e
	}
	p.mu.Unlock()
	return newEngine(d)
}

// put gives an engine back.
func (p *enginePool) put(e *engine) {
	e.view, e.resolver, e.room = nil, nil, nil
	e.programmer.restart(nil)
	clear(e.twins)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, e)
}

// cycleText tells who changes to what in turn, ending as it begins.
func (d *domain) cycleText(of *destination, flips []bgp.Flip) []string {
	var all []string
	for _, f := range flips {
		name := partName(of.part(f.Slot))
		switch {
		case !f.Has:
			all = append(all, name+" loses its route")
		case f.Path.NextHop.Hop < 0:
			all = append(all, name+" uses its own route")
		default:
			all = append(all, name+" uses "+d.network.Hops[f.Path.NextHop.Hop].Addrs[0].String())
		}
	}
	if len(all) > 0 {
		all = append(all, all[0])
	}
	return all
}
