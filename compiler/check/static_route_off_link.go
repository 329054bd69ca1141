package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "static-route-off-link",
	Severity: diag.Error,
	Doc: `static-route-off-link: the next hop of a static route must be on a subnet of the device

A next hop is found by ARP or neighbor discovery, so it has to be in a subnet that the device has an address in. Linux refuses
such a route ("Nexthop has invalid gateway"); most switches take it and leave it inactive.

Mend it by naming nodes on the device's own subnets in "via". A host elsewhere needs no routes of its own: its gateway needs
them.`,
	Source: "Linux, net/ipv4/fib_semantics.c: Nexthop has invalid gateway; RFC 1122 section 3.3.1.1",
	Run: func(p *Pass) {
		for _, h := range p.Fabric.Hosts {
			routes := make([]*fabric.StaticRoute, len(h.Routes))
			for i := range h.Routes {
				routes[i] = &h.Routes[i]
			}
			if p.hostElsewhere(h, routes) {
				continue
			}
			p.offLink(h, routes, h.Model.Routes, func(*fabric.StaticRoute) []netip.Prefix { return []netip.Prefix{h.Address, h.Address6} })
		}
		for _, s := range p.Fabric.Switches {
			p.offLink(s, s.Statics, s.Model.StaticRoutes, func(r *fabric.StaticRoute) []netip.Prefix { return switchSubnets(s, r.VRF) })
		}
	},
})

// hostElsewhere reports a host that has its subnet to itself, where none of the next hops of its routes is, of which there are
// several: then its address is the one that is wrong.
func (p *Pass) hostElsewhere(h *fabric.Host, routes []*fabric.StaticRoute) bool {
	subnet := h.Address.Masked()
	hops := map[netip.Addr]*fabric.Node{}
	var first *fabric.Node
	for _, r := range routes {
		for i, hop := range r.NextHops {
			if hop.Is4() && h.Address.IsValid() {
				if subnet.Contains(hop) || r.Nodes[i].Addr(fabric.IPv4) != hop {
					return false
				}
				if hops[hop] = r.Nodes[i]; first == nil {
					first = r.Nodes[i]
				}
			}
		}
	}
	isShared := slices.ContainsFunc(p.space().addresses, func(a *address) bool { return a.device != h && a.prefix.Masked() == subnet })
	if len(hops) < 2 || isShared {
		return false
	}
	d := p.Reportf(h.At().Field("address"), "host %s has %s, and none of the %d nodes that its routes lead over is in %s", h.Name, h.Address, len(hops), subnet).
		Note(first.At().Field("address"), "%s has %s", deviceName(first), first.Address)
	if free, ok := p.freeAddress(first.Address); ok {
		d.WithHint("write an address on the network of the nodes, such as %q, or give the routes to the router in between", free)
	} else {
		d.WithHint("write an address of %s, or give the routes to the router in between", first.Address.Masked())
	}
	return true
}

// switchSubnets returns the addresses that a switch has in a VRF, with the lengths of their subnets.
func switchSubnets(s *fabric.Switch, vrf string) []netip.Prefix {
	var own []netip.Prefix
	for _, i := range s.Interfaces {
		if i.VRF == vrf {
			own = append(own, i.Address, i.Address6)
		}
	}
	for _, e := range s.Links {
		if e.VRF == vrf {
			own = append(own, e.Address, e.Address6)
		}
	}
	return slices.DeleteFunc(own, func(a netip.Prefix) bool { return !a.IsValid() })
}

// offLink reports each via list once, at the first node of it that is off every subnet of the device. Families that the device
// has no subnet of are not judged: nothing is known of its addresses then.
func (p *Pass) offLink(d fabric.Device, routes []*fabric.StaticRoute, written map[string]*model.StaticRoutes, subnetsOf func(*fabric.StaticRoute) []netip.Prefix) {
	told := map[source.Path]bool{}
	for _, r := range routes {
		f := fabric.FamilyOf(r.Prefix.Addr())
		own := slices.DeleteFunc(subnetsOf(r), func(a netip.Prefix) bool { return !a.IsValid() || fabric.FamilyOf(a.Addr()) != f })
		if len(own) == 0 || told[r.At] {
			continue
		}
		var off []int // indexes into NextHops
		for i, hop := range r.NextHops {
			if !slices.ContainsFunc(own, func(a netip.Prefix) bool { return a.Masked().Contains(hop) }) {
				off = append(off, i)
			}
		}
		if len(off) == 0 {
			continue
		}
		told[r.At] = true
		p.reportOffLink(d, r, off, own, written[r.Cluster.Name].Via)
	}
}

func (p *Pass) reportOffLink(d fabric.Device, r *fabric.StaticRoute, off []int, own []netip.Prefix, via []string) {
	first := r.Nodes[off[0]]
	at := r.At.Field("via").Index(max(0, slices.Index(via, first.Name)))
	where := own[0].Masked().String()
	if len(own) > 1 {
		where += andOthers(len(own)-1, "other subnet")
	}
	finding := p.Reportf(at, "%s has a route via node %s at %s%s, off its subnet %s", deviceName(d), first.DeviceName(), r.NextHops[off[0]],
		andOthers(len(off)-1, "other node"), where)
	for _, i := range off[:min(len(off), maxNotes)] {
		n := r.Nodes[i]
		finding.Note(n.At().Field(addressField(n.Prefix(fabric.FamilyOf(r.NextHops[i])))), "node %s has %s", n.DeviceName(), r.NextHops[i])
	}
	for _, n := range r.Cluster.Nodes {
		if a := n.Addr(fabric.FamilyOf(own[0].Addr())); a.IsValid() && own[0].Masked().Contains(a) && !slices.Contains(r.Nodes, n) {
			finding.WithHint("write %q, which is in %s", n.Name, own[0].Masked())
			return
		}
	}
	if len(off) < len(r.NextHops) {
		finding.WithHint("delete %q from via", first.Name)
		return
	}
	finding.WithHint("correct the address of %s, or give the route to the router between it and the nodes", deviceName(d))
}
