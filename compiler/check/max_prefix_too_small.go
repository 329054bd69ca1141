package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "max-prefix-too-small",
	Severity: diag.Warning,
	Doc: `max-prefix-too-small: the most prefixes that a switch takes must leave room for all that a session may carry

A session that brings more prefixes than its limit is torn down, and with it every route it brought: one more block of one
busy cluster then takes down the rest. The number is easily guessed too low: a node takes a second block when its first is
full, and where blocks run out it announces a /32 for each address that it borrows; in calico#1577 the site's spines would not
have held those. topoc derives a limit for each session: twice the blocks that fit in the pools of the clusters behind it, at
most 20 for each planned node, plus services, times the paths of a prefix where add-path is used, and at least 1000. A limit
below that on any session of the switch is reported, with the session that needs most.

Mend it by deleting maxPrefixes, or by raising it to what the finding names.`,
	Source: "RFC 4486 section 4, RFC 4271 section 8.2.2; calico#1577",
	Run: func(p *Pass) {
		for _, s := range p.Fabric.Switches {
			if s.Model.BGP == nil || s.Model.BGP.MaxPrefixes == nil {
				continue
			}
			limit := *s.Model.BGP.MaxPrefixes
			if most, with := mostPrefixes(s); most != nil && most.PossiblePrefixes > limit {
				p.Reportf(s.At().Fields("bgp", "maxPrefixes"), "switch %s takes %d prefixes on a session, and the one with %s may bring up to %d",
					s.Name, limit, with, most.PossiblePrefixes).
					WithHint("write maxPrefixes: %d, or delete it: each session then has a limit of its own", most.DerivedPrefixes)
			}
		}
	},
})

// mostPrefixes returns the session of the switch that may bring most, nil where there is none, and what that is with.
func mostPrefixes(s *fabric.Switch) (most *fabric.FamilyConfig, with string) {
	consider := func(families []*fabric.FamilyConfig, name string) {
		for _, f := range families {
			if most == nil || f.PossiblePrefixes > most.PossiblePrefixes {
				most, with = f, name
			}
		}
	}
	for _, r := range s.Routers {
		for _, g := range r.Groups {
			consider(g.Families, "the nodes of rack "+g.Rack.Name)
		}
		for _, n := range r.Neighbors {
			consider(n.Families, n.Description)
		}
	}
	return most, with
}
