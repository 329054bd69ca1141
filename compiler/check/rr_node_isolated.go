package check

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "rr-node-isolated",
	Severity: diag.Error,
	Doc: `rr-node-isolated: without a node-to-node mesh every node must have a session

Calico peers all nodes with each other only while the mesh is on. It is off where a cluster has reflectors or switches, and
then a node that no reflector serves and no switch above it peers with hears of nobody's pods, and nobody of its own: they are
cut off as soon as the mesh is switched off, on that node alone. The write-up that the example leaf-spine follows shows it on
all nodes: the mesh off, the BGPPeers not yet written, and calicoctl node status says "No IPv4 peers found" everywhere.
Calico's documentation now warns that pods have no network from there on until other sessions exist.

Mend it by putting the node into a rack, by a reflector group for its rack or for the whole cluster, or by deleting
nodeToNodeMesh.`,
	Source: "Calico, Configure BGP peering: disable the default node-to-node mesh; calico#4992; write-up: a cluster with route reflectors below leaf switches",
	Run: func(p *Pass) {
		var connected map[*fabric.Node]bool
		for _, c := range p.Fabric.Clusters {
			if c.Mesh || c.PlannedNodes < 2 { // a node alone has nobody to peer with
				continue
			}
			if connected == nil {
				connected = connectedNodes(p.Fabric)
			}
			p.isolated(c, connected)
		}
	},
})

// connectedNodes returns the nodes that have a session.
func connectedNodes(f *fabric.Fabric) map[*fabric.Node]bool {
	connected := make(map[*fabric.Node]bool, len(f.Sessions))
	var last *fabric.Node // sessions are sorted by their first end
	for _, s := range f.Sessions {
		if n, ok := s.A.Device.(*fabric.Node); ok && n != last {
			connected[n], last = true, n
		}
		if n, ok := s.B.Device.(*fabric.Node); ok {
			connected[n] = true
		}
	}
	return connected
}

// isolated reports the nodes of a cluster without mesh that have no session: those of a rack that nothing serves as one.
func (p *Pass) isolated(c *fabric.Cluster, connected map[*fabric.Node]bool) {
	var isolated []*fabric.Node
	for _, n := range c.Nodes {
		if !connected[n] && !isolationTold(n) {
			isolated = append(isolated, n)
		}
	}
	if len(isolated) == 0 || clusterTold(p.Fabric, c) {
		return
	}
	switches := slices.ContainsFunc(c.Racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 })
	if len(c.Groups) == 0 && !switches && len(c.Model.Peers) == 0 {
		if needsNoBGP(c) {
			return
		}
		p.Reportf(c.At().Fields("bgp", "nodeToNodeMesh"), "the mesh of cluster %s is off, and nothing else gives its nodes a session: %s",
			c.Name, someOf(isolated, nodeName)).
			WithHint("delete nodeToNodeMesh, or declare routeReflectors")
		return
	}
	byRack := map[*fabric.Rack][]*fabric.Node{}
	for _, n := range isolated {
		if r := n.Rack; r == nil || len(r.Switches) > 0 || served(c, r) {
			p.isolatedNode(n)
		} else {
			byRack[r] = append(byRack[r], n)
		}
	}
	for _, r := range c.Racks {
		if nodes := byRack[r]; len(nodes) > 0 {
			d := p.Reportf(r.At(), "rack %s of cluster %s has neither switches nor reflectors, and the mesh is off: nobody peers with %s",
				r.Name, c.Name, someOf(nodes, nodeName))
			noteMesh(d, c)
			d.WithHint("declare a group with rack: %q in routeReflectors, or add the rack's switches", r.Name)
		}
	}
}

// needsNoBGP reports whether Felix alone carries the cluster's pods: it programs the routes of all of its pools.
func needsNoBGP(c *fabric.Cluster) bool {
	return !slices.ContainsFunc(c.Pools, func(pool *fabric.Pool) bool {
		return pool.Own() && !pool.LoadBalancerOnly() && !isFelix(pool)
	})
}

// isFelix reports whether Felix has the routes of a pool from the datastore: always of a VXLAN one, and of the others where
// BGPConfiguration leaves them to it (programClusterRoutes, by release; see simulate).
func isFelix(pool *fabric.Pool) bool {
	c, word := pool.Cluster, ""
	if c.Model.BGP != nil {
		word = c.Model.BGP.ProgramClusterRoutes
	}
	switch isIPIP := strings.HasPrefix(pool.Encapsulation, "IPIP"); {
	case strings.HasPrefix(pool.Encapsulation, "VXLAN"):
		return true
	case !c.Version.AtLeast(fabric.Version{Major: 3, Minor: 32}):
		return false
	case word == "Enabled" || word == "Disabled" || !c.Version.AtLeast(fabric.Version{Major: 3, Minor: 33}):
		return word == "Disabled"
	default: // EnabledNoEncapOnly is the default
		return isIPIP != (word == "EnabledIPIPOnly")
	}
}

// served reports whether a group reflects for the nodes of a rack; nil is the nodes in none.
func served(c *fabric.Cluster, r *fabric.Rack) bool {
	return slices.ContainsFunc(c.Groups, func(g *fabric.Group) bool { return serves(g, r) })
}

// isolatedNode reports one node, with the reason why what its cluster has does nothing for it.
func (p *Pass) isolatedNode(n *fabric.Node) {
	c, r := n.Cluster, n.Rack
	at, why, hint := n.At(), "", ""
	switch {
	case served(c, r):
		why = "no other node that reflects for it shares an address family with it"
		hint = "give it an address of the family that its reflectors have, or name a second reflector"
	case r == nil && len(c.Racks) > 0:
		why = "it is in no rack, and no group reflects for the whole cluster"
		hint = fmt.Sprintf("write rack: %q, or the rack that it is in", c.Racks[0].Name)
	case r == nil:
		why = "no peer is for it, and the cluster has no reflectors"
		hint = "declare routeReflectors, or delete nodeToNodeMesh"
	case r.ByReflectors:
		why = "no group reflects for its rack, and only reflectors peer with the switches"
		hint = fmt.Sprintf("declare a group with rack: %q in routeReflectors", r.Name)
	default:
		at = at.Field(addressFieldOf(n))
		why = fmt.Sprintf("no switch of its rack has an address on its subnet %s", ownSubnet(n))
		hint = fmt.Sprintf("give %s an interface with an address in %s, or correct the node's", r.Switches[0].Name, ownSubnet(n))
	}
	d := p.Reportf(at, "%s has no session: the mesh is off, and %s", deviceName(n), why)
	noteMesh(d, c)
	d.WithHint("%s", hint)
}

// noteMesh says why the mesh of a cluster is off.
func noteMesh(d *diag.Diagnostic, c *fabric.Cluster) {
	if b := c.Model.BGP; b != nil && b.NodeToNodeMesh != nil {
		d.Note(c.At().Fields("bgp", "nodeToNodeMesh"), "the mesh is switched off here")
	} else if len(c.Groups) > 0 {
		d.Note(c.At().Field("routeReflectors"), "the mesh is off since the cluster has reflectors")
	} else if i := slices.IndexFunc(c.Racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 }); i >= 0 {
		d.Note(c.Racks[i].At().Field("switches"), "the mesh is off since rack %s has switches", c.Racks[i].Name)
	}
}

// isolationTold reports whether another finding says why the node has no session, or where reflectors are listed before
// their clients, nobody can say yet.
func isolationTold(n *fabric.Node) bool {
	c := n.Cluster
	return lostRack(n) || lostAddress(n) || c.Incomplete && len(n.Reflects) > 0 ||
		n.Rack != nil && faultOf(n.Rack) != noFault ||
		slices.ContainsFunc(c.Groups, func(g *fabric.Group) bool {
			return serves(g, n.Rack) && (lostReflector(g) || len(g.Nodes) == 0)
		})
}

// clusterTold reports whether another finding may be the reason for whatever nodes of the cluster have no session: a peers
// entry that selects nobody, a peering that its reflectors should hold and it has none, one with an unknown cluster.
func clusterTold(f *fabric.Fabric, c *fabric.Cluster) bool {
	for _, e := range entriesOf(c) {
		if nodes, ok := e.selected(); !ok || len(nodes) == 0 {
			return true
		}
	}
	for _, p := range c.Peerings {
		if p.Via == fabric.ViaRouteReflectors && len(c.Groups) == 0 {
			return true
		}
	}
	linked := func(name string) bool {
		return slices.ContainsFunc(f.Peerings, func(p *fabric.Peering) bool { return p.Name == name })
	}
	for _, name := range sorted(f.Model.Peerings) {
		if slices.Contains(f.Model.Peerings[name].Clusters, c.Name) && !linked(name) {
			return true
		}
	}
	return false
}
