package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "enterprise-only",
	Severity: diag.Error,
	Doc: `enterprise-only: what only Calico Enterprise can do must not be asked of Calico

Open-source Calico has no BFD, no long-lived graceful restart, and no early networking for nodes below two leaves: those fields of
BGPPeer and the EarlyNetworkConfiguration are Calico Enterprise's. bgp.bfd of a switch is about its sessions with other switches.
Where a switch has none, whoever wrote it expects dead nodes to be found in milliseconds; with Calico's hold time of 240 seconds
it takes four minutes, in which the switch goes on sending packets there (calico#4607, calico#7728). Fields that the language
doesn't have, such as bfd of a rack or failureDetectionMode, are an unknown-field that says so.

Mend it by deleting bfd. bgp.keepalive and bgp.hold of the switch shorten the time: the shorter hold time of the two ends counts
(RFC 4271 section 4.2).`,
	Source: "Calico Enterprise, reference/resources/bgppeer and networking/configuring/dual-tor; calico#4607, calico#7728",
	Run: func(p *Pass) {
		for _, s := range p.Fabric.Switches {
			b := s.Model.BGP
			if b == nil || !b.BFD || len(s.Racks) == 0 || slices.ContainsFunc(s.Links, func(e *fabric.LinkEnd) bool { return e.Link.BGP }) {
				continue
			}
			d := p.Reportf(s.At().Fields("bgp", "bfd"), "switch %s has sessions with nodes only, and Calico has no BFD with them: only Calico Enterprise has", s.Name).
				Note(s.Racks[0].At().Field("switches"), "rack %s of cluster %s peers with it", s.Racks[0].Name, s.Racks[0].Cluster.Name)
			if b.Hold == nil {
				d.WithHint("delete bfd, and write keepalive: 10, hold: 30: the hold time ends a session with a dead node")
			} else {
				d.WithHint("delete bfd: the hold time of %d s ends a session with a dead node", *b.Hold)
			}
		}
	},
})
