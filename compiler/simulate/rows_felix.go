package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// Felix's devices of VXLAN: that of IPv6 has a name of its own (felix/dataplane/linux/dataplanedefs).
const (
	vxlanTunnel  = "vxlan.calico"
	vxlanTunnel6 = "vxlan-v6.calico"
)

// asFelixWrites puts a route to a prefix as Felix writes it, where it is Felix's (felix/dataplane/linux/vxlan_mgr.go, ipip_mgr.go
// and route_mgr.go, felix/routetable): onlink, whether through a tunnel or to its own subnet. Through VXLAN the gateway is the
// far end's address in the tunnel, and the protocol boot, which `ip route` does not print.
func (r RouteRow) asFelixWrites(d *destination, o owned) RouteRow {
	if r.Proto != felixProto || r.Type != Unicast {
		return r
	}
	for i := range r.NextHops {
		nh := &r.NextHops[i]
		nh.OnLink = true
		if nh.Interface != vxlanTunnel {
			continue
		}
		r.Proto = ""
		if d.domain.family == fabric.IPv6 {
			nh.Interface = vxlanTunnel6
		}
		nh.Address = d.tunnelAddress(o)
		if nh.Address == r.Prefix.Addr() && r.Prefix.IsSingleIP() { // a block of one address is the far end itself
			nh.Address, nh.OnLink = netip.Addr{}, false
		}
	}
	return r
}

// tunnelAddress is the address that the node which has a prefix gives its VXLAN device: the first one of its first block in a
// VXLAN pool that gives out blocks, since calico-node asks IPAM before there are pods (node/pkg/allocateip). The zero Addr: it
// has no such block.
func (d *destination) tunnelAddress(o owned) netip.Addr {
	var p *Part
	switch {
	case d.Owner != nil:
		p = d.domain.parts[d.Owner.Index]
	case len(d.Origins) > 0:
		p = d.domain.parts[d.Origins[0].Speaker.Index]
	}
	if p == nil || p.Nodes == nil || p.rules == nil {
		return netip.Addr{}
	}
	for _, h := range p.rules.allocations().of[p.Nodes[o.member]] {
		isOfPool := func(pool *pool) bool {
			return pool.name == h.pool && !pool.disabled && pool.vxlan != never && pool.vxlan != ""
		}
		if !h.borrowed && fabric.FamilyOf(h.prefix.Addr()) == d.domain.family && slices.ContainsFunc(p.rules.pools, isOfPool) {
			return h.prefix.Addr()
		}
	}
	return netip.Addr{}
}
