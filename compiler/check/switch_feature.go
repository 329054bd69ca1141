package check

import (
	"fmt"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/hostroute"
)

var _ = rule(Rule{
	Name:     "switch-feature",
	Severity: diag.Error,
	Doc: `switch-feature: what is asked of a device must be in its configuration language

Switch dialects differ in what they can express: sessions over unnumbered links, dynamic neighbors, AS override, BFD. topoc
refuses what it would otherwise have to leave out silently; the finding names the dialects that can. It also names the
dialects, host systems and DNS servers that this release of topoc does not write.

Mend it by not asking for the feature, with another dialect, or with managed: false for a switch that is configured by
hand.`,
	Run: func(p *Pass) {
		for _, s := range p.Fabric.Switches {
			for _, need := range fabric.Unsupported(s) {
				d := p.Reportf(need.At, "switch %s: %s", s.Name, need.Message)
				dialect, able := s.At().Field("dialect"), strings.Join(need.Dialects, ", ")
				if need.At == dialect {
					d.WithHint("write managed: false and configure it by hand, or use another dialect: %s", able)
					continue
				}
				d.Note(dialect, "the dialect is set here")
				if able == "" {
					d.WithHint("%s; no dialect can do what is asked", doWithout(s, need))
				} else {
					d.WithHint("%s, or use a dialect that can: %s", doWithout(s, need), able)
				}
			}
		}
		for _, h := range p.Fabric.Hosts {
			if len(h.Routes) > 0 && !hostroute.SystemWritten(h.System) {
				p.Reportf(h.At().Field("system"), "host %s: this release does not write routes for %s", h.Name, h.System).
					WithHint("use one of: %s", strings.Join(written(hostroute.AllSystems(), func(s hostroute.System) string { return s.Name }), ", "))
			}
			if h.DNS != nil && len(h.DNS.Zones) > 0 && !hostroute.DNSWritten(h.DNS.Server) {
				p.Reportf(h.At().Fields("dns", "server"), "host %s: this release does not write forwarding for %s", h.Name, h.DNS.Server).
					WithHint("use one of: %s", strings.Join(written(hostroute.AllDNSServers(), func(s hostroute.DNSServer) string { return s.Name }), ", "))
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
	fabric.FeatureDynamicASOverride:   "list every node of the cluster, or delete asOverride and give each rack an AS number of its own",
	fabric.FeatureDynamicPassword:     "list every node of the cluster, or delete password",
	fabric.FeatureDefaultBesideRoutes: `write toNodes: "default", or delete defaultOriginate`,
}

// doWithout says which edit spares a switch what its dialect cannot do, or where that is a limit or a form, keeps to it.
func doWithout(s *fabric.Switch, need fabric.Need) string {
	bgp, labels := s.At().Field("bgp"), need.At.Labels()
	last, before := labels[len(labels)-1], labels[len(labels)-2]
	switch {
	case need.At == bgp.Field("dynamicNeighbors"):
		return "delete dynamicNeighbors"
	case need.Feature != 0:
		return without[need.Feature]
	case need.At == bgp.Field("maximumPaths"):
		return fmt.Sprintf("write maximumPaths: %d or fewer, or delete it", s.Dialect.MaxPaths)
	case last == "vrf" && before != "interfaces":
		return fmt.Sprintf("write a name of at most %d characters", s.Dialect.MaxVRF)
	}
	return "write the name that the switch itself has for it"
}

func written[T any](forms []T, name func(T) string) []string {
	var names []string
	for _, f := range forms {
		names = append(names, name(f))
	}
	return names
}
