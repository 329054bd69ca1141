package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "session-no-match",
	Severity: diag.Error,
	Doc: `session-no-match: every declared session must have a node to hold it

A selector that no node's labels match, a rack or group that nobody is in, a peering via reflectors with a cluster that has
none, a rack whose switches share no subnet with its nodes: each compiles to objects that Calico takes without a word, and
to no session at all. Where not all nodes are listed (capacity.nodes), a selector of the user's may match the others, so
it is a warning, and what topoc derives is not judged, but for a rack with switches of which no node is listed: the subnet of
its sessions is then unknown, so there are none. It is also a warning where only one of a rack's switches shares no subnet
with the nodes, or has no loopback in one of the families that they share.

Mend it by correcting the selector or the names, or by giving the two ends addresses on one subnet.`,
	Source: "Calico, BGPPeer: nodeSelector, peerSelector; confd/pkg/backends/calico/node_labels.go",
	Run: func(p *Pass) {
		used := map[*fabric.Peer]bool{}
		for _, s := range externalSessions(p.Fabric) {
			used[s.Peer] = true
		}
		for _, c := range p.Fabric.Clusters {
			for _, e := range entriesOf(c) {
				if !used[e.Peer] {
					p.matchEntry(e)
				}
			}
			for _, g := range c.Groups {
				if len(g.Model.Nodes) == 0 {
					p.Reportf(g.At().Field("nodes"), "reflector group %s of cluster %s names no node", g.Name, c.Name).
						WithHint("name two nodes, or delete the group")
				}
			}
		}
		p.matchRacks()
		p.matchSpeakers()
		for _, peering := range p.Fabric.Peerings {
			p.matchPeering(peering)
		}
	},
})

// matchEntry reports a peers entry that selects no node. One that selects nodes and has no session all the same lacks
// something else: see session-family-mismatch and session-own-address.
func (p *Pass) matchEntry(e entry) {
	nodes, ok := e.selected()
	c, m := e.Cluster, e.model
	if !ok || len(nodes) > 0 || slices.ContainsFunc(c.Nodes, lostRack) {
		return
	}
	group := slices.IndexFunc(c.Groups, func(g *fabric.Group) bool { return g.Name == m.RouteReflectors })
	switch {
	case group >= 0 && len(c.Groups[group].Nodes) == 0: // told at the group
	case m.Nodes != "":
		severity := p.Rule.Severity
		if c.Incomplete {
			severity = diag.Warning
		}
		p.Report(severity, e.At.Field("nodes"), "peer %s of cluster %s selects %s, which matches none of %s", e.Name, c.Name,
			strconv.Quote(m.Nodes), narrowed(e)).
			WithHint("%s", exampleSelector(c))
	case c.Incomplete:
	case group >= 0:
		p.Reportf(e.At.Field("routeReflectors"), "peer %s of cluster %s is for the reflectors of group %s in rack %s, and none of them is there",
			e.Name, c.Name, m.RouteReflectors, m.Rack).
			Note(c.Groups[group].At().Field("nodes"), "the group's reflectors are named here").
			WithHint("delete rack")
	case m.Rack != "":
		p.Reportf(e.At.Field("rack"), "peer %s of cluster %s is for the nodes of rack %s, and no node is in it", e.Name, c.Name, m.Rack).
			Note(c.Rack(m.Rack).At(), "the rack is declared here").
			WithHint("write rack: %q at the nodes that are in it", m.Rack)
	}
}

// narrowed names the nodes that an entry's own selector chooses from.
func narrowed(e entry) string {
	switch {
	case e.model.RouteReflectors != "":
		return "the reflectors of group " + e.model.RouteReflectors
	case e.model.Rack != "":
		return "the nodes of rack " + e.model.Rack
	}
	return fmt.Sprintf("its %d nodes", len(e.Cluster.Nodes))
}

// exampleSelector shows a selector that matches a node of the cluster.
func exampleSelector(c *fabric.Cluster) string {
	for _, n := range c.Nodes {
		if len(n.Labels) > 0 {
			return fmt.Sprintf("select by labels that nodes have, as in %s == '%s', which node %s has", n.Labels[0].Key, n.Labels[0].Value, n.Name)
		}
	}
	return "give the nodes that are meant a label of that name and value"
}

func (p *Pass) matchRacks() {
	told := map[*fabric.Switch]bool{} // for lack of a loopback, which several racks may want
	for _, c := range p.Fabric.Clusters {
		for _, r := range c.Racks {
			p.matchRack(r, told)
		}
	}
}

func (p *Pass) matchRack(r *fabric.Rack, told map[*fabric.Switch]bool) {
	c, at := r.Cluster, r.At()
	switch faultOf(r) {
	case emptyRack:
		p.Reportf(at.Field("switches"), "rack %s of cluster %s has switches, and no node is in it", r.Name, c.Name).
			WithHint("write rack: %q at the nodes that are in it, or delete the rack", r.Name)
	case unlistedRack:
		p.Warnf(at.Field("switches"), "rack %s of cluster %s has switches, and no node of it is listed: on which subnet its sessions run is unknown, so it gets none",
			r.Name, c.Name).
			Note(c.At().Fields("capacity", "nodes"), "more nodes are planned than listed").
			WithHint("list one node of the rack, with its address and rack: %q", r.Name)
	case withoutReflector:
		p.Reportf(at.Field("peer"), "the reflectors of rack %s of cluster %s hold its sessions to switches, and none of its %s reflects",
			r.Name, c.Name, count(len(r.Nodes), "node")).
			WithHint("declare a group of two of them in routeReflectors, or delete peer: then every node peers")
	case offSubnet:
		if slices.ContainsFunc(r.Switches, func(s *fabric.Switch) bool { return p.isNearly(r, s) }) {
			return
		}
		d := p.Reportf(at.Field("switches"), "no switch of rack %s of cluster %s has an address on a subnet of its nodes: %s is in %s",
			r.Name, c.Name, deviceName(r.Speakers()[0]), ownSubnet(r.Speakers()[0]))
		for _, s := range r.Switches {
			d.Note(s.At().Field("interfaces"), "switch %s has %s", s.Name, addressesOf(s))
		}
		d.WithHint("give %s an interface with an address in %s", r.Switches[0].Name, ownSubnet(r.Speakers()[0]))
	case withoutLoopback, noFault:
		for i, s := range r.Switches {
			if !shares(r, s) && p.isNearly(r, s) {
				continue
			}
			if !shares(r, s) {
				p.Warnf(at.Field("switches").Index(i), "switch %s has no address on a subnet of the nodes of rack %s of cluster %s: it gets no session of them",
					s.Name, r.Name, c.Name).
					Note(s.At().Field("interfaces"), "it has %s", addressesOf(s)).
					WithHint("give %s an interface with an address in %s", s.Name, ownSubnet(r.Speakers()[0]))
			} else if lacksLoopback(r, s) && !told[s] {
				told[s] = true
				p.reportLoopback(r, s)
			} else if lacking, ok := halfLoopback(r, s); ok && !told[s] {
				told[s] = true
				d := p.Warnf(s.At().Field("loopback"), "rack %s of cluster %s has no %s sessions with switch %s: they run to its loopback, which is %s",
					r.Name, c.Name, lacking, s.Name, loopbacksOf(s)).
					Note(at.Field("session"), "the rack asks for it here")
				hintLoopback(d, s, lacking)
			}
		}
	}
}

func (p *Pass) reportLoopback(r *fabric.Rack, s *fabric.Switch) {
	family := fabric.IPv4
	if !sharesFamily(r, s, fabric.IPv4) {
		family = fabric.IPv6
	}
	d := p.Reportf(s.At().Field("loopback"), "the sessions of rack %s of cluster %s run to the %s loopback of switch %s, which has %s",
		r.Name, r.Cluster.Name, family, s.Name, loopbacksOf(s)).
		Note(r.At().Field("session"), "the rack asks for it here")
	hintLoopback(d, s, family)
}

// hintLoopback proposes a loopback of a family that the switch has none of.
func hintLoopback(d *diag.Diagnostic, s *fabric.Switch, lacking fabric.Family) {
	example := map[fabric.Family]string{fabric.IPv4: "192.0.2.1/32", fabric.IPv6: "2001:db8::1/128"}[lacking]
	switch {
	case !s.Loopback.IsValid():
		d.WithHint("give %s one of that family, as in loopback: %q", s.Name, example)
	case lacking == fabric.IPv6:
		d.WithHint("give %s one of that family too, as in loopback6: %q", s.Name, example)
	default:
		d.WithHint("give %s one of that family too, as in loopback: %q, loopback6: %q", s.Name, example, s.Loopback)
	}
}

// loopbacksOf lists the loopbacks of a switch.
func loopbacksOf(s *fabric.Switch) string {
	all := slices.DeleteFunc([]netip.Prefix{s.Loopback, s.Loopback6}, func(p netip.Prefix) bool { return !p.IsValid() })
	if len(all) == 0 {
		return "none"
	}
	return someOf(all, netip.Prefix.String)
}

// matchPeering reports a peering that a side has no speakers for.
func (p *Pass) matchPeering(peering *fabric.Peering) {
	var silent []*fabric.Cluster
	for _, c := range peering.Clusters {
		if peering.Via == fabric.ViaRouteReflectors && len(c.Groups) == 0 ||
			peering.Via == fabric.ViaNodes && len(c.Nodes) == 0 && !c.Incomplete {
			silent = append(silent, c)
		}
	}
	switch {
	case len(silent) == 0:
	case peering.Via == fabric.ViaNodes:
		p.Reportf(peering.At().Field("clusters"), "peering %s joins the nodes of two clusters, and cluster %s has none", peering.Name, silent[0].Name).
			Note(silent[0].At(), "the cluster is declared here").
			WithHint("declare the nodes of cluster %s", silent[0].Name)
	case len(silent) == 2:
		p.Reportf(peering.At().Field("via"), "peering %s runs between route reflectors, and neither cluster %s nor cluster %s has any",
			peering.Name, silent[0].Name, silent[1].Name).
			WithHint(`write via: "nodes", or declare routeReflectors in both clusters`)
	default:
		i := slices.Index(peering.Clusters[:], silent[0])
		p.Reportf(peering.At().Field("clusters").Index(i), "peering %s runs between route reflectors, and cluster %s has none",
			peering.Name, silent[0].Name).
			Note(silent[0].At(), "the cluster is declared here").
			WithHint("declare two nodes of cluster %s in its routeReflectors", silent[0].Name)
	}
}
