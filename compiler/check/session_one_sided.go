package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "session-one-sided",
	Severity: diag.Error,
	Doc: `session-one-sided: both ends of a session must be configured

A peers entry says how a cluster's nodes speak to a device outside of the topology, and makes nothing at the other end:
somebody else configures that one. At the address of a declared switch, or of a node of this or another cluster, there is
nobody else: the far end is topoc's to write, and would know nothing of the session. BIRD then logs "Unexpected connect from
unknown address", again and again, and nothing else comes of it (calico#6047). Sessions to switches come from racks, sessions
between clusters from peerings, sessions within a cluster from routeReflectors; those make both ends. Entries of two clusters
that answer each other session by session are two ends as well. What an entry adds to a node-to-node mesh is told by
session-mesh-and-peers.

Mend it by deleting the entry and naming the device where its kind belongs.`,
	Source: "RFC 4271 section 8.2.1; calico#6047",
	Run: func(p *Pass) {
		for _, m := range p.meetings() {
			if m.isItself || m.answered || m.besideMesh() {
				continue
			}
			d := p.Reportf(m.At.Field("address"), "peer %s of cluster %s is at %s, which is %s: nothing configures the far end of a session there",
				m.Name, m.Cluster.Name, m.PeerIP, deviceName(m.device)).
				Note(m.at, "%s has the address here", deviceName(m.device))
			switch device := m.device.(type) {
			case *fabric.Switch:
				d.WithHint("%s", rackInstead(m, device))
			case *fabric.Node:
				d.WithHint("%s", peeringInstead(p.Fabric, m, device))
			}
		}
	},
})

// rackInstead says how the session to a switch is declared.
func rackInstead(m *meeting, s *fabric.Switch) string {
	for _, r := range m.Cluster.Racks {
		if slices.Contains(r.Switches, s) {
			return "delete the entry: rack " + r.Name + " peers with " + s.Name + " already"
		}
	}
	rack := "the rack of its nodes"
	if m.model.Rack != "" {
		rack = "rack " + m.model.Rack
	}
	return "delete the entry, and add " + s.Name + " to the switches of " + rack
}

// peeringInstead says how the session to a node is declared.
func peeringInstead(f *fabric.Fabric, m *meeting, n *fabric.Node) string {
	if n.Cluster == m.Cluster {
		return "delete the entry: nodes of one cluster peer by the mesh, or with those named in its routeReflectors"
	}
	for _, peering := range f.Peerings {
		if slices.Contains(peering.Clusters[:], n.Cluster) && slices.Contains(peering.Clusters[:], m.Cluster) {
			return "delete the entry: peering " + peering.Name + " joins the two clusters already"
		}
	}
	return "delete the entry, and declare a peering of clusters " + m.Cluster.Name + " and " + n.Cluster.Name
}
