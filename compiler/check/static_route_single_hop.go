package check

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "static-route-single-hop",
	Severity: diag.Warning,
	Doc: `static-route-single-hop: static routes to a cluster should lead over more than one node

A static route knows nothing of the node it leads over. While that node is drained, upgraded or dead, the host or switch reaches
nothing in the cluster, on whichever nodes the pods run. The one node also forwards all of the traffic, and where it is on the
sender's own subnet answers with ICMP redirects to the others. With two next hops some connections still go to the one that is
down, until somebody takes it out; the others live. Not told where no other node of the cluster is on a subnet of the device.

Mend it by naming a second node in via.`,
	Source: "write-up: a cluster behind static routes, where BGP ends at the nodes; RFC 1812 section 5.2.7.2, on redirects",
	Run: func(p *Pass) {
		for _, h := range p.Fabric.Hosts {
			routes := make([]*fabric.StaticRoute, len(h.Routes))
			for i := range h.Routes {
				routes[i] = &h.Routes[i]
			}
			p.singleHop(h, routes, h.Model.Routes, func(*fabric.StaticRoute) []netip.Prefix { return []netip.Prefix{h.Address, h.Address6} })
		}
		for _, s := range p.Fabric.Switches {
			p.singleHop(s, s.Statics, s.Model.StaticRoutes, func(r *fabric.StaticRoute) []netip.Prefix { return switchSubnets(s, r.VRF) })
		}
	},
})

// singleHop reports each via list once, at the first of its routes that has one next hop and could have another.
func (p *Pass) singleHop(d fabric.Device, routes []*fabric.StaticRoute, written map[string]*model.StaticRoutes, subnetsOf func(*fabric.StaticRoute) []netip.Prefix) {
	told := map[source.Path]bool{}
	for _, r := range routes {
		if len(r.NextHops) > 1 || told[r.At] {
			continue
		}
		own := subnetsOf(r)
		if !onLink(r.NextHops[0], own) ||
			slices.ContainsFunc(written[r.Cluster.Name].Via, func(name string) bool { return r.Cluster.Node(name) == nil }) {
			continue // static-route-off-link and static-route-not-a-node tell
		}
		family := fabric.FamilyOf(r.NextHops[0])
		i := slices.IndexFunc(r.Cluster.Nodes, func(n *fabric.Node) bool { return n != r.Nodes[0] && hasAddressIn(n, own, family) })
		if i < 0 {
			continue
		}
		told[r.At] = true
		what := "cluster " + r.Cluster.Name
		if slices.ContainsFunc(routes, func(other *fabric.StaticRoute) bool { return other.At == r.At && len(other.NextHops) > 1 }) {
			what = fmt.Sprintf("the %s ranges of %s", family, what)
		}
		p.Reportf(r.At.Field("via"), "%s reaches %s over node %s alone: while that node is down it reaches nothing there, though the cluster has %d nodes",
			deviceName(d), what, r.Nodes[0].Name, r.Cluster.PlannedNodes).
			Note(r.Nodes[0].At(), "node %s is declared here", r.Nodes[0].Name).
			WithHint("add %q to via", r.Cluster.Nodes[i].Name)
	}
}

// onLink reports whether an address is in one of the subnets, some of which may be the zero Prefix.
func onLink(a netip.Addr, subnets []netip.Prefix) bool {
	return slices.ContainsFunc(subnets, func(own netip.Prefix) bool { return own.IsValid() && own.Masked().Contains(a) })
}

// hasAddressIn reports whether a node has an address of a family in one of the subnets, its own or a further NIC's.
func hasAddressIn(n *fabric.Node, subnets []netip.Prefix, f fabric.Family) bool {
	is := func(p netip.Prefix) bool {
		return p.IsValid() && fabric.FamilyOf(p.Addr()) == f && onLink(p.Addr(), subnets)
	}
	return is(n.Address) || is(n.Address6) ||
		slices.ContainsFunc(n.NICs, func(nic fabric.NIC) bool { return is(nic.Address) || is(nic.Address6) })
}
