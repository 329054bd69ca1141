// Package model is what the user wrote, typed: plain data, names still strings, no defaults filled in. The schema package
// is its twin and its reference manual; the json tag of a field is its name in the language. A pointer, a nil slice and a nil
// map say that the user wrote nothing there.
package model

import "net/netip"

// Topology is one topology, however many files it was written in.
type Topology struct {
	Name         string                    `json:"name"`
	Description  string                    `json:"description,omitzero"`
	Clusters     map[string]*Cluster       `json:"clusters,omitzero"`
	Switches     map[string]*Switch        `json:"switches,omitzero"`
	Links        map[string]*Link          `json:"links,omitzero"`
	Peerings     map[string]*Peering       `json:"peerings,omitzero"`
	Hosts        map[string]*Host          `json:"hosts,omitzero"`
	Reserved     map[string][]netip.Prefix `json:"reserved,omitzero"`
	Implied      *bool                     `json:"implied,omitzero"` // default true
	Owned        *Owned                    `json:"owned,omitzero"`
	Expectations map[string]*Expectation   `json:"expect,omitzero"`
	Waivers      []*Waiver                 `json:"waivers,omitzero"`
}

// Owned is what the site may use though it is public.
type Owned struct {
	Prefixes  []netip.Prefix `json:"prefixes,omitzero"`
	ASNumbers []ASN          `json:"asNumbers,omitzero"`
}

// Waiver silences one check at a path prefix.
type Waiver struct {
	Check  string `json:"check"`
	At     string `json:"at,omitzero"` // a path prefix; empty is everywhere
	Reason string `json:"reason"`
	Until  string `json:"until,omitzero"` // YYYY-MM-DD, the last day it holds
}

// Expectation is what must hold once routes have converged.
type Expectation struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	Traffic  []string `json:"traffic,omitzero"`  // "pods", "services"
	Reach    *bool    `json:"reach,omitzero"`    // default true
	Paths    *int     `json:"paths,omitzero"`    // default 1
	Survives *int     `json:"survives,omitzero"` // default 0
}
