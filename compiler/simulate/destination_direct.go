package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// direct brings in what nodes have in BIRD's table beside pods and services: their connected subnets, the ways to peers that
// reachableBy says, and the kernel's default route (bird.cfg.template, protocols direct, static and kernel). They are told
// where a BGPFilter accepts them or a pool covers them. The others, which nobody hears of, are left out.
func (b *destinationBuilder) direct(p *Part) {
	g := p.ground[familyIndex(b.domain.family)]
	for i := range g.attached {
		at := &g.attached[i]
		if iface := at.iface[0]; b.mayTell(p, at.subnet) && !p.rules.ignores(iface) {
			b.at(at.subnet, destination{kind: switchNet, at: p.Nodes[0].At()}).
				bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromDirect, Preference: directPreference, Interface: iface})
		}
	}
	for _, s := range g.statics { // of reachableBy: one gateway each
		via := s.action.hops[0].gateway
		if on := g.attachmentTo(via, nil); on != nil && b.mayTell(p, s.prefix) {
			b.at(s.prefix, destination{kind: staticRoute, at: p.Cluster.At().Field("peers")}).
				bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromDirect, Preference: staticPreference, Interface: on.iface[0],
					Gateway: b.gatewayHop(via)}) // not FromStatic, which all sessions are told of
		}
	}
	on := g.attachmentTo(g.gateway, nil)
	everything := defaultPrefix(b.domain.family)
	if on == nil || !b.mayTell(p, everything) {
		return
	}
	b.at(everything, destination{kind: defaultNet, at: p.Nodes[0].At().Field("gateway")}).
		bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromKernel, Preference: kernelPreference, Interface: on.iface[0],
			Gateway: b.gatewayHop(g.gateway)})
	b.domain.raises = b.domain.raises || everything.Addr().Is4() && p.rules.version.AtLeast(mapsPriorities) // see withoutMetric
}

// mayTell reports whether some session of the part's may announce a route to a prefix that is neither a block nor a service.
func (b *destinationBuilder) mayTell(p *Part, prefix netip.Prefix) bool {
	if slices.ContainsFunc(p.rules.pools, func(o *pool) bool { return !o.disableBGPExport && covering(o.cidr, prefix) }) {
		return true
	}
	for _, s := range p.Sessions {
		if s.peer == nil || s.ends[familyIndex(b.domain.family)] == nil {
			continue
		}
		for _, st := range p.rules.filterStatements(s.peer.filters, b.domain.family, exports, s.peerType()) {
			if st.verdict == bgp.Accept && st.prefix.matches(prefix) {
				return true
			}
		}
	}
	return false
}

// ignores reports whether ignoredInterfaces hides an interface from BIRD.
func (r *clusterRules) ignores(iface string) bool {
	c := r.objects.BGPConfiguration
	return c != nil && slices.ContainsFunc(c.Spec.IgnoredInterfaces, func(pattern string) bool { return matchesInterface(pattern, iface) })
}

// gatewayHop returns the Hop of a gateway, made when it is needed first.
func (b *destinationBuilder) gatewayHop(a netip.Addr) *bgp.Hop {
	n := b.domain.network
	i := slices.IndexFunc(n.Hops, func(h *bgp.Hop) bool { return h.Speaker == nil && h.Addrs[0] == a })
	if i < 0 {
		i = len(n.Hops)
		n.Hops = append(n.Hops, &bgp.Hop{Index: i, Addrs: []netip.Addr{a}})
	}
	return n.Hops[i]
}

// kernelMetric is the metric of the kernel's routes that nobody gave one.
func kernelMetric(f fabric.Family) uint32 {
	if f == fabric.IPv6 {
		return 1024
	}
	return 0
}
