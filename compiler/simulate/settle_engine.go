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
}

// newEngine makes an engine on the domain's own network, or on one that shares everything with it but what its policies and
// its resolution remember.
func newEngine(d *domain, n *bgp.Network) *engine {
	e := &engine{domain: d, down: make([]bool, len(n.Ends))}
	n.Resolve = func(s *bgp.Speaker, h *bgp.Hop) bgp.Metric { return e.resolver.resolve(s, h) }
	e.solver = bgp.NewSolver(n)
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
	e.programmer = newProgrammer(e.domain, e.resolver)
	e.unsettled = nil
	e.solver.Reset()
	e.solver.Fail(e.dead, e.down)
}

// maxRecursion bounds how often next hops are resolved anew over the routes that the last resolution made.
const maxRecursion = 16

// solveUnderlay solves what next hops and peers may have addresses in, until their resolution changes nothing any more. After
// a failure it begins with what that takes a route from.
func (e *engine) solveUnderlay() {
	want := func(*destination) bool { return true }
	if e.view.down != nil {
		want = e.carries()
	}
	for range maxRecursion {
		e.restart()
		changed := false
		for _, d := range e.domain.dests {
			if d.infra && want(d) {
				t := e.solve(d)
				changed = changed || !t.equals(e.view.routes[e.domain][d.Index])
				e.view.routes[e.domain][d.Index] = t
			}
		}
		e.domain.leans = e.domain.leans || e.view.down == nil && e.resolver.leans
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
	solution := e.solver.Solve(d.Destination)
	if !solution.Settled {
		e.unsettled = append(e.unsettled, Oscillation{Prefix: d.Prefix, Cycle: e.domain.cycleText(d, solution.Cycle)})
	}
	slots := len(e.domain.parts)
	if d.Owner != nil {
		slots++
	}
	t := make(table, slots)
	for slot := range t {
		t[slot] = e.programmer.action(d, slot, e.route(solution, slot))
	}
	if e.view.down == nil {
		e.note(d, solution)
	}
	return t
}

// route is what a slot has of the destination that was just solved. Why it has nothing is asked only while all is well.
func (e *engine) route(s *bgp.Solution, slot int) route {
	r := route{best: s.Best(slot), used: s.Used(slot)}
	if r.best == nil && e.view.down == nil {
		r.reason, r.end = s.Refused(slot)
	}
	return r
}

// equals reports whether two tables say the same of every slot.
func (t table) equals(other table) bool {
	if len(t) == len(other) && len(t) > 0 && &t[0] == &other[0] {
		return true
	}
	return slices.EqualFunc(t, other, func(a, b *action) bool {
		return a == b || a.kind == b.kind && a.proto == b.proto && a.metric == b.metric && a.best == b.best &&
			a.isShadowed == b.isShadowed && slices.Equal(a.hops, b.hops)
	})
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

// note remembers which ends accepted a route to a destination: the loss of others changes nothing of it.
func (e *engine) note(d *destination, s *bgp.Solution) {
	set := newEndSet(len(e.domain.network.Ends))
	slots := len(e.domain.parts)
	if d.Owner != nil {
		slots++
	}
	for slot := range slots {
		for _, p := range s.Paths(slot) {
			if p.From >= 0 {
				set.add(int(p.From))
			}
		}
	}
	e.domain.carried[d.Index] = set
}

// enginePool keeps engines for the states after failures, so that policies are not asked again for each. The zero enginePool
// is empty.
type enginePool struct {
	mu   sync.Mutex
	idle []*engine
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
	n := d.network
	return newEngine(d, &bgp.Network{Speakers: n.Speakers, Ends: n.Ends, Hops: n.Hops, Destinations: n.Destinations})
}

// put gives an engine back.
func (p *enginePool) put(e *engine) {
	e.view, e.resolver, e.programmer = nil, nil, nil
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
