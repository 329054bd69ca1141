package simulate

import (
	"slices"

	"topoc/compiler/internal/bgp"
)

// resumption is what an engine needs to solve a destination from how it settled while nothing had failed. The zero resumption
// is of an engine that has not been asked to: it solves everything from the beginning.
type resumption struct {
	isDecided bool        // whether there is room to keep anything
	kept      []*bgp.Kept // by destination; nil: there is none
	resolver  *resolver   // as it was

	// Of the state that is being solved.
	isOn    bool
	detours []bgp.Detour // next hops to which there is another way now
	moved   []int        // speakers that have them, or have lost a link
	slots   []int        // scratch
}

// maxKept is how many bytes the engines of one domain keep at most, by estimate.
const maxKept = 1 << 30

// keep solves all destinations while nothing has failed and keeps how they settled, once.
func (e *engine) keep(base *view) {
	n := e.domain.network
	if e.resume.isDecided {
		return
	}
	e.resume.isDecided = true
	if !e.domain.spare.takeRoom(len(e.domain.dests) * (perSlot*n.OwnerSlot() + perEnd*len(n.Ends))) {
		return
	}
	e.begin(base)
	e.restart()
	kept := make([]*bgp.Kept, len(e.domain.dests))
	for i, d := range e.domain.dests {
		kept[i] = e.solver.Keep(d.Destination)
	}
	e.resume.kept, e.resume.resolver = kept, e.resolver
}

// Bytes that a kept destination takes, about.
const (
	perSlot = 200
	perEnd  = 100
)

// takeRoom reports whether there is room left to keep so much.
func (p *enginePool) takeRoom(bytes int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept+bytes > maxKept {
		return false
	}
	p.kept += bytes
	return true
}

// prepareToResume finds out what the state that is being solved changes by itself.
func (e *engine) prepareToResume() {
	r := &e.resume
	r.isOn = r.kept != nil && e.view.down != nil && !e.view.isAnew && e.solver.CanResume()
	if !r.isOn {
		return
	}
	r.detours, r.moved = r.detours[:0], r.moved[:0]
	for i, p := range e.domain.parts {
		if e.resolver.hurt[p] {
			r.moved = append(r.moved, i)
		}
	}
	for _, key := range r.resolver.asked {
		was := r.resolver.ways[key]
		if !was.leans && !e.resolver.hurt[e.domain.parts[key.speaker]] {
			continue
		}
		speaker, of := e.domain.network.Speakers[key.speaker], e.domain.network.Hops[key.hop]
		if now := e.resolver.way(speaker, of); !now.equals(&was) {
			r.detours = append(r.detours, bgp.Detour{Speaker: speaker, Hop: of})
			r.moved = append(r.moved, key.speaker)
		}
	}
	slices.Sort(r.moved)
	r.moved = slices.Compact(r.moved)
}

// resumed is what solve makes of a destination that was kept; false: it has to be solved from the beginning.
func (e *engine) resumed(d *destination) (table, bool) {
	if !e.resume.isOn || e.resume.kept[d.Index] == nil {
		return table{}, false
	}
	solution, heard, ok := e.solver.Resume(e.resume.kept[d.Index], e.resume.detours)
	if !ok {
		return table{}, false
	}
	t := table{actions: e.view.result.base.routes[e.domain][d.Index].actions}
	slots := append(e.resume.slots[:0], e.resume.moved...)
	for _, slot := range heard {
		slots = append(slots, int(slot))
	}
	if d.Owner != nil && slices.Contains(e.resume.moved, d.Owner.Index) {
		slots = append(slots, e.domain.network.OwnerSlot())
	}
	slices.Sort(slots)
	slots = slices.Compact(slots)
	e.resume.slots = slots
	e.programmer.begin(d)
	for _, slot := range slots {
		if slot >= len(t.actions) {
			continue
		}
		if act := e.action(solution, slot); !act.equals(t.actions[slot]) {
			t.patches = append(t.patches, patch{slot, act})
		}
	}
	return t, true
}

// hears says which destinations there may be news of after a failure, as the underlay is so far.
func (e *engine) hears() func(*destination) bool {
	if e.resume.isOn && len(e.resume.moved) > 0 {
		return func(*destination) bool { return true }
	}
	return e.carries()
}
