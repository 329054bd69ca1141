package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// smallGroup is how many nodes one reflector may serve and still be no more than a risk.
const smallGroup = 3

var _ = rule(Rule{
	Name:     "rr-single",
	Severity: diag.Error,
	Doc: `rr-single: a route reflector must not be the only one

All routes between the nodes that a reflector serves pass through it. When it is drained, upgraded or dies, its clients lose
every route to each other once the graceful restart time is over, though all of them are well. In bird#57 it was the one
reflector of a cluster, and its nodes dropped their routes at once; in calico#9259 it was two of two, and the others' routes
went after an hour. Where one reflector serves fewer than four nodes it is a warning. Two groups of one reflector each that
serve the same nodes are two reflectors.

Mend it by naming a second node of the group, best in another rack.`,
	Source: "bird#57, calico#9259; RFC 4456 section 7",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, g := range c.Groups {
				p.singleReflector(g)
			}
		}
	},
})

func (p *Pass) singleReflector(g *fabric.Group) {
	c, nodes, whose := g.Cluster, g.Cluster.PlannedNodes, "cluster "+g.Cluster.Name
	if g.Rack != nil {
		nodes, whose = len(g.Rack.Nodes), "rack "+g.Rack.Name+" of cluster "+g.Cluster.Name
	}
	if len(g.Nodes) != 1 || lostReflector(g) || nodes < 2 || hasSecondReflector(g) {
		return
	}
	severity := p.Rule.Severity
	if nodes <= smallGroup {
		severity = diag.Warning
	}
	only := g.Nodes[0]
	d := p.Report(severity, g.At().Field("nodes"), "group %s has one reflector, %s, for the %d nodes of %s: expected two or more",
		g.Name, only.Name, nodes, whose)
	if second := secondReflector(g, c); second != nil {
		d.WithHint("write nodes: [%q, %q]", only.Name, second.Name)
	} else {
		d.WithHint("add a second node of %s", whose)
	}
}

// hasSecondReflector reports whether all nodes that g serves have another reflector: of one other group, or, where g serves the whole
// cluster, of the groups of their racks.
func hasSecondReflector(g *fabric.Group) bool {
	if hasOtherReflector(g, g.Rack) {
		return true
	}
	return g.Rack == nil && !g.Cluster.Incomplete && !slices.ContainsFunc(g.Cluster.Nodes, func(n *fabric.Node) bool {
		return len(n.Reflects) == 0 && !hasOtherReflector(g, n.Rack)
	})
}

// hasOtherReflector reports whether another group than g serves the nodes of a rack, with another reflector.
func hasOtherReflector(g *fabric.Group, r *fabric.Rack) bool {
	return slices.ContainsFunc(g.Cluster.Groups, func(other *fabric.Group) bool {
		return serves(other, r) && (lostReflector(other) ||
			slices.ContainsFunc(other.Nodes, func(n *fabric.Node) bool { return n != g.Nodes[0] }))
	})
}

// secondReflector proposes a node: for the whole cluster one in another rack, else any that reflects for nobody yet.
func secondReflector(g *fabric.Group, c *fabric.Cluster) *fabric.Node {
	nodes := c.Nodes
	if g.Rack != nil {
		nodes = g.Rack.Nodes
	}
	var near *fabric.Node
	for _, n := range nodes {
		switch {
		case len(n.Reflects) > 0:
		case g.Rack == nil && n.Rack != g.Nodes[0].Rack:
			return n
		case near == nil:
			near = n
		}
	}
	return near
}
