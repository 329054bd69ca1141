package simulate

import "net/netip"

// Filter is a filter of BIRD's in plain data: the first rule that matches a route and has a verdict decides on it. Immutable.
type Filter struct {
	Rules     []FilterRule
	Otherwise Verdict // of routes that no rule decides: Accepts or Rejects
	learned   string  // interface that routes learned by BGP lead out of
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

	Sources   []RouteSource // any of them; empty: every source
	Interface string        // pattern of the interface that the route leads out of, * for any text; empty: any
	Elevated  bool          // LOCAL_PREF above that of normal routes
	LocalPref uint32        // exactly; 0: any
	Community string        // "aa:nn", or "aa:nn:mm" for a large one; empty: any
	ASPath    []uint32      // that the AS path begins with

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

// RouteSource is how a node came by a route.
type RouteSource uint8

const (
	StaticSource RouteSource = iota // blackholes for its own blocks and services
	KernelSource                    // routes in the kernel that BIRD did not write
	DeviceSource                    // connected subnets
	BGPSource
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
