package simulate

import (
	"cmp"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// felix brings in Felix's routes to a node's block at the other nodes of its cluster. BIRD learns them from the kernel as it
// does those of anybody else, and tells them on: on eBGP sessions, and on iBGP ones where they lead through no tunnel.
func (b *destinationBuilder) felix(d *draft, owner *Part, over *pool) {
	if over == nil || !owner.rules.isFelix(over) {
		return
	}
	far := owner.Nodes[0].Addr(b.domain.family)
	gateway := b.hopOf(owner)
	if gateway == nil {
		return
	}
	for _, p := range b.domain.parts {
		if p.rules == nil || p.Cluster != owner.Cluster || p == owner && p.Size() == 1 {
			continue
		}
		own := p.Nodes[0].Prefix(b.domain.family)
		tunnel, ok := over.felixTunnel(own.Masked().Contains(far))
		if !ok || tunnel == vxlanTunnel && !(p.hasTunnelAddress(b.domain.family) && owner.hasTunnelAddress(b.domain.family)) {
			continue
		}
		d.bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromKernel, Preference: kernelPreference, Gateway: gateway,
			Interface: cmp.Or(tunnel, p.Nodes[0].Interface), Tunneled: tunnel != "", Others: p == owner})
	}
}

// hopOf returns the node addresses of a part; nil: it has none of the family.
func (b *destinationBuilder) hopOf(p *Part) *bgp.Hop {
	a := p.Nodes[0].Addr(b.domain.family)
	i := slices.IndexFunc(b.domain.network.Hops, func(h *bgp.Hop) bool { return h.Speaker == b.speaker(p) && h.Addrs[0] == a })
	if !a.IsValid() || i < 0 {
		return nil
	}
	return b.domain.network.Hops[i]
}

// elevatesFelix reports whether it matters that Felix's routes have no metric with IPv4, so that their LOCAL_PREF is the highest:
// to iBGP peers, who are told of those that lead through no tunnel, and within a node's own blocks.
func (r *clusterRules) elevatesFelix() bool {
	return r.version.AtLeast(mapsPriorities) && slices.ContainsFunc(r.pools, func(p *pool) bool {
		tunnel, _ := p.felixTunnel(true)
		return p.cidr.Addr().Is4() && r.isFelix(p) && (tunnel == "" || len(r.allocations().lenders) > 0)
	})
}

// hasFelixPool reports whether Felix programs the routes of a pool of the family.
func (r *clusterRules) hasFelixPool(f fabric.Family) bool {
	return slices.ContainsFunc(r.pools, func(p *pool) bool { return fabric.FamilyOf(p.cidr.Addr()) == f && r.isFelix(p) })
}
