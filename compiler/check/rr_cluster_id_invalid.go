package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "rr-cluster-id-invalid",
	Severity: diag.Error,
	Doc: `rr-cluster-id-invalid: every reflector needs a cluster ID of its own cluster

A cluster ID is 32 bits, written as a dotted quad, and not 0.0.0.0 (RFC 4456 section 7). Calico ignores an annotation that is
no IPv4 address, and a node without one is no reflector: it passes nothing on. Without clusterID a reflector uses its IPv4
address; one that has only IPv6 has none to use. Two clusters may share an ID where eBGP lies between them, which carries
no CLUSTER_LIST; where they exchange routes by iBGP all the way each drops the routes of the other.

Mend it by a clusterID that no other cluster uses, as in clusterID: "244.0.0.1".`,
	Source: "RFC 4456 sections 7 and 8; Calico, Node: routeReflectorClusterID",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, g := range c.Groups {
				p.clusterID(g)
			}
		}
		for _, peering := range p.Fabric.Peerings {
			p.sharedAcross(peering)
		}
	},
})

func (p *Pass) clusterID(g *fabric.Group) {
	at, id := g.At().Field("clusterID"), g.Model.ClusterID
	if id.IsValid() && (!id.Is4() || id.IsUnspecified()) {
		p.Reportf(at, "group %s of cluster %s has cluster ID %s, expected a dotted quad other than 0.0.0.0", g.Name, g.Cluster.Name, id).
			WithHint("delete clusterID: each reflector then uses its own address")
		return
	}
	for _, n := range g.Nodes {
		if !n.ClusterID.IsValid() && n.Address6.IsValid() {
			p.Reportf(at, "group %s of cluster %s has no cluster ID, and its reflector %s no IPv4 address to take one from", g.Name, g.Cluster.Name, n.Name).
				Note(n.At().Field("address6"), "the reflector has only this address").
				WithHint(`add clusterID: "244.0.0.1", or another dotted quad`)
			return
		}
	}
}

// sharedAcross warns of a cluster ID that two clusters share and that iBGP carries from one to the other. Clusters of one AS
// that peer directly are another mistake, as-same-on-ebgp, after whose mending they may share it.
func (p *Pass) sharedAcross(peering *fabric.Peering) {
	if peering.Via != fabric.ViaFabric {
		return
	}
	for _, g := range peering.Clusters[1].Groups {
		id := g.Model.ClusterID
		for _, other := range peering.Clusters[0].Groups {
			if id.IsValid() && other.Model.ClusterID == id && sameInternalFabric(g, other) {
				p.Warnf(g.At().Field("clusterID"), "cluster %s has cluster ID %s, as cluster %s has, and iBGP carries the routes of one to the other: each drops them",
					g.Cluster.Name, id, other.Cluster.Name).
					Note(other.At().Field("clusterID"), "cluster %s uses it here", other.Cluster.Name).
					Note(peering.At(), "peering %s exchanges their routes", peering.Name).
					WithHint("write clusterID: %q", unusedID(p.Fabric))
				return
			}
		}
	}
}

// sameInternalFabric reports whether reflectors of both groups have a switch of their own AS above them, and it is one AS.
func sameInternalFabric(a, b *fabric.Group) bool {
	for _, n := range a.Nodes {
		for _, other := range b.Nodes {
			if n.ASN == other.ASN && belowOwnAS(n) && belowOwnAS(other) {
				return true
			}
		}
	}
	return false
}

func belowOwnAS(n *fabric.Node) bool {
	return n.Rack != nil && slices.ContainsFunc(n.Rack.Switches, func(s *fabric.Switch) bool { return s.ASN == n.ASN })
}

// unusedID proposes a cluster ID that no group has: class E addresses, which nobody's router ID can be.
func unusedID(f *fabric.Fabric) string {
	used := map[netip.Addr]bool{}
	for _, c := range f.Clusters {
		for _, g := range c.Groups {
			used[g.Model.ClusterID] = true
		}
	}
	id := netip.MustParseAddr("244.0.0.1")
	for used[id] {
		id = id.Next()
	}
	return id.String()
}
