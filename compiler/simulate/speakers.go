package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// birdMaxPaths is how many next hops BIRD's "merge paths" merges (nest/config.Y).
const birdMaxPaths = 16

// makeDomains joins the parts whose sessions fit together, for each family of routes, and makes the speakers of each domain,
// their sessions and the addresses that they announce. Domains are sorted by family, then by the first part. Destinations and
// Resolve are not set.
func makeDomains(r *Result) []*domain {
	var domains []*domain
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		for _, parts := range joinParts(r.Parts, f) {
			domains = append(domains, &domain{family: f, network: &bgp.Network{}, parts: parts})
		}
	}
	inParallel(len(domains), func(i int) {
		b := domainBuilder{domain: domains[i], hops: map[hopKey]*bgp.Hop{}, subnets: map[subnetKey]int{}}
		b.build()
	})
	return domains
}

// runs reports whether a session, as far as is known without routes, carries routes of a family.
func (s *Session) runs(f fabric.Family) bool {
	return s.State == Established && s.Far != nil && slices.Contains(s.carries, f) && slices.Contains(s.Far.carries, f)
}

// joinParts returns the sets of parts that sessions join, each in the order of parts; switches and others without sessions are
// in none. Nodes run BIRD in any case, and where Felix writes routes between them those of a cluster are in one set.
func joinParts(parts []*Part, f fabric.Family) [][]*Part {
	sets := newUnion(len(parts))
	speaks := make([]bool, len(parts))
	felix := map[*fabric.Cluster]int{} // a part of each cluster where Felix writes routes
	for i, p := range parts {
		if p.rules != nil && p.Nodes[0].Addr(f).IsValid() {
			speaks[i] = true
			if first, known := felix[p.Cluster]; known {
				sets.join(i, first)
			} else if p.rules.hasFelixPool(f) {
				felix[p.Cluster] = i
			}
		}
		for _, s := range p.Sessions {
			if s.runs(f) {
				speaks[i] = true
				sets.join(i, s.Peer.Index)
			}
		}
	}
	var joined [][]*Part
	number := make([]int, len(parts)) // 1 more than the index in joined, by root; 0: it has none yet
	for i, p := range parts {
		if !speaks[i] {
			continue
		}
		root := sets.root(i)
		if number[root] == 0 {
			joined = append(joined, nil)
			number[root] = len(joined)
		}
		set := &joined[number[root]-1]
		*set = append(*set, p)
	}
	return joined
}

// domainBuilder makes the network of one domain.
type domainBuilder struct {
	*domain
	hops    map[hopKey]*bgp.Hop
	subnets map[subnetKey]int
}

// hopKey is the addresses of a part that a session runs from.
type hopKey struct {
	part  *Part
	first netip.Addr
	iface string // of an unnumbered link
}

// subnetKey is what addresses that are on-link for each other have in common.
type subnetKey struct {
	prefix netip.Prefix
	link   *fabric.SwitchLink // unnumbered
}

func (b *domainBuilder) build() {
	f := familyIndex(b.family)
	groups := map[groupKey]int{}
	for _, p := range b.parts {
		s := newSpeaker(p)
		key := groupOf(p)
		if _, known := groups[key]; !known {
			groups[key] = len(groups)
		}
		s.Group = groups[key]
		s.Index = len(b.network.Speakers)
		b.network.Speakers = append(b.network.Speakers, s)
		p.speakers[f], p.domains[f] = s, b.domain
		if p.rules != nil && p.rules.hasFelixPool(b.family) {
			b.nodeHop(p)
		}
	}
	for _, p := range b.parts {
		for _, s := range p.Sessions {
			if s.runs(b.family) && s.ends[f] == nil {
				b.join(s)
			}
		}
	}
}

// groupKey is what parts have in common whose kernels treat routes alike: the rules of a cluster; switches and others have none.
type groupKey struct {
	rules    *clusterRules
	isSwitch bool
}

func groupOf(p *Part) groupKey {
	key := groupKey{isSwitch: p.Switch != nil}
	if p.rules != nil {
		key.rules = p.rules.clusterRules
	}
	return key
}

// join makes both ends of a session. Of a session within a part both are of its speaker.
func (b *domainBuilder) join(s *Session) {
	f := familyIndex(b.family)
	near, far := b.end(s), b.end(s.Far)
	near.SendsAll = near.Speaker.Kind == bgp.BIRD && far.Speaker.ListensTo
	far.SendsAll = far.Speaker.Kind == bgp.BIRD && near.Speaker.ListensTo
	for _, e := range []*bgp.End{near, far} {
		e.Index = len(b.network.Ends)
		b.network.Ends = append(b.network.Ends, e)
		e.Speaker.Ends = append(e.Speaker.Ends, e)
	}
	s.Far.ends[f] = far
	s.ends[f] = near
}

func (b *domainBuilder) end(s *Session) *bgp.End {
	e := &bgp.End{Speaker: s.Part.speakers[familyIndex(b.family)], Hop: b.hop(s), Up: true, LocalASN: s.LocalASN, FarASN: s.PeerASN,
		Internal: s.LocalASN == s.PeerASN}
	switch {
	case s.Part.Nodes != nil:
		s.nodeEnd(e)
	case s.Part.Switch != nil:
		s.switchEnd(e, b.family)
	default:
		e.NextHop = bgp.Self
	}
	if s.Part.Switch != nil && e.Hop.Subnet == 0 {
		e.Subnet = b.subnet(subnetKey{prefix: s.Part.subnetOf(s.Part.addressTowards(s.remote[0], nil))})
	}
	e.Import, e.Export = newPolicies(s, b.family)
	return e
}

// hop returns the addresses that a session runs from: one Hop for each set of addresses, and each unnumbered link.
func (b *domainBuilder) hop(s *Session) *bgp.Hop {
	subnet := subnetKey{prefix: s.Part.subnetOf(s.local[0])}
	if s.Interface != "" {
		subnet = subnetKey{link: s.neighbor.Session.Link}
	}
	return b.hopAt(hopKey{s.Part, s.local[0], s.Interface}, s.local, subnet)
}

// nodeHop makes a Hop of the node addresses of a part, which Felix's routes lead to whether or not a session runs from them.
func (b *domainBuilder) nodeHop(p *Part) {
	var all addresses
	for _, n := range p.Nodes {
		all = append(all, n.Addr(b.family))
	}
	b.hopAt(hopKey{part: p, first: all[0]}, all, subnetKey{prefix: p.subnetOf(all[0])})
}

func (b *domainBuilder) hopAt(key hopKey, all addresses, subnet subnetKey) *bgp.Hop {
	h := b.hops[key]
	if h == nil {
		h = &bgp.Hop{Index: len(b.network.Hops), Speaker: key.part.speakers[familyIndex(b.family)], Addrs: all, Subnet: b.subnet(subnet)}
		b.hops[key] = h
		b.network.Hops = append(b.network.Hops, h)
	}
	return h
}

// subnet numbers a subnet; 0: none.
func (b *domainBuilder) subnet(key subnetKey) int {
	if key == (subnetKey{}) {
		return 0
	}
	if b.subnets[key] == 0 {
		b.subnets[key] = len(b.subnets) + 1
	}
	return b.subnets[key]
}

// subnetOf returns the subnet that an address of a part's first member is on; the zero Prefix: none.
func (p *Part) subnetOf(a netip.Addr) netip.Prefix {
	pick := func(v4, v6 netip.Prefix) netip.Prefix {
		if v4.IsValid() && v4.Addr() == a {
			return v4.Masked()
		} else if v6.IsValid() && v6.Addr() == a {
			return v6.Masked()
		}
		return netip.Prefix{}
	}
	var subnet netip.Prefix
	switch {
	case p.Nodes != nil:
		n := p.Nodes[0]
		subnet = pick(n.Address, n.Address6)
		for i := 0; i < len(n.NICs) && !subnet.IsValid(); i++ {
			subnet = pick(n.NICs[i].Address, n.NICs[i].Address6)
		}
	case p.Switch != nil:
		for i := 0; i < len(p.Switch.Interfaces) && !subnet.IsValid(); i++ {
			if at := p.Switch.Interfaces[i]; at.VRF == p.VRF {
				subnet = pick(at.Address, at.Address6)
			}
		}
		for i := 0; i < len(p.Switch.Links) && !subnet.IsValid(); i++ {
			if at := p.Switch.Links[i]; at.VRF == p.VRF {
				subnet = pick(at.Address, at.Address6)
			}
		}
	case p.External != nil:
		for _, s := range p.External.Cluster.Subnets {
			if s.Prefix.Contains(a) {
				return s.Prefix.Masked()
			}
		}
	}
	return subnet
}
