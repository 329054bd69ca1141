package simulate

import "topoc/compiler/internal/bgp"

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
	for _, s := range standing {
		isMirror := true
		for at, model := range e.domain.network.Stub(s.Model) {
			w := e.twinOf(t.actions[model])
			for _, stub := range s.For {
				slot := e.domain.network.Stub(stub)[at]
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
			t.addMirrors(&s, e.domain.network.Stubs())
		}
	}
}

func (e *engine) twinOf(a *action) *twin {
	w := e.twins[a]
	if w == nil {
		w = &twin{actions: make([]*action, e.domain.network.Stubs()), isMirror: true}
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

// addMirrors notes that some stubs mirror another one.
func (t *table) addMirrors(s *bgp.Standing, stubs int) {
	if t.mirrored == nil {
		t.mirrored = make([]int32, stubs)
	}
	for _, stub := range s.For {
		t.mirrored[stub] = s.Model + 1
	}
}

// model returns the slot that another one mirrors, so that packets which arrive from there arrive from the other one too; -1:
// it mirrors none.
func (t *table) model(d *destination, slot int) int {
	if t.mirrored == nil {
		return -1
	}
	n := d.domain.network
	stub, at := n.StubOf(slot)
	if stub < 0 || t.mirrored[stub] == 0 {
		return -1
	}
	return int(n.Stub(t.mirrored[stub] - 1)[at])
}
