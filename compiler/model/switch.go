package model

import "net/netip"

// Switch is a leaf, spine or router outside the clusters.
type Switch struct {
	Dialect      string                      `json:"dialect,omitzero"` // required where managed
	Role         string                      `json:"role,omitzero"`    // leaf, spine, router
	ASNumber     *ASN                        `json:"asNumber,omitzero"`
	RouterID     netip.Addr                  `json:"routerID,omitzero"`
	Interfaces   map[string]*SwitchInterface `json:"interfaces,omitzero"`
	Managed      *bool                       `json:"managed,omitzero"` // default true
	Loopback     netip.Prefix                `json:"loopback,omitzero"`
	Loopback6    netip.Prefix                `json:"loopback6,omitzero"` // IPv6, beside an IPv4 Loopback
	VRF          string                      `json:"vrf,omitzero"`
	BGP          *SwitchBGP                  `json:"bgp,omitzero"`
	StaticRoutes map[string]*StaticRoutes    `json:"staticRoutes,omitzero"` // by cluster
}

// SwitchInterface is an interface of a switch on a node subnet or the like.
type SwitchInterface struct {
	Address  netip.Prefix `json:"address,omitzero"`
	Address6 netip.Prefix `json:"address6,omitzero"`
	Shared   []netip.Addr `json:"shared,omitzero"` // anycast or virtual gateway addresses
	VRF      string       `json:"vrf,omitzero"`
}

// SwitchBGP is what can be said of a switch's BGP.
type SwitchBGP struct {
	MaximumPaths     *int       `json:"maximumPaths,omitzero"` // derived unless set
	DynamicNeighbors bool       `json:"dynamicNeighbors,omitzero"`
	GracefulRestart  *bool      `json:"gracefulRestart,omitzero"` // default true
	BFD              bool       `json:"bfd,omitzero"`             // between switches
	Keepalive        *int       `json:"keepalive,omitzero"`       // seconds
	Hold             *int       `json:"hold,omitzero"`            // seconds
	ToNodes          string     `json:"toNodes,omitzero"`         // routes (default), default, none
	DefaultOriginate bool       `json:"defaultOriginate,omitzero"`
	MaxPrefixes      *int       `json:"maxPrefixes,omitzero"` // per session; derived unless set
	Advertise        []string   `json:"advertise,omitzero"`   // interfaces, loopback (default: both)
	Password         *SecretRef `json:"password,omitzero"`    // between switches
	Accept           []Permit   `json:"accept,omitzero"`
	Send             []Permit   `json:"send,omitzero"`
}

// Permit adds to what a switch accepts or sends.
type Permit struct {
	Prefix netip.Prefix `json:"prefix"`
	GE     *int         `json:"ge,omitzero"`
	LE     *int         `json:"le,omitzero"`
	On     string       `json:"on"` // nodes, switches
}

// StaticRoutes leads to a cluster where there is no BGP: on a switch or on a host.
type StaticRoutes struct {
	Via      []string `json:"via"`               // nodes of the cluster
	Pods     *bool    `json:"pods,omitzero"`     // default true
	Services *bool    `json:"services,omitzero"` // default true
}

// Link is a point-to-point link of two switches.
type Link struct {
	BGP  *bool               `json:"bgp,omitzero"` // default true
	Ends map[string]*LinkEnd `json:"-"`            // the other fields, by switch: exactly two
}

// LinkEnd is one switch's end of a link. Without addresses on both ends the link is unnumbered.
type LinkEnd struct {
	Address   netip.Prefix `json:"address,omitzero"`
	Address6  netip.Prefix `json:"address6,omitzero"`
	Interface string       `json:"interface,omitzero"`
	VRF       string       `json:"vrf,omitzero"`
}
