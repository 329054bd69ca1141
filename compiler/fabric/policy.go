package fabric

import (
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// permitEntry permits what lies in p with a length from low to high, in the one form that every dialect takes.
func permitEntry(p netip.Prefix, low, high int) PrefixEntry {
	e := PrefixEntry{Prefix: p.Masked(), GE: low, LE: high}
	if low <= p.Bits() {
		e.GE = 0
	}
	if high <= p.Bits() {
		e.LE = 0
	}
	return e
}

// Lengths returns the shortest and longest prefix that the entry permits.
func (e PrefixEntry) Lengths() (low, high int) {
	low, high = e.Prefix.Bits(), e.Prefix.Bits()
	if e.GE > 0 {
		low, high = e.GE, e.Prefix.Addr().BitLen()
	}
	if e.LE > 0 {
		high = e.LE
	}
	return low, high
}

// entriesOf permits what Calico announces of a range: a pool down to its blocks, a service range whole, and of both single
// addresses (borrowed ones, services with local endpoints).
func entriesOf(r Range, whole bool) []PrefixEntry {
	p, longest := r.Prefix, r.Prefix.Addr().BitLen()
	var entries []PrefixEntry
	if r.Kind == PodRange {
		entries = append(entries, permitEntry(p, p.Bits(), max(r.Block, p.Bits())))
	} else if whole || p.Bits() == longest {
		entries = append(entries, permitEntry(p, p.Bits(), p.Bits()))
	}
	if p.Bits() < longest {
		entries = append(entries, permitEntry(p, longest, longest))
	}
	return entries
}

// routes returns what speakers of c announce of its own pods and services, in a family.
func (c *Cluster) routes(f Family, pods, services bool) []PrefixEntry {
	var entries []PrefixEntry
	if pods {
		for _, p := range c.Pools {
			if p.Own() && !p.LoadBalancerOnly() && !p.DisableBGPExport && FamilyOf(p.CIDR.Addr()) == f {
				entries = append(entries, entriesOf(Range{Kind: PodRange, Prefix: p.CIDR, Block: p.BlockSize}, true)...)
			}
		}
	}
	if services {
		for _, r := range c.Advertised {
			if FamilyOf(r.Prefix.Addr()) == f {
				entries = append(entries, entriesOf(r, r.Kind != LoadBalancerRange || c.aggregates())...)
			}
		}
	}
	return entries
}

// aggregates reports whether load-balancer ranges are announced whole.
func (c *Cluster) aggregates() bool {
	return c.Model.Advertise == nil || or(c.Model.Advertise.ServiceLoadBalancerAggregation, true)
}

// fromNodes is what a switch accepts from the nodes of a rack: the routes of their own cluster, and those of clusters that it
// gives transit to.
func (b *routerBuilder) fromNodes(r *Rack, f Family) []PrefixEntry {
	entries := r.Cluster.routes(f, true, true)
	for _, p := range r.Cluster.Partners() {
		if p.Peering.Transit && p.Peering.Via != ViaFabric {
			entries = append(entries, p.Cluster.routes(f, p.Pods, p.Services)...)
		}
	}
	if bgp := b.s.Model.BGP; bgp != nil {
		entries = append(entries, permits(bgp.Accept, "nodes", f)...)
	}
	return entries
}

// toNodes is what a switch sends to the nodes of a rack.
func (b *routerBuilder) toNodes(bgp *model.SwitchBGP, r *Rack, f Family) []PrefixEntry {
	entries := permits(bgp.Send, "nodes", f)
	switch bgp.ToNodes {
	case "none":
	case "default":
		entries = append(entries, permitEntry(defaultRoute(f), 0, 0))
	default:
		entries = append(entries, r.Cluster.routes(f, true, true)...)
		for _, p := range r.Cluster.Partners() {
			entries = append(entries, p.Cluster.routes(f, p.Pods, p.Services)...)
		}
	}
	return entries
}

func defaultRoute(f Family) netip.Prefix {
	if f == IPv4 {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// permits returns the user's own entries for one kind of session and family.
func permits(all []model.Permit, on string, f Family) []PrefixEntry {
	var entries []PrefixEntry
	for _, p := range all {
		if p.On != on || FamilyOf(p.Prefix.Addr()) != f {
			continue
		}
		low, high := p.Prefix.Bits(), p.Prefix.Bits()
		if p.GE != nil {
			low, high = *p.GE, f.Bits()
		}
		high = or(p.LE, high)
		if low >= p.Prefix.Bits() && low <= high && high <= f.Bits() { // else checkPermits has told
			entries = append(entries, permitEntry(p.Prefix, low, high))
		}
	}
	return entries
}

// checkPermits reports entries of accept and send whose lengths permit nothing.
func (l *linker) checkPermits(at source.Path, all []model.Permit) {
	for i, p := range all {
		low, longest := or(p.GE, p.Prefix.Bits()), p.Prefix.Addr().BitLen()
		high := or(p.LE, max(low, p.Prefix.Bits()))
		if low >= p.Prefix.Bits() && low <= high && high <= longest {
			continue
		}
		l.diags.Add("out-of-range", diag.Error, at.Index(i), "%s with lengths from %d to %d permits nothing: they must lie between %d and %d, the lower one first",
			p.Prefix, low, high, p.Prefix.Bits(), longest).WithHint("leave out ge and le to permit exactly %s", p.Prefix)
	}
}

// normalize sorts entries and drops those that others already permit.
func normalize(entries []PrefixEntry) []PrefixEntry {
	slices.SortFunc(entries, func(a, b PrefixEntry) int {
		if c := ComparePrefix(a.Prefix, b.Prefix); c != 0 {
			return c
		}
		if a.GE != b.GE {
			return a.GE - b.GE
		}
		return b.LE - a.LE
	})
	var kept, above []PrefixEntry // above: kept entries whose prefix covers the one at hand
	for _, e := range entries {
		for len(above) > 0 && !covers(above[len(above)-1].Prefix, e.Prefix) {
			above = above[:len(above)-1]
		}
		low, high := e.Lengths()
		if !slices.ContainsFunc(above, func(k PrefixEntry) bool {
			l, h := k.Lengths()
			return l <= low && high <= h
		}) {
			kept, above = append(kept, e), append(above, e)
		}
	}
	return kept
}

// vrfKey is a switch in one VRF: a node of the graph that routes spread over.
type vrfKey struct {
	s   *Switch
	vrf string
}

// ownedRanges returns what each switch brings into the fabric itself: the routes of the clusters behind it, its networks and
// static routes, and what the user makes it send.
func (l *linker) ownedRanges() map[vrfKey][]PrefixEntry {
	owned := map[vrfKey][]PrefixEntry{}
	for key, clusters := range l.clustersBehind() {
		for _, c := range clusters {
			for _, f := range []Family{IPv4, IPv6} {
				owned[key] = append(owned[key], c.routes(f, true, true)...)
				for _, p := range c.Partners() {
					if p.Peering.Transit && p.Peering.Via != ViaFabric {
						owned[key] = append(owned[key], p.Cluster.routes(f, p.Pods, p.Services)...)
					}
				}
			}
		}
	}
	for _, s := range l.f.Switches {
		vrfs := []string{s.VRF}
		for _, e := range s.Links {
			if !slices.Contains(vrfs, e.VRF) {
				vrfs = append(vrfs, e.VRF)
			}
		}
		for _, vrf := range vrfs {
			key := vrfKey{s, vrf}
			for _, p := range advertisedNetworks(s, vrf) {
				owned[key] = append(owned[key], permitEntry(p, p.Bits(), p.Bits()))
			}
			if s.Model.BGP != nil {
				owned[key] = append(owned[key], permits(s.Model.BGP.Send, "switches", IPv4)...)
				owned[key] = append(owned[key], permits(s.Model.BGP.Send, "switches", IPv6)...)
			}
		}
		for _, r := range s.Statics {
			key := vrfKey{s, r.VRF}
			owned[key] = append(owned[key], permitEntry(r.Prefix, r.Prefix.Bits(), r.Prefix.Bits()))
		}
		if s.Model.BGP != nil {
			l.checkPermits(s.At().Fields("bgp", "accept"), s.Model.BGP.Accept)
			l.checkPermits(s.At().Fields("bgp", "send"), s.Model.BGP.Send)
		}
	}
	return owned
}

// clustersBehind returns the clusters that peer with each switch, sorted by name.
func (l *linker) clustersBehind() map[vrfKey][]*Cluster {
	if l.behind == nil {
		l.behind = map[vrfKey][]*Cluster{}
		for _, s := range l.f.Sessions {
			if s.Kind != RackSession {
				continue
			}
			key := vrfKey{s.B.Device.(*Switch), s.VRF}
			if !slices.Contains(l.behind[key], s.Rack.Cluster) {
				l.behind[key] = append(l.behind[key], s.Rack.Cluster)
			}
		}
		for _, clusters := range l.behind {
			slices.SortFunc(clusters, func(a, b *Cluster) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	return l.behind
}

// advertisedNetworks returns the subnets of the switch's interfaces and its loopback, as far as it announces them.
func advertisedNetworks(s *Switch, vrf string) []netip.Prefix {
	interfaces, loopback := true, true
	if b := s.Model.BGP; b != nil && b.Advertise != nil {
		interfaces, loopback = slices.Contains(b.Advertise, "interfaces"), slices.Contains(b.Advertise, "loopback")
	}
	var networks []netip.Prefix
	add := func(p netip.Prefix) {
		if p.IsValid() && !p.Addr().IsLinkLocalUnicast() && !slices.Contains(networks, p.Masked()) {
			networks = append(networks, p.Masked())
		}
	}
	if interfaces {
		for _, i := range s.Interfaces {
			if i.VRF == vrf {
				add(i.Address)
				add(i.Address6)
			}
		}
	}
	if loopback && s.VRF == vrf {
		add(s.Loopback)
		add(s.Loopback6)
	}
	slices.SortFunc(networks, ComparePrefix)
	return networks
}

// reach returns the switches whose routes from may send to a switch, from itself first. Routes don't come over that switch
// itself, nor over one of its AS (it would find its own number in the path), nor over one of from's own AS that lies beyond
// another AS; what from learned by iBGP it tells no iBGP neighbor.
func (l *linker) reach(from vrfKey, to *Switch) []vrfKey {
	query := reachQuery{from, to.ASN}
	if known, ok := l.reached[query]; ok {
		return known
	}
	own, theirs := from.s.ASN, to.ASN
	visited := map[vrfKey]bool{from: true}
	queue := []vrfKey{from}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		for _, e := range at.s.Links {
			other := e.Other()
			next := vrfKey{other.Switch, other.VRF}
			inside := next.s.ASN == own && at.s.ASN == own && own != theirs
			loops := next.s.ASN == theirs || next.s.ASN == own && !inside // at the switch that hears of it, too
			if !e.Link.BGP || e.VRF != at.vrf || visited[next] || loops {
				continue
			}
			visited[next] = true
			queue = append(queue, next)
		}
	}
	if l.reached == nil {
		l.reached = map[reachQuery][]vrfKey{}
	}
	l.reached[query] = queue
	return queue
}

// reachQuery asks for what a switch may send to those of an AS: all of them are sent the same.
type reachQuery struct {
	from vrfKey
	to   model.ASN
}

// sendable is the routes that a switch may send, of one family each. Shared, do not modify.
type sendable struct {
	all        [2][]PrefixEntry // what it brings in itself and what the switches behind it do
	normalized [2][]PrefixEntry
}

// sends returns what from may send to another switch.
func (b *routerBuilder) sends(from *Switch, vrf string, to *Switch) *sendable {
	query := reachQuery{vrfKey{from, vrf}, to.ASN}
	if known, ok := b.sendable[query]; ok {
		return known
	}
	s := &sendable{}
	for _, key := range b.reach(query.from, to) {
		for _, e := range b.owned[key] {
			f := FamilyOf(e.Prefix.Addr()).index()
			s.all[f] = append(s.all[f], e)
		}
	}
	for f, entries := range s.all {
		s.normalized[f] = normalize(slices.Clone(entries))
	}
	if b.sendable == nil {
		b.sendable = map[reachQuery]*sendable{}
	}
	b.sendable[query] = s
	return s
}

// with returns the normalized routes of a family and those that somebody wrote beside them.
func (s *sendable) with(permitted []PrefixEntry, f Family) []PrefixEntry {
	if len(permitted) == 0 {
		return s.normalized[f.index()]
	}
	return normalize(slices.Concat(s.all[f.index()], permitted))
}
