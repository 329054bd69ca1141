package simulate

import (
	"net/netip"
	"path"
	"slices"

	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// birdFilter is an import or export filter of BIRD as Calico writes it. Immutable but for what it remembers; sessions whose
// filters are alike share one.
type birdFilter struct {
	statements []statement
	otherwise  bgp.Decision // of routes that no statement decides: Accept or Reject
	iface      string       // that routes learned by BGP lead out of: of exports the nodes' main interface, even where they have several

	judged judged
}

// statement is one `if` of a filter: where both matches hold it changes the route, and ends the filter unless its verdict is
// Depends.
type statement struct {
	prefix  prefixMatch
	route   routeMatch
	change  []change
	verdict bgp.Decision
	name    string      // which rule this is, for people
	at      source.Path // where it is declared, as far as known
}

// prefixMatch is what a statement asks of the prefix. The zero prefixMatch asks nothing.
type prefixMatch struct {
	cidr      netip.Prefix
	low, high int  // lengths; low > high: no prefix matches
	negate    bool // matches what the rest does not
}

// equalTo matches one prefix.
func equalTo(p netip.Prefix) prefixMatch {
	return prefixMatch{cidr: p, low: p.Bits(), high: p.Bits()}
}

// within matches a prefix and all that lie in it.
func within(p netip.Prefix) prefixMatch {
	return prefixMatch{cidr: p, low: p.Bits(), high: p.Addr().BitLen()}
}

func (m *prefixMatch) matches(p netip.Prefix) bool {
	if !m.cidr.IsValid() {
		return true
	}
	return (covering(m.cidr, p) && m.low <= p.Bits() && p.Bits() <= m.high) != m.negate
}

// covering reports whether all of inner lies in outer. Both are masked.
func covering(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// sourceSet is a set of bgp.Source. As a condition the empty set asks nothing.
type sourceSet uint8

func sourcesOf(all ...bgp.Source) sourceSet {
	var set sourceSet
	for _, s := range all {
		set |= 1 << s
	}
	return set
}

func (set sourceSet) has(s bgp.Source) bool { return set&(1<<s) != 0 }

// localSources is every way in which a speaker comes by routes of its own.
var localSources = sourcesOf(bgp.FromStatic, bgp.FromKernel, bgp.FromDirect)

// routeMatch is what a statement asks of everything but the prefix, all of it together. The zero routeMatch asks nothing.
type routeMatch struct {
	sources   sourceSet
	iface     string // pattern of the interface that the route leads out of; that of a blackhole is the empty text
	elevated  bool   // LOCAL_PREF above that of normal routes
	localPref uint32 // 0: any
	community *bgp.Community
	asPath    []uint32 // that the AS path begins with
}

func (m *routeMatch) matches(r *bgp.Route, learnedOut string) bool {
	switch {
	case m.sources != 0 && !m.sources.has(r.Source),
		m.iface != "" && !matchesInterface(m.iface, outInterface(r, learnedOut)),
		m.elevated && r.LocalPref <= normalLocalPref,
		m.localPref != 0 && r.LocalPref != m.localPref,
		m.community != nil && !slices.Contains(r.Communities, *m.community),
		len(m.asPath) > len(r.ASPath):
		return false
	}
	return slices.Equal(m.asPath, r.ASPath[:len(m.asPath)])
}

// outInterface is the interface that a route leads out of, as BIRD's ifname: the empty text where there is none.
func outInterface(r *bgp.Route, learnedOut string) string {
	if r.Source == bgp.FromBGP && r.Interface == "" {
		return learnedOut
	}
	return r.Interface
}

// matchesInterface matches a name as BIRD's patmatch does: * is any text, the empty one too, so that "*" takes blackholes with the
// rest. Names and patterns have neither "/" nor "[", the only characters that path.Match sees otherwise.
func matchesInterface(pattern, name string) bool {
	matched, err := path.Match(pattern, name)
	return err == nil && matched
}

// share is how many of the routes of a scope match.
type share uint8

const (
	matchesNone share = iota
	matchesSome       // or any number, as far as is known
	matchesAll
)

// scope is what is known of the routes to a prefix that a filter will see.
type scope struct {
	sources sourceSet // never empty
	raises  bool      // some filter in the domain sets priorities, so that LOCAL_PREF may be elevated
}

// share says how many routes of a scope match.
func (m *routeMatch) share(s scope, learnedOut string) share {
	result := matchesAll
	if m.sources != 0 {
		known := s.sources & m.sources
		if known == 0 {
			return matchesNone
		}
		if known != s.sources {
			result = matchesSome
		}
		s.sources = known
	}
	if m.elevated && !s.raises {
		return matchesNone
	}
	if m.elevated || m.localPref != 0 || m.community != nil || len(m.asPath) > 0 {
		result = matchesSome
	}
	if m.iface != "" {
		result = min(result, interfaceShare(m.iface, s.sources, learnedOut))
	}
	return result
}

// interfaceShare says how many routes from some sources lead out of an interface that matches. Those of the kernel may lead
// anywhere, blackholes lead nowhere.
func interfaceShare(pattern string, sources sourceSet, learnedOut string) share {
	var matching sourceSet
	if matchesInterface(pattern, learnedOut) {
		matching |= sourcesOf(bgp.FromBGP)
	}
	if matchesInterface(pattern, "") {
		matching |= sourcesOf(bgp.FromStatic)
	}
	switch {
	case sources&^matching == 0:
		return matchesAll
	case sources&(matching|sourcesOf(bgp.FromKernel, bgp.FromDirect)) != 0:
		return matchesSome
	}
	return matchesNone
}

// decide says what the filter makes of the routes of a scope to a prefix: Accept only where it leaves them as they are.
func (f *birdFilter) decide(p netip.Prefix, s scope) bgp.Decision {
	verdict, changed := bgp.Depends, false
	settle := func(last bgp.Decision) bgp.Decision {
		if verdict != bgp.Depends && verdict != last || last == bgp.Accept && changed {
			return bgp.Depends
		}
		return last
	}
	for i := range f.statements {
		st := &f.statements[i]
		if !st.prefix.matches(p) {
			continue
		}
		matching := st.route.share(s, f.iface)
		if matching == matchesNone {
			continue
		}
		changed = changed || len(st.change) > 0
		if st.verdict == bgp.Depends {
			continue
		}
		if matching == matchesAll {
			return settle(st.verdict)
		}
		if verdict != bgp.Depends && verdict != st.verdict {
			return bgp.Depends
		}
		verdict = st.verdict
	}
	return settle(f.otherwise)
}

// run passes a route through the filter, which changes it. The statement is the one that decided; nil: none did.
func (f *birdFilter) run(p netip.Prefix, r *bgp.Route) (*statement, bool) {
	for i := range f.statements {
		st := &f.statements[i]
		if !st.prefix.matches(p) || !st.route.matches(r, f.iface) {
			continue
		}
		for i := range st.change {
			st.change[i].apply(r)
		}
		if st.verdict != bgp.Depends {
			return st, st.verdict == bgp.Accept
		}
	}
	return nil, f.otherwise == bgp.Accept
}

// change is one thing that a statement changes of a route. Exactly one field is set.
type change struct {
	localPref  uint32
	preference int
	community  *bgp.Community // to add
	prepend    []uint32
}

// apply changes a route. It replaces slices, which others share. A community is added where the route does not have it (BIRD,
// nest/a-set.c int_set_add).
func (c *change) apply(r *bgp.Route) {
	switch {
	case c.localPref != 0:
		r.LocalPref = c.localPref
	case c.preference != 0:
		r.Preference = c.preference
	case c.community != nil && !slices.Contains(r.Communities, *c.community):
		r.Communities = append(slices.Clip(r.Communities), *c.community)
	case c.prepend != nil:
		r.ASPath = slices.Concat(c.prepend, r.ASPath)
	}
}
