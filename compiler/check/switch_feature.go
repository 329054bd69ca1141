package check

import (
	"fmt"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "switch-feature",
	Severity: diag.Error,
	Doc: `switch-feature: what is asked of a device must be in its configuration language

Switch dialects differ in what they can express: sessions over unnumbered links, dynamic neighbors, AS override, BFD. topoc
refuses what it would otherwise have to leave out silently; the finding names the dialects that can. It also names the
dialects that this release of topoc does not write.

Mend it by not asking for the feature, with another dialect, or with managed: false for a switch that is configured by
hand.`,
	Source: "the command references of the vendors; RFC 8950 (IPv4 over unnumbered links), RFC 5880 (BFD)",
	Run: func(p *Pass) {
		for _, s := range p.Fabric.Switches {
			for _, need := range fabric.Unsupported(s) {
				if need.Longest > 0 {
					continue // switch-name-too-long tells
				}
				d := p.Reportf(need.At, "switch %s: %s", s.Name, need.Message)
				d.Note(s.At().Field("dialect"), "the dialect is set here")
				if able := strings.Join(need.Dialects, ", "); able == "" {
					d.WithHint("%s; no dialect can do what is asked", doWithout(s, need))
				} else {
					d.WithHint("%s, or use a dialect that can: %s", doWithout(s, need), able)
				}
			}
		}
	},
})

// without says how to do without an ability, at the place that asks for it.
var without = map[fabric.Feature]string{
	fabric.FeatureUnnumbered:          `give both ends addresses, as in address: "10.0.0.0/31" and address: "10.0.0.1/31"`,
	fabric.FeatureDynamicNeighbors:    "list every node of the cluster, so that each is a neighbor of its own",
	fabric.FeatureDynamicASNumbers:    "give the rack's nodes one AS number, or list every node of the cluster",
	fabric.FeatureVRF:                 "delete vrf",
	fabric.FeatureBFD:                 "delete bfd",
	fabric.FeatureTTLSecurity:         "delete ttlSecurity",
	fabric.FeatureASOverride:          "delete asOverride and give each rack an AS number of its own",
	fabric.FeatureReflector:           "give the switch an AS number that its nodes don't have",
	fabric.FeatureRelaxASPath:         "give the racks one AS number",
	fabric.FeatureIPv6:                "delete its IPv6 addresses",
	fabric.FeatureGracefulRestart:     "delete gracefulRestart",
	fabric.FeatureDefaultOriginate:    "delete defaultOriginate",
	fabric.FeatureLoopbackSession:     "delete session: sessions then run to the switch's address on the nodes' subnet",
	fabric.FeaturePassword:            "delete password",
	fabric.FeatureStaticRoutes:        "delete staticRoutes",
	fabric.FeatureKeepalive:           "delete keepalive: it then is a third of hold",
	fabric.FeatureInternalTTLSecurity: "delete ttlSecurity",
	fabric.FeaturePeerASN:             "delete numAllowedLocalASNumbers, and write asOverride: true or give each rack an AS number of its own",
	fabric.FeatureDynamicASOverride:   "list every node of the cluster, or delete asOverride and give each rack an AS number of its own",
	fabric.FeatureDefaultBesideRoutes: `write toNodes: "default", or delete defaultOriginate`,
	fabric.FeatureDynamicPasswords:    "delete password, or list every node of the cluster",
	fabric.FeatureGracefulRestartOff:  "delete gracefulRestart",
}

// doWithout says which edit spares a switch what its dialect cannot do, or where that is a limit or a form, keeps to it.
func doWithout(s *fabric.Switch, need fabric.Need) string {
	bgp := s.At().Field("bgp")
	switch {
	case need.At == bgp.Field("dynamicNeighbors"):
		return "delete dynamicNeighbors"
	case need.Feature != 0:
		return without[need.Feature]
	case need.At == bgp.Field("maximumPaths"):
		return fmt.Sprintf("write maximumPaths: %d or fewer, or delete it", s.Dialect.MaxPaths)
	case need.At == bgp.Field("hold"):
		return fmt.Sprintf("write hold: %d or less, or delete it", s.Dialect.MaxHold)
	case need.At == bgp.Field("keepalive"):
		return fmt.Sprintf("write keepalive: %d or less, or delete it", s.Dialect.MaxHold/3)
	case need.Feature == 0 && strings.HasSuffix(string(need.At), ".vrf") && s.Dialect.VRFPrefix != "":
		return fmt.Sprintf("write a name of at most %d characters that begins with %q", s.Dialect.MaxVRF, s.Dialect.VRFPrefix)
	}
	return "write the name that the switch itself has for it"
}
