package check

import "topoc/compiler/diag"

var _ = rule(Rule{
	Name:     "rr-in-mesh",
	Severity: diag.Error,
	Doc: `rr-in-mesh: a cluster with reflectors must not keep the node-to-node mesh

Calico leaves a node that has a cluster ID out of the mesh, on its own side and on that of all others: from the moment it
becomes a reflector the other nodes lose their mesh sessions with it. Calico's own advice is one or the other (calico#1579).
In calico#3785 the mesh was switched on beside reflectors by mistake: its sessions stayed in "start", and once it was off
again Calico wrote no configuration for BIRD any more, whatever was changed. The mesh is off by itself where a cluster has
reflectors; nodeToNodeMesh: true keeps it.

Mend it by deleting nodeToNodeMesh.`,
	Source: "confd/pkg/backends/calico, mesh peers; calico#1579, calico#3785, calico#3819",
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
