package simulate

import (
	"fmt"
	"net/netip"

	"topoc/compiler/internal/bgp"
)

// Filter is a filter of BIRD's in plain data: the first rule that matches a route and has a verdict decides on it. Immutable.
type Filter struct {
	Rules     []FilterRule
	Otherwise Verdict // of routes that no rule decides: Accepts or Rejects

	of *birdFilter
}

// Verdict is what a rule does with a route that it matches.
type Verdict uint8

const (
	GoesOn Verdict = iota // to the next rule, perhaps with changes
	Accepts
	Rejects
)

// FilterRule is one `if` of a filter: all its conditions together.
type FilterRule struct {
	Prefix   netip.Prefix // the zero Prefix: any prefix matches
	Min, Max int          // lengths of prefixes within Prefix; Min > Max: none matches
	Negate   bool         // matches the prefixes that these do not

	Sources      []RouteSource // any of them; empty: every source
	Interface    string        // pattern of the interface that the route leads out of, * for any text; empty: any
	MinLocalPref uint32        // at least; 0: any
	LocalPref    uint32        // exactly; 0: any
	Community    string        // "aa:nn", or "aa:nn:mm" for a large one; empty: any
	ASPath       []uint32      // that the AS path begins with

	Changes []FilterChange // of routes that match, in order
	Verdict Verdict
	Name    string // which rule this is, for people
}

// FilterChange is one change of a route; exactly one field is set.
type FilterChange struct {
	LocalPref  uint32
	Preference int
	Community  string   // to add where it is missing
	Prepend    []uint32 // to the AS path
}

// RouteSource is how a node's BIRD came by a route.
type RouteSource uint8

const (
	StaticSource RouteSource = RouteSource(bgp.FromStatic) // blackholes for the node's own blocks and services
	KernelSource RouteSource = RouteSource(bgp.FromKernel) // routes in the kernel that BIRD did not write
	DirectSource RouteSource = RouteSource(bgp.FromDirect) // connected subnets, and the static routes to peers
	BGPSource    RouteSource = RouteSource(bgp.FromBGP)
)

// FilterRoute is what filters know of a route beside its prefix.
type FilterRoute struct {
	Source      RouteSource
	Interface   string // empty: none
	LocalPref   uint32
	Preference  int
	ASPath      []uint32
	Communities []string // as in FilterRule
}

// Run passes a route through the filter, which changes it, and reports whether it is accepted.
func (f *Filter) Run(p netip.Prefix, r *FilterRoute) bool {
	route := bgp.Route{Source: bgp.Source(r.Source), Interface: r.Interface, LocalPref: r.LocalPref, Preference: r.Preference, ASPath: r.ASPath}
	for _, text := range r.Communities {
		if c, ok := parseCommunity(text); ok {
			route.Communities = append(route.Communities, c)
		}
	}
	_, accepted := f.of.run(p, &route)
	r.LocalPref, r.Preference, r.ASPath, r.Communities = route.LocalPref, route.Preference, route.ASPath, nil
	for _, c := range route.Communities {
		r.Communities = append(r.Communities, communityText(c))
	}
	return accepted
}

// plain returns the filter in plain data.
func (f *birdFilter) plain() *Filter {
	plain := &Filter{Otherwise: verdictOf(f.otherwise), of: f}
	for i := range f.statements {
		plain.Rules = append(plain.Rules, f.statements[i].plain())
	}
	return plain
}

func (s *statement) plain() FilterRule {
	m := &s.route
	rule := FilterRule{Prefix: s.prefix.cidr, Min: s.prefix.low, Max: s.prefix.high, Negate: s.prefix.negate, Interface: m.iface,
		LocalPref: m.localPref, ASPath: m.asPath, Verdict: verdictOf(s.verdict), Name: s.name}
	for _, source := range []RouteSource{StaticSource, KernelSource, DirectSource, BGPSource} {
		if m.sources.has(bgp.Source(source)) {
			rule.Sources = append(rule.Sources, source)
		}
	}
	if m.elevated {
		rule.MinLocalPref = normalLocalPref + 1
	}
	if m.community != nil {
		rule.Community = communityText(*m.community)
	}
	for _, c := range s.change {
		plain := FilterChange{LocalPref: c.localPref, Preference: c.preference, Prepend: c.prepend}
		if c.community != nil {
			plain.Community = communityText(*c.community)
		}
		rule.Changes = append(rule.Changes, plain)
	}
	return rule
}

func verdictOf(d bgp.Decision) Verdict {
	switch d {
	case bgp.Accept:
		return Accepts
	case bgp.Reject:
		return Rejects
	}
	return GoesOn
}

// communityText writes aa:nn, or aa:nn:mm.
func communityText(c bgp.Community) string {
	if c.Wide {
		return fmt.Sprintf("%d:%d:%d", c.Part[0], c.Part[1], c.Part[2])
	}
	return fmt.Sprintf("%d:%d", c.Part[0], c.Part[1])
}
