package check

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

var _ = rule(Rule{
	Name:     "as-mesh-mixed",
	Severity: diag.Error,
	Source:   "Calico's mesh template, which leaves multihop out from 3.26 to 3.32 (confd/etc/calico/confd/templates/bird.cfg.template)",
	Doc: `as-mesh-mixed: the nodes of a node-to-node mesh have one AS number

The mesh is made for iBGP: each node tells the others of its own blocks, and none passes on what it hears. Between nodes of
different AS numbers it becomes eBGP, in which everybody passes on everything. Calico 3.26 to 3.32 then reaches neighbors of the
node's own subnet only: a session to another subnet never starts, which is an error unless Felix gives the pods their routes by
itself (VXLAN). In other releases each node sets itself as the next hop of what it passes on, so that packets take a detour over
nodes that only happen to be in the owner's AS. And the routes of a node that fails are gone only after all others have passed
them around.

Mend it by one asNumber for the cluster, or where racks need their own, by switches or reflectors in the place of the mesh.`,
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if !c.Mesh || len(c.Groups) > 0 { // rr-in-mesh tells of reflectors
				continue
			}
			if a, b := mixedNodes(c); b != nil {
				p.reportMixed(a, b)
			}
		}
	},
})

// mixedNodes returns two nodes of a cluster that differ in AS number: the first that has the cluster's own, or where none has
// it the first of all, and the first that has another; b is nil where all have one.
func mixedNodes(c *fabric.Cluster) (a, b *fabric.Node) {
	if !c.ExplicitASN || len(c.Nodes) == 0 {
		return nil, nil
	}
	a = c.Nodes[0]
	if i := slices.IndexFunc(c.Nodes, func(n *fabric.Node) bool { return n.ASN == c.ASN }); i >= 0 {
		a = c.Nodes[i]
	}
	if i := slices.IndexFunc(c.Nodes, func(n *fabric.Node) bool { return n.ASN != a.ASN }); i >= 0 {
		b = c.Nodes[i]
	}
	return a, b
}

func (p *Pass) reportMixed(a, b *fabric.Node) {
	c, severity := a.Cluster, diag.Warning
	then := "each passes on by eBGP what the others announce"
	if subnets := subnetsApart(c); subnets != nil && isMeshSingleHop(c.Version) {
		if !needsNoBGP(c) {
			severity = diag.Error
		}
		then = fmt.Sprintf("Calico %s peers with another AS within a subnet only, and they are in %s", c.Version, someOf(subnets, netip.Prefix.String))
	}
	at := b.ASNAt()
	isForced := len(c.Racks) > 0 && c.Model.BGP != nil && c.Model.BGP.NodeToNodeMesh != nil &&
		slices.ContainsFunc(c.Racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 })
	if isForced {
		at = c.At().Fields("bgp", "nodeToNodeMesh")
	}
	d := p.Report(severity, at, "the node-to-node mesh of cluster %s joins nodes of AS %s (%s) and AS %s (%s): %s",
		c.Name, a.ASN, a.Name, b.ASN, b.Name, then)
	for _, n := range []*fabric.Node{a, b} {
		if n.ASNAt() != at {
			d.Note(n.ASNAt(), "AS %s is set here", n.ASN)
		}
	}
	switch {
	case isForced:
		d.WithHint("delete nodeToNodeMesh: the nodes then hear of each other from their switches")
	case a.ASN == c.ASN:
		d.WithHint("delete asNumber, here and wherever a node or rack of the cluster has one of its own: all then have AS %s", c.ASN)
	default:
		d.WithHint("write asNumber: %s at cluster %s, and delete those of its racks and nodes", a.ASN, c.Name)
	}
}

// subnetsApart returns the subnets of a cluster's nodes in a family in which nodes of different AS numbers are in different ones; nil:
// in no family. Two subnets and two AS numbers are enough: whoever has the second differs in both from a node of one of the subnets.
func subnetsApart(c *fabric.Cluster) []netip.Prefix {
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		var subnets []netip.Prefix
		asns := map[model.ASN]bool{}
		for _, s := range c.Subnets {
			if fabric.FamilyOf(s.Prefix.Addr()) != f {
				continue
			}
			subnets = append(subnets, s.Prefix)
			for _, n := range s.Nodes {
				asns[n.ASN] = true
			}
		}
		if len(subnets) > 1 && len(asns) > 1 {
			return subnets
		}
	}
	return nil
}

// isMeshSingleHop reports whether the mesh of a release speaks with another AS on the node's own subnet only.
func isMeshSingleHop(v fabric.Version) bool {
	return v.AtLeast(fabric.Version{Major: 3, Minor: 26}) && !v.AtLeast(fabric.Version{Major: 3, Minor: 33})
}
