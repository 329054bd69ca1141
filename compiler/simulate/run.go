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
	r := &Result{Fabric: in.Fabric, parts: map[fabric.Device][]*Part{}}
	rules := readClusters(in)
	for _, c := range in.Fabric.Clusters {
		r.Refused = append(r.Refused, rules[c].refusals()...)
	}
	r.Parts = makeParts(in, rules)
	for _, p := range r.Parts {
		for member := range p.Size() {
			d := p.Device(member)
			r.parts[d] = append(r.parts[d], p)
		}
		if p.External != nil {
			r.outside = append(r.outside, p)
		}
	}
	makeSessions(in, r.Parts)
	r.addresses = newAddressBook(r)
	r.domains = makeDomains(r)
	for _, d := range r.domains {
		addDestinations(r, d)
	}
	return r
}

// settle finds out which sessions come up, and computes all routes.
func (r *Result) settle() {
	r.base = &view{result: r, routes: map[*domain][]table{}}
	r.sessions = r.pairs()
	s := &settling{view: r.base}
	for _, d := range r.domains {
		r.base.routes[d] = make([]table, len(d.dests))
		s.engines = append(s.engines, newEngine(d))
	}
	for _, t := range r.sessions {
		t.setUp()
	}
	for _, e := range s.engines {
		e.begin(r.base)
	}
	for _, t := range r.sessions {
		if !t.isNear && !isBeyond(t.a.Part) && !isBeyond(t.b.Part) {
			s.far = append(s.far, t)
			s.set(t, false)
		}
	}
	s.up, s.reasons = make([]bool, len(s.far)), make([]lost, len(s.far))
	if o := s.settle(); o != nil {
		r.Oscillations = append(r.Oscillations, *o)
	}
	s.conclude()
	inParallel(len(s.engines), func(i int) { s.engines[i].solveRest(nil) })
	for _, e := range s.engines {
		r.Oscillations = append(r.Oscillations, e.unsettled...)
		e.domain.refused.engine = e
	}
	slices.SortStableFunc(r.Oscillations, func(a, b Oscillation) int { return fabric.ComparePrefix(a.Prefix, b.Prefix) })
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
