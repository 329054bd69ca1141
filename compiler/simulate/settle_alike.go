package simulate

import (
	"slices"

	"topoc/compiler/internal/bgp"
)

// twins is what stubs of the network do where one of them, that stands for them, does something: by its action. It holds for one
// resolution of next hops.
type twins map[*action]*twin

type twin struct {
	actions  []*action // by stub; nil: not asked for yet
	isMirror bool      // all of them send packets to the devices that correspond
}

// solveAlike solves a destination, while nothing has failed only once for speakers that are alike. Parts with a route of their
// own to the very prefix are like no other.
func (e *engine) solveAlike(d *destination) *bgp.Solution {
	if e.view.down != nil || e.view.result.solvesAll {
		return e.solver.Solve(d.Destination)
	}
	return e.solver.SolveAlike(d.Destination, e.domain.grounded(d))
}

// fillAlike fills a table from a solution in which some slots stand for others.
func (e *engine) fillAlike(t *table, d *destination, solution *bgp.Solution, standing []bgp.Standing) {
	for _, slot := range solution.Solved() {
		t.actions[slot] = e.action(solution, int(slot))
	}
	if d.Owner != nil {
		owner := e.domain.network.OwnerSlot()
		t.actions[owner] = e.action(solution, owner)
	}
	stubs := e.domain.network.Stubs()
	mirrors := e.mirrored.scratch[:0]
	for _, s := range standing {
		isMirror := true
		for at, model := range stubs[s.Model] {
			w := e.twinOf(t.actions[model])
			for _, stub := range s.For {
				slot := stubs[stub][at]
				if w.actions[stub] == nil {
					act := e.actionLike(solution, int(model), int(slot))
					w.actions[stub] = act
					w.isMirror = w.isMirror && act.mirrors(t.actions[model], e.domain.network, stub)
				}
				t.actions[slot] = w.actions[stub]
			}
			isMirror = isMirror && w.isMirror
		}
		if isMirror {
			mirrors.add(&s)
		}
	}
	t.mirrored = e.mirrored.by(mirrors, e.domain.network)
}

func (e *engine) twinOf(a *action) *twin {
	w := e.twins[a]
	if w == nil {
		w = &twin{actions: make([]*action, len(e.domain.network.Stubs())), isMirror: true}
		e.twins[a] = w
	}
	return w
}

// actionLike is what a slot does with packets to the destination that was just solved for a model of it.
func (e *engine) actionLike(s *bgp.Solution, model, slot int) *action {
	e.used = s.AppendUsed(e.used[:0], model)
	for i := range e.used {
		s.Translate(&e.used[i], slot)
	}
	r := route{used: e.used}
	if best := s.Best(model); best != nil {
		own := *best
		s.Translate(&own, slot)
		r.best = &own
	}
	return e.programmer.action(slot, r)
}

// mirrors reports whether an action of a slot in a stub sends packets to the devices that correspond to those of its model, as
// far as they follow from the network alone.
func (a *action) mirrors(model *action, n *bgp.Network, stub int32) bool {
	if a.kind != model.kind || a.isShadowed || model.isShadowed || len(a.hops) != len(model.hops) {
		return false
	}
	for i := range a.hops {
		own, theirs := a.hops[i], model.hops[i]
		if !own.isPlain(n) || !theirs.isPlain(n) {
			return false
		}
		theirs.Hop = n.Corresponding(theirs.Hop, stub)
		if own != theirs {
			return false
		}
	}
	return a.kind == forward || a.kind == deliver
}

// isPlain reports whether a next hop is of a speaker's, and leads there without a gateway or tunnel.
func (h *hop) isPlain(n *bgp.Network) bool {
	return h.tunnel == "" && !h.isUnknown && !h.gateway.IsValid() && h.Hop >= 0 && n.Hops[h.Hop].Speaker != nil
}

// mirrors is which stubs mirror which: a model, the number of those that mirror it, their numbers, and so on.
type mirrors []int32

func (m *mirrors) add(s *bgp.Standing) { *m = append(append(*m, s.Model, int32(len(s.For))), s.For...) }

// mirrorBook makes table.mirrored: destinations of one origin follow each other mostly, and share it.
type mirrorBook struct {
	scratch, last mirrors
	slots         []int32 // of last
}

// by returns table.mirrored for what mirrors what. The mirrors are of the book's scratch, which it takes back.
func (b *mirrorBook) by(m mirrors, n *bgp.Network) []int32 {
	if b.scratch = m; len(m) == 0 {
		return nil
	}
	if slices.Equal(m, b.last) {
		return b.slots
	}
	b.last, b.slots = slices.Clone(m), make([]int32, n.OwnerSlot()+1)
	stubs := n.Stubs()
	for len(m) > 0 {
		model, others := m[0], m[2:2+m[1]]
		for _, stub := range others {
			for at, slot := range stubs[stub] {
				b.slots[slot] = stubs[model][at] + 1
			}
		}
		m = m[2+m[1]:]
	}
	return b.slots
}
