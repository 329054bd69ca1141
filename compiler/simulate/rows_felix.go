package simulate

import (
	"net/netip"
	"slices"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

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

// holder is the part of the node that has a prefix, the first of those that bring it in; nil: nobody's.
func (d *destination) holder() *Part {
	switch {
	case d.Owner != nil:
		return d.domain.parts[d.Owner.Index]
	case len(d.Origins) > 0:
		return d.domain.parts[d.Origins[0].Speaker.Index]
	}
	return nil
}

// hasTunnelAddress reports whether a pool gives the VXLAN device of each node of the part an address: one of VXLAN that is in use,
// selects it, and may be used for tunnels (node/pkg/allocateip). Without it Felix makes no device, and the others' Felix no routes to
// the node (felix/calc/vxlan_resolver.go, felix/dataplane/linux/vxlan_mgr.go).
func (p *Part) hasTunnelAddress(f fabric.Family) bool {
	return p != nil && p.rules != nil && slices.ContainsFunc(p.rules.pools, func(pool *pool) bool {
		spec := &pool.object.Spec
		isVXLAN := pool.vxlan != never && pool.vxlan != "" && !pool.disabled && fabric.FamilyOf(pool.cidr.Addr()) == f
		isForTunnels := len(spec.AllowedUses) == 0 || slices.Contains(spec.AllowedUses, v3.IPPoolAllowedUseTunnel)
		return isVXLAN && isForTunnels && (spec.NodeSelector == "" || p.rules.selection.isMatch(p.rules.selection.texts[spec.NodeSelector], p.rules.class))
	})
}

// tunnelAddress is the address that the node which has a prefix gives its VXLAN device: the first one of its first block in a
// VXLAN pool that gives out blocks, since calico-node asks IPAM before there are pods (node/pkg/allocateip). The zero Addr: it
// has no such block.
func (d *destination) tunnelAddress(o owned) netip.Addr {
	p := d.holder()
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
