package simulate

import (
	"cmp"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// addDestinations fills a domain with all routes that its speakers bring in, as few destinations as tell apart what policies
// judge differently: d.network.Destinations and d.dests, sorted by prefix. The domain's speakers and ends, with their
// policies, are complete.
func addDestinations(r *Result, d *domain) {
	b := &destinationBuilder{result: r, domain: d, exact: map[netip.Prefix]*draft{}, classes: map[blockClass]*draft{}}
	b.raises()
	for _, p := range d.parts {
		switch {
		case p.rules != nil:
			b.services(p)
			b.direct(p)
		case p.Router != nil:
			b.networks(p)
			b.statics(p)
			b.defaults(p)
		}
	}
	b.pods()
	b.finish()
}

// destinationBuilder collects the destinations of one domain.
type destinationBuilder struct {
	result  *Result
	domain  *domain
	drafts  []*draft
	exact   map[netip.Prefix]*draft // that stand for one prefix, which several parts may bring in
	classes map[blockClass]*draft
	cuts    *cuts
}

// draft is a destination in the making.
type draft struct {
	destination
	origins []bgp.Origination
	owner   *Part // whose members each have prefixes of their own; nil: none
	isFirst bool
}

// at returns the draft of one prefix, made when somebody brings it in first: what it is, he says.
func (b *destinationBuilder) at(p netip.Prefix, made destination) *draft {
	if known := b.exact[p]; known != nil {
		return known
	}
	n := &draft{destination: made}
	n.owned = []owned{{prefix: p}}
	b.exact[p] = n
	b.drafts = append(b.drafts, n)
	return n
}

// bring adds a route of a speaker's own, once for each source.
func (n *draft) bring(o bgp.Origination) {
	for i := range n.origins {
		if known := &n.origins[i]; known.Speaker == o.Speaker && known.Source == o.Source && known.Others == o.Others {
			return
		}
	}
	n.origins = append(n.origins, o)
}

// BIRD's preferences of a node's own routes (BIRD, nest/protocol.h).
const (
	directPreference = 240
	staticPreference = 200
	kernelPreference = 10
)

// speaker is the part's speaker in the domain.
func (b *destinationBuilder) speaker(p *Part) *bgp.Speaker {
	return p.speakers[familyIndex(b.domain.family)]
}

// blackhole is a static route that a node's BIRD has for what it announces.
func (b *destinationBuilder) blackhole(p *Part) bgp.Origination {
	return bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromStatic, Preference: staticPreference}
}

// services brings in what nodes announce of services: ranges as they stand, and the single addresses of local ones.
func (b *destinationBuilder) services(p *Part) {
	if p.rules.isExcluded {
		return
	}
	for i := range p.rules.services {
		s := &p.rules.services[i]
		if !p.rules.originates(s) || fabric.FamilyOf(s.prefix.Addr()) != b.domain.family {
			continue
		}
		kind := serviceWhole
		if s.prefix.IsSingleIP() {
			kind = serviceHost
		}
		n := b.at(s.prefix, destination{kind: kind, cluster: p.Cluster, ranges: s.kind, at: p.rules.serviceAt(s)})
		n.bring(b.blackhole(p))
	}
	for _, host := range p.rules.localServices(p.Nodes[0], b.domain.family) {
		n := b.at(host, destination{kind: serviceHost, cluster: p.Cluster, ranges: p.rules.serviceOf(host.Addr()).kind,
			at: p.Nodes[0].At().Field("localServices")})
		n.bring(b.blackhole(p))
	}
}

// networks brings in the subnets and loopbacks that a switch announces.
func (b *destinationBuilder) networks(p *Part) {
	for _, network := range p.Router.Networks {
		if fabric.FamilyOf(network.Addr()) == b.domain.family {
			b.at(network, destination{kind: switchNet, at: networkAt(p, network)}).bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromDirect})
		}
	}
}

// networkAt is where a switch's subnet or loopback is declared.
func networkAt(p *Part, network netip.Prefix) source.Path {
	for _, i := range p.Switch.Interfaces {
		if i.VRF == p.VRF && (i.Address.Masked() == network || i.Address6.Masked() == network) {
			return i.At()
		}
	}
	return p.Switch.At().Field("loopback")
}

// statics brings in the static routes that a switch redistributes.
func (b *destinationBuilder) statics(p *Part) {
	for _, r := range p.Switch.Statics {
		if r.VRF != p.VRF || fabric.FamilyOf(r.Prefix.Addr()) != b.domain.family || !redistributes(p.Router, r) ||
			!p.ground[familyIndex(b.domain.family)].hasStatic(r.Prefix) {
			continue
		}
		n := b.at(r.Prefix, destination{kind: staticRoute, cluster: r.Cluster, ranges: r.Kind, at: r.At})
		n.bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromStatic, Incomplete: true, Gateway: b.staticHop(p, r.Prefix)})
	}
}

// staticHop is the NEXT_HOP of a static route that a switch announces: the lowest of its gateways (FRR, bgpd/bgp_zebra.c
// zebra_read_route).
func (b *destinationBuilder) staticHop(p *Part, prefix netip.Prefix) *bgp.Hop {
	g := p.ground[familyIndex(b.domain.family)]
	i := slices.IndexFunc(g.statics, func(s static) bool { return s.prefix == prefix })
	gateway := g.statics[i].action.hops[0].gateway
	for _, h := range b.domain.network.Hops {
		if h.Speaker != nil && len(h.Addrs) == 1 && h.Addrs[0] == gateway {
			return h
		}
	}
	return b.gatewayHop(gateway)
}

// redistributes reports whether a router announces a static route.
func redistributes(router *fabric.BGPRouter, r *fabric.StaticRoute) bool {
	for _, redistribution := range router.Redistribute {
		if redistribution.Family != fabric.FamilyOf(r.Prefix.Addr()) {
			continue
		}
		for _, t := range redistribution.Policy.Terms {
			if (t.Tag == 0 || t.Tag == r.Tag) && (t.PrefixList == nil || permits(t.PrefixList.Entries, r.Prefix)) {
				return true
			}
		}
	}
	return false
}

// defaults brings in the default route that a switch makes for some of its sessions.
func (b *destinationBuilder) defaults(p *Part) {
	index := familyIndex(b.domain.family)
	var only []*bgp.End
	for _, s := range p.Sessions {
		if config := s.familyConfig(b.domain.family); config != nil && config.DefaultOriginate && s.ends[index] != nil {
			only = append(only, s.ends[index])
		}
	}
	if only == nil {
		return
	}
	everything := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if b.domain.family == fabric.IPv6 {
		everything = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	n := b.at(everything, destination{kind: defaultNet, at: p.Switch.At().Fields("bgp", "defaultOriginate")})
	n.bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromStatic, Only: only})
}

// raises notes whether any filter sets priorities, or routes have no metric: else all LOCAL_PREF are normal.
func (b *destinationBuilder) raises() {
	var last *clusterRules
	for _, p := range b.domain.parts {
		if p.rules == nil || p.rules.clusterRules == last {
			continue
		}
		last = p.rules.clusterRules
		b.domain.raises = b.domain.raises || last.setsPriorities() || b.domain.family == fabric.IPv4 && last.elevatesFelix()
	}
}

// setsPriorities reports whether a BGPFilter of the cluster does.
func (r *clusterRules) setsPriorities() bool {
	for _, f := range r.objects.BGPFilters {
		for _, dir := range []direction{imports, exports} {
			for _, family := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
				rules, _ := filterRules(f, family, dir)
				for i := range rules {
					for _, op := range rules[i].newer.Operations {
						if op.SetPriority != nil {
							return true
						}
					}
				}
			}
		}
	}
	return false
}

// finish sorts the drafts and makes destinations of them.
func (b *destinationBuilder) finish() {
	for _, n := range b.drafts {
		n.Destination = &bgp.Destination{Prefix: n.owned[0].prefix, Origins: n.origins}
		if n.owner != nil {
			n.Owner, n.First = b.speaker(n.owner), n.isFirst
		}
		n.domain = b.domain
		n.infra = n.infra || n.kind == switchNet || n.kind == staticRoute || n.kind == defaultNet || b.result.hasDevice(n.Prefix)
		slices.SortFunc(n.owned, func(x, y owned) int {
			return cmp.Or(fabric.ComparePrefix(x.prefix, y.prefix), cmp.Compare(x.member, y.member))
		})
	}
	slices.SortStableFunc(b.drafts, func(x, y *draft) int { return fabric.ComparePrefix(x.Prefix, y.Prefix) })
	d := b.domain
	d.dests = make([]*destination, len(b.drafts))
	d.network.Destinations = make([]*bgp.Destination, len(b.drafts))
	for i, n := range b.drafts {
		n.Index = i
		d.dests[i], d.network.Destinations[i] = &n.destination, n.Destination
	}
	b.cover()
}

// cover finds what each destination lies in.
func (b *destinationBuilder) cover() {
	var around []*destination                // shortest first
	var blocks map[netip.Prefix]*destination // where something that is no block lies in a pool
	for _, n := range b.drafts {
		for len(around) > 0 && !covering(around[len(around)-1].Prefix, n.Prefix) {
			around = around[:len(around)-1]
		}
		n.covers = slices.Clone(around)
		slices.Reverse(n.covers)
		if n.kind != podBlock && b.cuts.pools.LookupPrefix(n.Prefix) {
			if blocks == nil {
				blocks = b.blocks()
			}
			n.coverWith(blocks)
		}
		if len(around) == 0 || around[len(around)-1].Prefix != n.Prefix {
			around = append(around, &n.destination)
		}
	}
}
