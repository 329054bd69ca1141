package simulate

import (
	"fmt"
	"slices"

	"topoc/compiler/fabric"
)

// Run predicts the control plane. It never fails: what is wrong with the topology shows in the Result.
func Run(in Input) *Result {
	r := prepare(in)
	r.settle()
	return r
}

// prepare finds the parts and what they tell each other, as far as that is known without routes.
func prepare(in Input) *Result {
	r := &Result{Fabric: in.Fabric}
	rules := readClusters(in)
	clusters := in.Fabric.Clusters
	refused := make([][]Refusal, len(clusters))
	inParallel(len(clusters), func(i int) { refused[i] = rules[clusters[i]].refusals() })
	r.Refused = slices.Concat(refused...)
	r.Parts = makeParts(in, rules)
	for _, p := range r.Parts {
		if p.External != nil {
			r.outside = append(r.outside, p)
		}
	}
	makeSessions(in, r.Parts)
	r.addresses = newAddressBook(r)
	others := [...]func(){func() { r.addresses.world = worlds(r) }, func() { r.devices.collect(r.Fabric) }}
	inParallel(len(others), func(i int) { others[i]() })
	r.domains = makeDomains(r)
	inParallel(len(r.domains), func(i int) { addDestinations(r, r.domains[i]) })
	return r
}

// settle finds out which sessions come up, and computes all routes.
func (r *Result) settle() {
	r.base = &view{result: r, routes: make(map[*domain][]table, len(r.domains))}
	for _, d := range r.domains {
		r.base.routes[d] = make([]table, len(d.dests))
		d.refused.base = r.base
	}
	r.sessions = r.pairs()
	s := &settling{view: r.base}
	for _, t := range r.sessions {
		t.setUp()
		if !t.isNear && !isBeyond(t.a.Part) && !isBeyond(t.b.Part) {
			s.far = append(s.far, t)
		}
	}
	if len(s.far) > 0 {
		s.bringUp(r)
	}
	unsettled := make([][]Oscillation, len(r.domains))
	inParallel(len(r.domains), func(i int) {
		var e *engine
		if s.engines == nil {
			e = newEngine(r.domains[i]) // for as long as it takes: many domains are not solved at once
			e.begin(r.base)
			e.solveUnderlay()
		} else {
			e, s.engines[i] = s.engines[i], nil
		}
		e.solveRest(nil)
		unsettled[i] = e.unsettled
	})
	r.Oscillations = append(r.Oscillations, slices.Concat(unsettled...)...)
	slices.SortStableFunc(r.Oscillations, func(a, b Oscillation) int { return fabric.ComparePrefix(a.Prefix, b.Prefix) })
}

// bringUp finds out which of the sessions come up whose packets need routes.
func (s *settling) bringUp(r *Result) {
	s.engines = make([]*engine, len(r.domains))
	inParallel(len(r.domains), func(i int) {
		s.engines[i] = newEngine(r.domains[i])
		s.engines[i].begin(r.base)
	})
	for _, t := range s.far {
		s.set(t, false)
	}
	s.up, s.reasons = make([]bool, len(s.far)), make([]lost, len(s.far))
	if o := s.settle(); o != nil {
		r.Oscillations = append(r.Oscillations, *o)
	}
	s.conclude()
}

// setUp takes a session up at both ends, in all families that it carries.
func (t *pair) setUp() {
	for _, s := range []*Session{t.a, t.b} {
		for _, end := range s.ends {
			if end != nil {
				end.Up = true
			}
		}
	}
}

// conclude writes down which sessions are not established, and why: at the end whose packets stop.
func (s *settling) conclude() {
	for i, t := range s.far {
		if s.up[i] {
			continue
		}
		for _, end := range []*Session{t.a, t.b} {
			end.State = NotEstablished
			end.Reason = fmt.Sprintf("UNREACHABLE: %s", s.reasons[i].reason)
			end.stop = s.reasons[i].at
			for _, e := range end.ends {
				if e != nil {
					e.Up = false
				}
			}
		}
	}
}
