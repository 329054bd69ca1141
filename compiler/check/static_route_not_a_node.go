package check

import (
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "static-route-not-a-node",
	Severity: diag.Error,
	Doc: `static-route-not-a-node: static routes to a cluster must lead over nodes of that cluster

A static route's next hops are named in via, by node. A name that the cluster doesn't declare gives no next hop: the route
is left with fewer of them, or isn't written at all, and the host or switch sends the cluster's traffic to its default
gateway. Next hops must be listed in nodes even where capacity.nodes is larger than the list.

Mend it by naming a node of that cluster.`,
	Source: "Linux, ip-route(8); write-up: a cluster that an office reaches by static routes",
	Run: func(p *Pass) {
		for _, s := range p.Fabric.Switches {
			for _, cluster := range sorted(s.Model.StaticRoutes) {
				p.nextHopNames("switch "+s.Name, s.At().Fields("staticRoutes", cluster), cluster, s.Model.StaticRoutes[cluster])
			}
		}
		for _, h := range p.Fabric.Hosts {
			for _, cluster := range sorted(h.Model.Routes) {
				p.nextHopNames("host "+h.Name, h.At().Fields("routes", cluster), cluster, h.Model.Routes[cluster])
			}
		}
	},
})

func (p *Pass) nextHopNames(device string, at source.Path, cluster string, routes *model.StaticRoutes) {
	c := p.clusterNamed(cluster)
	if c == nil {
		return // told by Link
	}
	if len(routes.Via) == 0 {
		p.Reportf(at.Field("via"), "the routes of %s to cluster %s name no node to go over", device, cluster).
			Note(c.At(), "the cluster is declared here").
			WithHint("name nodes of the cluster in via, best two")
	}
	for i, name := range routes.Via {
		if c.Node(name) != nil {
			continue
		}
		d := p.Reportf(at.Field("via").Index(i), "%s routes to cluster %s over %s, and the cluster has no such node", device, cluster, name)
		for _, other := range p.Fabric.Clusters {
			if n := other.Node(name); n != nil {
				d.Note(n.At(), "it is a node of cluster %s", other.Name)
				break
			}
		}
		if near := diag.Nearest(name, unusedNodes(c, routes)); near != "" {
			d.WithHint("write %q", near)
		} else {
			d.WithHint("name a node of cluster %s", cluster)
		}
	}
}

// unusedNodes returns the names of the cluster's nodes that the routes don't go over yet.
func unusedNodes(c *fabric.Cluster, routes *model.StaticRoutes) []string {
	return slices.DeleteFunc(sorted(c.Model.Nodes), func(name string) bool { return slices.Contains(routes.Via, name) })
}

// clusterNamed returns the cluster of that name, or nil.
func (p *Pass) clusterNamed(name string) *fabric.Cluster {
	i, found := slices.BinarySearchFunc(p.Fabric.Clusters, name, func(c *fabric.Cluster, name string) int { return strings.Compare(c.Name, name) })
	if !found {
		return nil
	}
	return p.Fabric.Clusters[i]
}
