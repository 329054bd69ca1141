package check

import (
	"fmt"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// largeMesh is up to how many nodes Calico's documentation recommends a node-to-node mesh.
const largeMesh = 100

var _ = rule(Rule{
	Name:     "rr-suggested",
	Severity: diag.Warning,
	Doc: `rr-suggested: a mesh of more than 100 nodes wants route reflectors

In a node-to-node mesh every node holds a session with every other one, and a further node is a further session on all of them.
A calico-node that starts has them all to bring up at once: with 800 nodes a restart left a node without routes for four minutes
(calico#9976), and a mesh of 1000 nodes got no further than 700 sessions (calico#1579).

Mend it by declaring two or three nodes as a group in routeReflectors: the mesh is then off, and every other node has a session
with each of them alone. Racks whose switches the nodes peer with do without a mesh too.`,
	Source: "Calico, networking/configuring/bgp: full mesh up to some 100 nodes; calico#9976, calico#1579",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if c.Mesh && len(c.Groups) == 0 && c.PlannedNodes > largeMesh { // rr-in-mesh tells a mesh beside reflectors
				p.largeMesh(c)
			}
		}
	},
})

func (p *Pass) largeMesh(c *fabric.Cluster) {
	n, size, at := c.PlannedNodes, c.At().Field("nodes"), c.At().Field("nodes")
	if c.Incomplete {
		size = c.At().Fields("capacity", "nodes")
		at = size
	}
	isWritten := c.Model.BGP != nil && c.Model.BGP.NodeToNodeMesh != nil
	if isWritten {
		at = c.At().Fields("bgp", "nodeToNodeMesh")
	}
	d := p.Reportf(at, "cluster %s is a mesh of %d nodes, with %d sessions on each: expected route reflectors where there are more than %d",
		c.Name, n, n-1, largeMesh)
	if isWritten {
		d.Note(size, "the %d nodes are written here", n)
	}
	switch withSwitches := slices.IndexFunc(c.Racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 }); {
	case withSwitches >= 0:
		d.WithHint("delete nodeToNodeMesh: the nodes then peer with the switches of their racks")
	case isWritten:
		d.WithHint("write %s in its place", exampleReflectors(c))
	default:
		d.WithHint("add %s", exampleReflectors(c))
	}
}

// exampleReflectors declares two nodes of a cluster as its reflectors, of two racks or subnets where there are two.
func exampleReflectors(c *fabric.Cluster) string {
	if len(c.Nodes) < 2 {
		return "routeReflectors: main: nodes: [two nodes that are listed in nodes]"
	}
	first, second := c.Nodes[0], c.Nodes[1]
	for _, n := range c.Nodes {
		if n.Rack != first.Rack || ownSubnet(n) != ownSubnet(first) {
			second = n
			break
		}
	}
	return fmt.Sprintf("routeReflectors: main: nodes: [%q, %q]", first.Name, second.Name)
}
