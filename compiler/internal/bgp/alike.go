package bgp

import "slices"

// alike is the work of solving a destination in some stubs alone, which stand for others of their shape. The zero value is of
// one that is solved everywhere.
//
// That is sound for a simple reason: as long as no hub accepts anything from stubs that stand for others, what hubs tell any of
// these is the same in every round, and what is alike makes the same of it. Whatever is not known to be alike raises a doubt, and
// the destination is solved everywhere.
type alike struct {
	isOn     bool
	isUnsure bool // there was a doubt

	isSolved []bool     // by stub
	isModel  []bool     // by slot: of a stub that stands for others
	solved   []int32    // speakers
	hubEnds  [][]int32  // by speaker: a hub's ends of sessions with those, ascending
	standing []Standing // of the destination at hand
	others   []int32    // what Standing.For is made of

	isJudged bool   // isOther is known
	isOther  []bool // by stub: other sessions are up than of the first of its shape
	isApart  []bool // by stub: there are other ways to next hops, of those that were compared since Reset
	isGrown  bool   // isApart has become more
}

// Standing is a stub that was solved, and those for which it stands.
type Standing struct {
	Model int32
	For   []int32
}

// Stubs returns the slots of the stubs into which a network falls apart once the hubs are taken away; nil: it does not. Those of
// stubs that stand for each other have the same order. Shared, do not modify.
func (n *Network) Stubs() [][]int32 { return n.prepare().layout.slots }

// Corresponding returns a hop as those see it for which a speaker stands: one of their own, or the same.
func (n *Network) Corresponding(hop, stub int32) int32 {
	l := &n.prepare().layout
	if owner := l.hops[hop]; owner.stub >= 0 {
		return l.stubs[stub].hops[owner.at]
	}
	return hop
}

// SolveAlike is Solve, but where stubs are alike as far as the destination is concerned it solves one and lets it stand for the
// others: see Solution.Standing. Stubs of speakers that are apart are solved for themselves. Where members have failed everything
// is solved.
func (s *Solver) SolveAlike(d *Destination, apart []int32) *Solution {
	a := &s.alike
	for s.chooseModels(d, apart) {
		a.isOn, a.isUnsure, a.isGrown = true, false, false
		s.begin(d)
		s.settle()
		for _, at := range a.solved {
			if a.isModel[at] && !a.isUnsure { // which next hops are in use is decided by addresses, too
				s.out = s.solution.AppendUsed(s.out[:0], int(at))
			}
		}
		if s.solution.Settled && !a.isUnsure {
			return &s.solution
		}
		if !a.isGrown {
			break
		}
	}
	return s.Solve(d)
}

// Standing returns which stubs were solved and stand for others; nil: everything was solved.
func (x *Solution) Standing() []Standing {
	if !x.s.alike.isOn {
		return nil
	}
	return x.s.alike.standing
}

// Solved returns the speakers that were solved; nil: all.
func (x *Solution) Solved() []int32 {
	if !x.s.alike.isOn {
		return nil
	}
	return x.s.alike.solved
}

// Translate turns a path of a slot into that of the slot for which it stands.
func (x *Solution) Translate(p *Path, slot int) {
	if p.From >= 0 {
		p.From = x.s.plan.speakers[slot].ends[x.s.plan.ends[p.From].position]
	}
	if p.NextHop.Hop >= 0 {
		p.NextHop.Hop = x.s.network.Corresponding(p.NextHop.Hop, x.s.plan.layout.stubOf[slot])
	}
}

// chooseModels decides which stubs are solved. It reports false where all are.
func (s *Solver) chooseModels(d *Destination, apart []int32) bool {
	l, a := &s.plan.layout, &s.alike
	if len(l.stubs) == 0 || s.dead != nil {
		return false
	}
	if !a.isJudged {
		s.judgeSessions()
	}
	for i := range a.isSolved {
		a.isSolved[i] = a.isOther[i] || a.isApart[i]
	}
	solve := func(speaker int32) {
		if of := l.stubOf[speaker]; of >= 0 {
			a.isSolved[of] = true
		}
	}
	for _, at := range apart {
		solve(at)
	}
	for i := range d.Origins {
		solve(int32(d.Origins[i].Speaker.Index))
		if gateway := d.Origins[i].Gateway; gateway != nil && gateway.Speaker != nil { // hubs tell of it
			solve(int32(gateway.Speaker.Index))
		}
	}
	if d.Owner != nil && l.stubOf[d.Owner.Index] < 0 {
		return false
	}
	for _, at := range a.solved {
		a.isModel[at] = false
	}
	a.standing, a.others = a.standing[:0], slices.Grow(a.others[:0], len(l.stubs))
	for shape := range l.shapes {
		s.chooseModel(d, shape)
	}
	s.listSolved()
	return len(a.standing) > 0
}

// chooseModel finds a stub of a shape that stands for the others, as far as they are not to be solved for themselves.
func (s *Solver) chooseModel(d *Destination, shape int) {
	l, a := &s.plan.layout, &s.alike
	model := int32(-1)
	for i := range l.odd[shape] {
		o := &l.odd[shape][i]
		odd := o.stubs[d.Index]
		if !a.isSolved[o.stub] && !slices.Contains(odd, o.stub) {
			model = o.stub
			for _, stub := range odd {
				a.isSolved[stub] = true
			}
			break
		}
	}
	start := len(a.others)
	for _, stub := range l.shapes[shape] {
		switch {
		case a.isSolved[stub] || stub == model:
		case model < 0:
			a.isSolved[stub] = true
		default:
			a.others = append(a.others, stub)
		}
	}
	if model < 0 {
		return
	}
	a.isSolved[model] = true
	if others := a.others[start:len(a.others):len(a.others)]; len(others) > 0 {
		a.standing = append(a.standing, Standing{model, others})
	}
}

// listSolved lists the speakers that are solved, and the ends of the hubs that have to do with them.
func (s *Solver) listSolved() {
	l, a := &s.plan.layout, &s.alike
	a.solved = a.solved[:0]
	for _, hub := range l.hubs {
		a.hubEnds[hub] = append(a.hubEnds[hub][:0], l.among[hub]...)
	}
	for i, isSolved := range a.isSolved {
		if !isSolved {
			continue
		}
		stub := &l.stubs[i]
		a.solved = append(a.solved, stub.speakers...)
		for at, hub := range l.hubs {
			a.hubEnds[hub] = append(a.hubEnds[hub], stub.facing[at]...)
		}
	}
	for _, hub := range l.hubs {
		a.solved = append(a.solved, hub)
		slices.Sort(a.hubEnds[hub])
	}
	for _, standing := range a.standing {
		for _, at := range l.stubs[standing.Model].speakers {
			a.isModel[at] = true
		}
	}
}

// judgeSessions finds the stubs of which other sessions are up than of the first one of their shape.
func (s *Solver) judgeSessions() {
	l, a := &s.plan.layout, &s.alike
	if a.isApart == nil {
		a.isApart, a.isOther, a.isSolved = make([]bool, len(l.stubs)), make([]bool, len(l.stubs)), make([]bool, len(l.stubs))
		a.isModel, a.hubEnds = make([]bool, len(s.slots)), make([][]int32, len(s.plan.speakers))
	}
	a.isJudged = true
	for i := range l.stubs {
		stub := &l.stubs[i]
		first := &l.stubs[l.shapes[stub.shape][0]]
		a.isOther[i] = false
		for k, end := range stub.ends {
			if s.up[end] != s.up[first.ends[k]] {
				a.isOther[i] = true
			}
		}
	}
}

// solveAll makes what is solved next be solved everywhere.
func (s *Solver) solveAll() { s.alike.isOn, s.alike.isUnsure = false, false }

// endsOf returns the ends of a slot that have to do with what is solved.
func (s *Solver) endsOf(at int32, speaker *speakerPlan) []int32 {
	if s.alike.isOn && s.isHub(at) {
		return s.alike.hubEnds[at]
	}
	return speaker.ends
}

// isHub reports whether a slot is that of a hub; the owner never is while others stand for what is alike.
func (s *Solver) isHub(at int32) bool {
	return int(at) < len(s.plan.layout.stubOf) && s.plan.layout.stubOf[at] < 0
}

// doubt notes that what a slot decides may be decided otherwise in what it stands for.
func (s *Solver) doubt(at int32) {
	if s.alike.isOn && s.alike.isModel[at] {
		s.alike.isUnsure = true
	}
}

// confirm raises a doubt unless all for which a speaker stands get to the next hop in the same way. Those that do not are apart
// from now on.
func (s *Solver) confirm(speaker, hop int32, metric Metric) {
	l := &s.plan.layout
	stub := &l.stubs[l.stubOf[speaker]]
	owner, position := l.hops[hop], l.at[speaker]
	if owner.stub != l.stubOf[speaker] && !s.faces(stub, hop) {
		s.doubt(speaker)
		return
	}
	for _, other := range l.shapes[stub.shape] {
		if s.alike.isApart[other] || other == l.stubOf[speaker] {
			continue
		}
		if s.resolve(l.stubs[other].speakers[position], s.network.Corresponding(hop, other)) != metric {
			s.alike.isApart[other], s.alike.isGrown, s.alike.isUnsure = true, true, true
		}
	}
}

// faces reports whether a hop is that of one of the ends that face a stub.
func (s *Solver) faces(stub *stub, hop int32) bool {
	for _, facing := range stub.facing {
		if slices.ContainsFunc(facing, func(end int32) bool { return s.plan.ends[end].hop == hop }) {
			return true
		}
	}
	return false
}
