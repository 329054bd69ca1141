package check

import "topoc/compiler/diag"

var _ = rule(Rule{
	Name:     "rr-in-mesh",
	Severity: diag.Error,
	Doc: `rr-in-mesh: a cluster with reflectors must not keep the node-to-node mesh

Calico leaves a node that has a cluster ID out of the mesh, on its own side and on that of all others: from the moment it
becomes a reflector the other nodes lose their mesh sessions with it. The mesh is off by itself where a cluster has
reflectors; nodeToNodeMesh: true keeps it.

Mend it by deleting nodeToNodeMesh.`,
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if !c.Mesh || len(c.Groups) == 0 {
				continue
			}
			if reflectors := c.Reflectors(); len(reflectors) > 0 {
				p.Reportf(c.At().Fields("bgp", "nodeToNodeMesh"), "cluster %s keeps its node-to-node mesh, which Calico leaves its reflectors out of: %s",
					c.Name, someOf(reflectors, nodeName)).
					Note(c.At().Field("routeReflectors"), "the reflectors are named here").
					WithHint("delete nodeToNodeMesh")
			}
		}
	},
})
