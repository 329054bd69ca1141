package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "session-mesh-and-peers",
	Severity: diag.Warning,
	Source:   "calico#3785, calico#3819",
	Doc: `session-mesh-and-peers: nodes peer by the node-to-node mesh or by BGPPeers, and not by both

A peers entry at the address of a node of its own cluster makes a session in both directions: Calico peers back by itself. Where the
mesh is on, the same two nodes have a session already. BIRD is given both, lets one take every connection, and the other stays in
Active for good: what was written for it, a password, filters, a source address, doesn't come to be. Switching the mesh off later
costs the routes of both for some seconds, since its sessions must go before the others can come up (calico#3819); switching it
on again over BGPPeers between nodes has kept Calico from writing its configuration at all (calico#3785). A mesh in a cluster with
reflectors is told by rr-in-mesh.

Mend it by deleting the entry, or by nodeToNodeMesh: false and routeReflectors.`,
	Run: func(p *Pass) {
		for _, m := range p.meetings() {
			if !m.besideMesh() {
				continue
			}
			nodes, _ := m.selected()
			nodes = slices.DeleteFunc(nodes, func(n *fabric.Node) bool { return !n.Addr(fabric.FamilyOf(m.PeerIP)).IsValid() })
			if len(nodes) == 0 {
				continue // it selects nobody, or nobody of that family: told by others
			}
			p.Reportf(m.At.Field("address"), "peer %s of cluster %s joins %s with %s (%s), as the node-to-node mesh does: only one of the two sessions comes up",
				m.Name, m.Cluster.Name, someOf(nodes, func(n *fabric.Node) string { return deviceName(n) }), deviceName(m.device), m.PeerIP).
				Note(m.at, "%s has the address here", deviceName(m.device)).
				WithHint("delete the entry, or write bgp: nodeToNodeMesh: false in cluster %s and declare routeReflectors", m.Cluster.Name)
		}
	},
})
