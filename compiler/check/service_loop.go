package check

import (
	"net/netip"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "service-loop",
	Severity: diag.Info,
	Needs:    Routes,
	Doc: `service-loop: packets to services that don't exist should end at the node that gets them

kube-proxy takes packets to the services that there are. Those to any other address of the range a node sends to its default
gateway, and where that has a route for the range to the nodes, they go round until their TTL is used up: scans and stale
clients load the link many times over (calico#5039). Felix drops such packets in ranges that BGPConfiguration advertises; a range that
is only routed statically it doesn't know.

Mend it by advertise: serviceClusterIPs: true (or the range in serviceExternalIPs or serviceLoadBalancerIPs), which does no harm
where nobody outside listens; or by services: false in the static routes.`,
	Source: "calico#5039, confd#322; Calico, FelixConfiguration: serviceLoopPrevention",
	Run: func(p *Pass) {
		told := map[serviceRoute]bool{}
		for _, s := range p.Fabric.Switches {
			for _, r := range s.Statics {
				p.looping(told, s, r)
			}
		}
		for _, h := range p.Fabric.Hosts {
			for i := range h.Routes {
				p.looping(told, h, &h.Routes[i])
			}
		}
	},
})

// serviceRoute is what is told once: a range of a cluster, whoever has routes to it.
type serviceRoute struct {
	cluster *fabric.Cluster
	prefix  netip.Prefix
}

// looping reports a static route for services to a node that sends what it doesn't take back to where the range leads to it again.
func (p *Pass) looping(told map[serviceRoute]bool, from fabric.Device, r *fabric.StaticRoute) {
	key := serviceRoute{r.Cluster, r.Prefix}
	if r.Kind == fabric.PodRange || told[key] {
		return
	}
	for _, n := range r.Nodes {
		back := p.Predicted.ReturnedBy(n, r.Prefix.Addr().Next())
		if back == nil {
			continue
		}
		told[key] = true
		d := p.Reportf(r.At, "%s routes %s of cluster %s to %s, which sends packets to services that don't exist to %s, and that back again: the cluster doesn't advertise the range, so nothing drops them",
			deviceName(from), r.Prefix, r.Cluster.Name, deviceName(n), deviceName(back))
		for _, s := range r.Cluster.ServiceCIDRs {
			if s.Prefix.Masked() == r.Prefix {
				d.Note(s.At, "the range is written here")
			}
		}
		d.WithHint("write advertise: serviceClusterIPs: true in cluster %s, so that Felix drops them, or services: false here", r.Cluster.Name)
		return
	}
}
