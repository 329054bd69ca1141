package model

import "net/netip"

// Peering is two clusters that exchange routes.
type Peering struct {
	Clusters []string   `json:"clusters"`          // exactly two
	Via      string     `json:"via,omitzero"`      // routeReflectors (default), nodes, fabric
	Exchange *Exchange  `json:"exchange,omitzero"` // what each side takes from the other
	Password *SecretRef `json:"password,omitzero"`
	Filters  []string   `json:"filters,omitzero"` // names that each of the two clusters defines for itself
	Transit  bool       `json:"transit,omitzero"`
}

// Exchange is what the two sides of a peering take from each other.
type Exchange struct {
	Pods     *bool `json:"pods,omitzero"`     // default true
	Services *bool `json:"services,omitzero"` // default: true where the other advertises any
}

// Filter is the rules of a BGPFilter, as in the Calico API (api/pkg/apis/projectcalico/v3/bgpfilter.go). The first match
// wins; no match on import accepts, no match on export leaves it to Calico's own export rules.
type Filter struct {
	ExportV4 []FilterRule `json:"exportV4,omitzero"`
	ImportV4 []FilterRule `json:"importV4,omitzero"`
	ExportV6 []FilterRule `json:"exportV6,omitzero"`
	ImportV6 []FilterRule `json:"importV6,omitzero"`
}

// FilterRule matches routes, all conditions together, and accepts or rejects them.
type FilterRule struct {
	Action        string             `json:"action"` // Accept, Reject
	CIDR          netip.Prefix       `json:"cidr,omitzero"`
	MatchOperator string             `json:"matchOperator,omitzero"` // Equal, NotEqual, In, NotIn
	PrefixLength  *PrefixLength      `json:"prefixLength,omitzero"`  // Calico 3.29
	Source        string             `json:"source,omitzero"`        // RemotePeers (Calico 3.27)
	Interface     string             `json:"interface,omitzero"`     // Calico 3.27
	PeerType      string             `json:"peerType,omitzero"`      // eBGP, iBGP (Calico 3.32)
	Communities   *FilterCommunities `json:"communities,omitzero"`   // Calico 3.32
	ASPathPrefix  []ASN              `json:"asPathPrefix,omitzero"`  // Calico 3.32
	Priority      *int               `json:"priority,omitzero"`      // Calico 3.32
	Operations    []FilterOperation  `json:"operations,omitzero"`    // Calico 3.32
}

// PrefixLength bounds the length of a matched prefix.
type PrefixLength struct {
	Min *int `json:"min,omitzero"`
	Max *int `json:"max,omitzero"`
}

// FilterCommunities matches a community; Calico takes exactly one value.
type FilterCommunities struct {
	Values []string `json:"values"`
}

// FilterOperation changes an accepted route; exactly one field is set.
type FilterOperation struct {
	AddCommunity  *AddCommunity  `json:"addCommunity,omitzero"`
	PrependASPath *PrependASPath `json:"prependASPath,omitzero"`
	SetPriority   *SetPriority   `json:"setPriority,omitzero"`
}

// AddCommunity adds a community to an accepted route.
type AddCommunity struct {
	Value string `json:"value"`
}

// PrependASPath puts AS numbers in front of an accepted route's path.
type PrependASPath struct {
	Prefix []ASN `json:"prefix"`
}

// SetPriority sets the kernel priority of an accepted route.
type SetPriority struct {
	Value int `json:"value"`
}
