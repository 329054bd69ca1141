package simulate

import (
	"sync"

	"topoc/compiler/internal/bgp"
)

// refusals is why slots of one domain have no path to a destination while nothing has failed. It is found out, destination by
// destination, when somebody asks.
type refusals struct {
	mu     sync.Mutex
	base   *view
	engine *engine           // in the settled network; nil: nobody has asked yet
	known  map[int][]refusal // by destination, then slot
}

// refusal is why a slot has no path; the zero refusal: it has one, or no neighbor has anything to offer.
type refusal struct {
	reason bgp.Reason // why the offer that got furthest did not arrive
	end    *bgp.End   // at which it did not
	isHeld bool       // some did, and their next hops cannot be reached: a switch takes none of them
}

// refusal returns why a slot has no path to a destination while nothing has failed.
func (d *destination) refusal(slot int) refusal {
	r := &d.domain.refused
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.known[d.Index]; !known {
		if r.known == nil {
			r.known = map[int][]refusal{}
			r.engine = newEngine(d.domain)
			r.engine.begin(r.base)
			r.engine.restart()
		}
		r.known[d.Index] = r.engine.refusals(d)
	}
	return r.known[d.Index][slot]
}

func (e *engine) refusals(d *destination) []refusal {
	solution := e.solver.Solve(d.Destination)
	all := make([]refusal, e.domain.network.OwnerSlot()+1)
	for slot := range all {
		if solution.Best(slot) == nil {
			all[slot].reason, all[slot].end = solution.Refused(slot)
			all[slot].isHeld = len(solution.Paths(slot)) > 0
		}
	}
	return all
}
