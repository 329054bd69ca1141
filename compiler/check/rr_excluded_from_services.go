package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// excludeLabel keeps a node from announcing service ranges (confd/pkg/backends/calico/routes.go).
const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers"

var _ = rule(Rule{
	Name:     "rr-excluded-from-services",
	Severity: diag.Warning,
	Doc: `rr-excluded-from-services: a reflector must not be excluded from external load balancers

A node with the label node.kubernetes.io/exclude-from-external-load-balancers=true announces no service range, and Calico
passes on a service route only where the node announces the range itself: such a reflector learns the routes of its clients
and tells nobody. Switches above it, and peers of it in another cluster, then have no route to the services. kubeadm puts the
label on control plane nodes, which often are the reflectors. The same clause kept the /32 of a service from leaving a
reflector that had no endpoint of it, until Calico made exceptions: from 3.27.3 on load-balancer ranges are passed on all the
same (calico#8162), from 3.33 on external ones (calico#13341).

Mend it by deleting the label, or by making another node the reflector.`,
	Source: "confd's bird.cfg.template, calico_export_to_bgp_peers; calico#8162, calico#13341",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			held := heldByReflectors(c)
			if len(held) == 0 || !speaksOutside(c) {
				continue
			}
			for _, n := range c.Reflectors() {
				if n.LabelMap()[excludeLabel] != "true" {
					continue
				}
				p.Reportf(n.At().Fields("labels", excludeLabel), "reflector %s announces no services and passes on none of its clients': %s ends there",
					n.Name, someOf(held, func(r fabric.Range) string { return r.Prefix.String() })).
					Note(held[0].At, "the range is written here").
					WithHint("delete the label, or make another node the reflector")
			}
		}
	},
})

// heldByReflectors returns the announced ranges that an excluded reflector doesn't pass on.
func heldByReflectors(c *fabric.Cluster) []fabric.Range {
	return slices.DeleteFunc(slices.Clone(c.Advertised), func(r fabric.Range) bool {
		return r.Kind == fabric.LoadBalancerRange && c.Version.AtLeast(fabric.Version{Major: 3, Minor: 27, Patch: 3}) ||
			r.Kind == fabric.ExternalIPRange && c.Version.AtLeast(fabric.Version{Major: 3, Minor: 33})
	})
}

// speaksOutside reports whether anybody but the cluster's own nodes, which need no route to its services, is told of them.
func speaksOutside(c *fabric.Cluster) bool {
	return len(c.Model.Peers) > 0 || len(c.Peerings) > 0 ||
		slices.ContainsFunc(c.Racks, func(r *fabric.Rack) bool { return len(r.Model.Switches) > 0 })
}
