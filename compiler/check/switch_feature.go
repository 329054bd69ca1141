package check

import (
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
				if need.At != dialect {
					d.Note(dialect, "the dialect is set here")
				}
				switch {
				case need.At == dialect:
					d.WithHint("write managed: false and configure it by hand, or use another dialect: %s", able)
				case able == "":
					d.WithHint("leave it out: no dialect can")
				default:
					d.WithHint("leave it out, or use a dialect that can: %s", able)
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

func written[T any](forms []T, name func(T) string) []string {
	var names []string
	for _, f := range forms {
		names = append(names, name(f))
	}
	return names
}
