package check

import (
	"cmp"
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

var _ = rule(Rule{
	Name:     "rr-cluster-id-split",
	Severity: diag.Error,
	Doc: `rr-cluster-id-split: reflectors that share a cluster ID must share all their clients

A reflector drops, or keeps to itself, what another one of its own cluster ID has reflected: CLUSTER_LIST says that it has
been here (RFC 4456 section 8). That is right where every client peers with all of them, and hears it from each. A client that
peers with only some of them never hears what the others' clients announce, and nothing is logged. In calico#2735 all
reflectors had one ID and peered with each other: node1 and node2 learned each other's routes, so did node3 and node4, and no
route crossed from the one pair to the other. It happens where the groups of two racks of one AS are given the same clusterID.

Mend it by deleting clusterID: each reflector then uses its own address.`,
	Source: "RFC 4456 section 8; calico#2735",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, shared := range sharedClusterIDs(c) {
				p.splitCluster(c, shared)
			}
		}
	},
})

// sharedClusterIDs returns the reflectors of a cluster that share AS and cluster ID but don't serve the same nodes, in the
// order of their names. eBGP carries no CLUSTER_LIST, so reflectors of different AS numbers may share an ID.
func sharedClusterIDs(c *fabric.Cluster) [][]*fabric.Node {
	type key struct {
		asn model.ASN
		id  netip.Addr
	}
	byID := map[key][]*fabric.Node{}
	var order []key
	for _, g := range c.Groups {
		if lostReflector(g) {
			continue
		}
		for _, n := range g.Nodes {
			k := key{n.ASN, n.ClusterID}
			if len(byID[k]) == 0 {
				order = append(order, k)
			}
			if n.ClusterID.IsValid() && !slices.Contains(byID[k], n) {
				byID[k] = append(byID[k], n)
			}
		}
	}
	var split [][]*fabric.Node
	for _, k := range order {
		if nodes := byID[k]; slices.ContainsFunc(nodes, func(n *fabric.Node) bool { return !sameScope(n, nodes[0]) }) {
			split = append(split, nodes)
		}
	}
	return split
}

// sameScope reports whether two reflectors reflect for the same racks, or both for the whole cluster.
func sameScope(a, b *fabric.Node) bool {
	within := func(a, b *fabric.Node) bool {
		return !slices.ContainsFunc(a.Reflects, func(g *fabric.Group) bool {
			return !slices.ContainsFunc(b.Reflects, func(other *fabric.Group) bool { return other.Rack == g.Rack })
		})
	}
	return within(a, b) && within(b, a)
}

// splitCluster reports reflectors of one cluster ID if there is a client that peers with some of them only.
func (p *Pass) splitCluster(c *fabric.Cluster, reflectors []*fabric.Node) {
	for _, client := range c.Nodes {
		if client.ASN != reflectors[0].ASN || slices.Contains(reflectors, client) {
			continue
		}
		var with, without []*fabric.Node
		for _, r := range reflectors {
			if !shareFamily(client, r) {
				continue
			}
			if slices.ContainsFunc(r.Reflects, func(g *fabric.Group) bool { return serves(g, client.Rack) }) {
				with = append(with, r)
			} else {
				without = append(without, r)
			}
		}
		if len(with) > 0 && len(without) > 0 {
			p.reportSplit(client, with, without)
			return
		}
	}
}

func (p *Pass) reportSplit(client *fabric.Node, with, without []*fabric.Node) {
	blame, other := without[0].Reflects[0], with[0].Reflects[0]
	if cmp.Compare(blame.Name, other.Name) < 0 {
		blame, other = other, blame
	}
	d := p.Reportf(blame.At().Field("clusterID"), "reflectors %s share cluster ID %s, but %s peers only with %s: it hears nothing of what the clients of %s announce",
		someOf(slices.Concat(with, without), nodeName), without[0].ClusterID, deviceName(client), someOf(with, nodeName), someOf(without, nodeName))
	if other != blame {
		d.Note(other.At().Field("clusterID"), "group %s has the same cluster ID", other.Name)
	}
	d.WithHint("delete clusterID: each reflector then uses its own address")
}

func shareFamily(a, b *fabric.Node) bool {
	return a.Address.IsValid() && b.Address.IsValid() || a.Address6.IsValid() && b.Address6.IsValid()
}
