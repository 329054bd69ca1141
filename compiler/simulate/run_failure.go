package simulate

import (
	"maps"
	"slices"

	"topoc/compiler/internal/bgp"
)

// after is the routes after something has failed and everything has settled again: from how it was while nothing had failed,
// by the news that follow. It shares with base what the failure does not touch. Sessions only go down: one that has not come
// up while all was well is not tried again.
func (r *Result) after(f *failure) *view {
	return r.resettle(&view{result: r, down: f, routes: maps.Clone(r.base.routes)})
}

// afresh is what after is, but solves everything from the beginning: where a destination has several stable outcomes it may find
// another one.
func (r *Result) afresh(f *failure) *view {
	return r.resettle(&view{result: r, down: f, routes: maps.Clone(r.base.routes), isAnew: true})
}

// resettle fills the tables of a view after a failure.
func (r *Result) resettle(v *view) *view {
	f := v.down
	s := &settling{view: v}
	hurt := map[*domain]*engine{}
	defer func() {
		for _, e := range hurt {
			e.domain.spare.put(e)
		}
	}()
	isHurt := r.hurtBy(f)
	for _, d := range r.domains {
		if v.isAnew || isHurt[d] {
			hurt[d] = v.engine(d)
			s.engines = append(s.engines, hurt[d])
		}
	}
	for _, t := range r.sessions {
		switch {
		case t.isCut(f):
			s.set(t, false)
		case !t.isNear && t.a.State == Established:
			s.far = append(s.far, t)
		}
	}
	s.up, s.reasons = make([]bool, len(s.far)), make([]lost, len(s.far))
	for i := range s.up {
		s.up[i] = true
	}
	s.include(r, hurt)
	if o := s.settle(); o != nil {
		v.oscillations = append(v.oscillations, oscillation{*o, nil})
	}
	for _, e := range s.engines {
		e.solveRest(e.touched())
		for _, o := range e.unsettled {
			v.oscillations = append(v.oscillations, oscillation{o, e.domain})
		}
	}
	return v
}

// engine takes an engine for a domain of its own tables.
func (v *view) engine(d *domain) *engine {
	e := d.spare.take(d)
	if !v.isAnew {
		e.keep(v.result.base)
	}
	e.begin(v)
	v.routes[d] = slices.Clone(v.routes[d])
	return e
}

// include takes in the domains of sessions whose packets no longer get through, though nothing of the domain itself has failed.
func (s *settling) include(r *Result, hurt map[*domain]*engine) {
	for _, t := range s.far {
		if s.view.reach(t) == (lost{}) {
			continue
		}
		for _, d := range r.domains {
			end := t.a.ends[familyIndex(d.family)]
			if end != nil && d.has(end) && hurt[d] == nil {
				hurt[d] = s.view.engine(d)
				s.engines = append(s.engines, hurt[d])
			}
		}
	}
}

// hurtBy returns the domains of which a failure changes routes by itself: a part that has lost a member but keeps two does what
// it did.
func (r *Result) hurtBy(f *failure) map[*domain]bool {
	hurt := map[*domain]bool{}
	for p := range f.members {
		for _, d := range p.domains {
			if d != nil && f.isThin(p) {
				hurt[d] = true
			}
		}
	}
	if len(f.links) == 0 {
		return hurt
	}
	for _, t := range r.sessions {
		if !f.hasLink(t.link) {
			continue
		}
		for family, end := range t.a.ends {
			if end != nil {
				hurt[t.a.Part.domains[family]] = true
			}
		}
	}
	return hurt
}

// isThin reports whether so many members of a part have failed that it does less than it did: none is left, or one, which
// then has no other beside it.
func (f *failure) isThin(p *Part) bool {
	dead := len(f.members[p])
	return dead > 0 && p.Size()-dead < 2
}

// touched says which destinations the failure may change; nil: all. Those are the ones that a route was accepted of from who is
// gone, or at an end that is down, at either side, and all of them where the underlay is another one.
func (e *engine) touched() func(*destination) bool {
	switch {
	case e.view.isAnew:
		return nil
	case e.resume.isOn:
		return e.hears()
	}
	base := e.view.result.base
	for _, d := range e.domain.dests {
		if d.infra && !e.view.routes[e.domain][d.Index].equals(&base.routes[e.domain][d.Index]) {
			return nil
		}
	}
	return e.carries()
}

// carries says which destinations lose a route somewhere, before anything else changes. What a speaker that is gone accepted
// itself is no matter of others; where a part is thin, what its members told each other is.
func (e *engine) carries() func(*destination) bool {
	lost := newEndSet(len(e.domain.network.Ends))
	for i, end := range e.domain.network.Ends {
		isThin := e.isThin(end.Speaker)
		if e.down[i] || isThin {
			lost.add(i ^ 1)
		}
		if e.down[i] || isThin && !e.view.down.isGone(e.domain.parts[end.Speaker.Index]) {
			lost.add(i)
		}
	}
	carried := e.domain.carriers(e.view.result.base)
	return func(d *destination) bool {
		return carried[d.Index].meets(lost) ||
			slices.ContainsFunc(d.Origins, func(o bgp.Origination) bool { return e.isThin(o.Speaker) })
	}
}

func (e *engine) isThin(s *bgp.Speaker) bool { return e.view.down.isThin(e.domain.parts[s.Index]) }

// isLost reports whether the one device that has a prefix has failed.
func (v *view) isLost(d *destination, o owned) bool {
	return d.Owner != nil && v.down.isDead(d.domain.parts[d.Owner.Index], o.member)
}
