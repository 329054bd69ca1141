package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// mostAllToAll is how many nodes may have a session each with each: 190 sessions within a cluster.
const mostAllToAll = 20

var _ = rule(Rule{
	Name:     "session-all-to-all",
	Severity: diag.Warning,
	Source:   "Calico, networking/configuring/bgp: all() as nodeSelector and peerSelector; calico#9976",
	Doc: `session-all-to-all: more than 20 nodes peer by reflectors, not all with all

With all nodes on both sides the number of sessions grows with the square of the nodes: 50 of one cluster and 50 of another make
2500, and each node keeps every route as often as it has sessions. A node that restarts waits for all of them; clusters of some
hundred nodes were without routes for minutes (calico#9976). It comes about unnoticed where a laboratory's peering via "nodes"
grows up, or where every node of a cluster or rack is named as a reflector: reflectors peer with each other. A node-to-node mesh
is judged by rr-suggested.

Mend it by a few reflectors on each side, which are what a peering uses by default.`,
	Run: func(p *Pass) {
		for _, peering := range p.Fabric.Peerings {
			a, b := peering.Clusters[0], peering.Clusters[1]
			if peering.Via != fabric.ViaNodes || a.PlannedNodes+b.PlannedNodes <= mostAllToAll {
				continue
			}
			d := p.Reportf(peering.At().Field("via"), "peering %s joins each of the %s of cluster %s with each of the %s of cluster %s: %s, and more than %d nodes peer by reflectors",
				peering.Name, count(a.PlannedNodes, "node"), a.Name, count(b.PlannedNodes, "node"), b.Name, count(a.PlannedNodes*b.PlannedNodes, "session"), mostAllToAll)
			if len(a.Groups) > 0 && len(b.Groups) > 0 {
				d.WithHint(`delete via: the reflectors of the two clusters then peer`)
			} else {
				d.WithHint(`declare two routeReflectors in each of the two clusters and delete via`)
			}
		}
		for _, c := range p.Fabric.Clusters {
			for _, g := range c.Groups {
				if g != firstOfScope(g) {
					continue
				}
				p.allReflect(g)
			}
		}
	},
})

// firstOfScope returns the first group that reflects for the same nodes as g, be it a rack's or the cluster's.
func firstOfScope(g *fabric.Group) *fabric.Group {
	i := slices.IndexFunc(g.Cluster.Groups, func(other *fabric.Group) bool { return other.Rack == g.Rack })
	return g.Cluster.Groups[i]
}

// allReflect reports nodes that are reflectors all, by a group and others for the same nodes.
func (p *Pass) allReflect(g *fabric.Group) {
	nodes, what := g.Cluster.Nodes, "cluster "+g.Cluster.Name
	if g.Rack != nil {
		nodes, what = g.Rack.Nodes, "rack "+g.Rack.Name+" of "+what
	}
	if len(nodes) <= mostAllToAll || g.Cluster.Incomplete || lostReflector(g) {
		return
	}
	if slices.ContainsFunc(nodes, func(n *fabric.Node) bool {
		return !slices.ContainsFunc(n.Reflects, func(other *fabric.Group) bool { return other.Rack == g.Rack })
	}) {
		return
	}
	p.Reportf(g.At().Field("nodes"), "all %s of %s are reflectors, and reflectors peer each with each: %s; expected a few that serve the others",
		count(len(nodes), "node"), what, count(len(nodes)*(len(nodes)-1)/2, "session")).
		WithHint("name two or three of them")
}
