package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "router-id-duplicate",
	Severity: diag.Error,
	Doc: `router-id-duplicate: two switches of one AS that peer need two router IDs

The router ID is a speaker's BGP identifier. A speaker refuses the OPEN of an iBGP neighbor that has its own one, so the
session never comes up (RFC 4271 section 6.2, as RFC 6286 section 2.2 has it). Between different AS numbers equal identifiers
do no harm.

Mend it by giving each switch its own routerID, or none: topoc takes the loopback, else the lowest IPv4 address.`,
	Source: "RFC 4271 section 6.2, RFC 6286 section 2.2",
	Run: func(p *Pass) {
		told := map[[2]fabric.Device]bool{}
		for _, s := range p.Fabric.Sessions {
			if s.Kind != fabric.LinkSession || !s.A.Internal() {
				continue
			}
			a, b := s.A.Device.(*fabric.Switch), s.B.Device.(*fabric.Switch)
			pair := [2]fabric.Device{a, b}
			if a.RouterID != b.RouterID || !a.RouterID.IsValid() || told[pair] {
				continue
			}
			told[pair] = true
			p.Reportf(b.At().Field("routerID"), "switches %s and %s peer in AS %d, and both have the router ID %s", b.Name, a.Name, a.ASN, a.RouterID).
				Note(a.At().Field("routerID"), "switch %s has it here", a.Name).
				WithHint("write another routerID, or none: topoc then takes the loopback or an address of the switch")
		}
	},
})
