package fabric

import (
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
)

func (l *linker) linkPeerings() {
	for _, name := range names(l.t.Peerings) {
		m := l.t.Peerings[name]
		p := &Peering{Name: name, Model: m, Pods: true, Transit: m.Transit}
		switch m.Via {
		case "nodes":
			p.Via = ViaNodes
		case "fabric":
			p.Via = ViaFabric
		}
		clustersAt := p.At().Field("clusters")
		if len(m.Clusters) != 2 || m.Clusters[0] == m.Clusters[1] {
			l.diags.Add("out-of-range", diag.Error, clustersAt, "a peering joins two different clusters, found %s", orNone(m.Clusters)).
				WithHint("name two clusters; three that all exchange routes need three peerings")
			continue
		}
		for i, clusterName := range m.Clusters {
			if p.Clusters[i] = l.cluster(clusterName); p.Clusters[i] == nil {
				l.unknown(clustersAt.Index(i), "cluster", clusterName, names(l.t.Clusters))
			}
		}
		if p.Clusters[0] == nil || p.Clusters[1] == nil {
			continue
		}
		for i := range p.Clusters {
			p.Services[i] = p.ExchangesServices() && len(p.Clusters[1-i].Advertised) > 0
		}
		if x := m.Exchange; x != nil {
			p.Pods = or(x.Pods, true)
		}
		for _, c := range p.Clusters {
			c.Peerings = append(c.Peerings, p)
		}
		l.f.Peerings = append(l.f.Peerings, p)
	}
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return list(words)
}

// ExchangesServices reports whether services may pass, should there be any.
func (p *Peering) ExchangesServices() bool {
	return p.Model.Exchange == nil || or(p.Model.Exchange.Services, true)
}

// Takes reports whether c takes the services of the cluster at the far side.
func (p *Peering) Takes(c *Cluster) bool { return p.Services[slices.Index(p.Clusters[:], c)] }

// Partner is a cluster whose routes another one takes: over a peering with it, or over peerings that give transit.
type Partner struct {
	Cluster  *Cluster
	Peering  *Peering // the first one on the way there
	Pods     bool
	Services bool
}

// Ranges returns what is taken from the partner.
func (p Partner) Ranges() []Range {
	var ranges []Range
	if p.Pods {
		ranges = p.Cluster.PodRanges()
	}
	if p.Services {
		ranges = slices.Concat(ranges, p.Cluster.Advertised)
	}
	return ranges
}

// Partners returns the clusters whose routes c takes, sorted by name: those it has a peering with, and those that lie
// behind peerings which all give transit. Shared, do not modify.
func (c *Cluster) Partners() []Partner { return c.partners }

// partnersOf finds the partners of a cluster. What is taken from one grows with every way that leads there, so a cluster is
// looked at again whenever its own share has grown.
func partnersOf(c *Cluster) []Partner {
	found := map[*Cluster]*Partner{}
	var queue []Partner // each over a peering that gives transit
	reach := func(to *Cluster, over Partner, isTransit bool) {
		known := found[to]
		if known == nil {
			known = &Partner{Cluster: to, Peering: over.Peering}
			found[to] = known
		}
		isNew := over.Pods && !known.Pods || over.Services && !known.Services
		known.Pods, known.Services = known.Pods || over.Pods, known.Services || over.Services
		if over.Peering.Other(c) == to && isTransit && !known.Peering.Transit {
			known.Peering, isNew = over.Peering, true // of several peerings of the two, one that gives transit speaks for them
		}
		if isTransit && isNew {
			queue = append(queue, Partner{to, over.Peering, over.Pods, over.Services})
		}
	}
	for _, p := range c.Peerings {
		reach(p.Other(c), Partner{Peering: p, Pods: p.Pods, Services: p.ExchangesServices()}, p.Transit)
	}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		for _, p := range at.Cluster.Peerings {
			if far := p.Other(at.Cluster); p.Transit && far != c {
				reach(far, Partner{Peering: at.Peering, Pods: at.Pods && p.Pods, Services: at.Services && p.ExchangesServices()}, true)
			}
		}
	}
	partners := make([]Partner, 0, len(found))
	for _, p := range found {
		partners = append(partners, *p)
	}
	slices.SortFunc(partners, func(a, b Partner) int { return strings.Compare(a.Cluster.Name, b.Cluster.Name) })
	return partners
}

// linkForeignPools gives each cluster a disabled pool for every range it takes from a partner, unless one that the user
// wrote overlaps it (foreign-pool-missing tells where such pools leave a part out): Calico passes routes on within the cluster only where a pool covers them, and leaves out source NAT only
// towards addresses of a pool.
func (l *linker) linkForeignPools() {
	for _, c := range l.f.Clusters {
		c.partners = partnersOf(c)
		markForeign(c, c.partners)
	}
	for _, c := range l.f.Clusters {
		if !slices.ContainsFunc(c.Pools, func(p *Pool) bool { return p.Own() && !p.LoadBalancerOnly() }) {
			c.Pools = append(c.Pools, podCIDRPools(c)...)
		}
	}
	for _, c := range l.f.Clusters {
		written := slices.Clone(c.Pools)
		taken := map[string]bool{}
		for _, p := range written {
			taken[p.Name] = true
		}
		derived := map[netip.Prefix]bool{}
		for _, partner := range c.Partners() {
			for _, r := range partner.Ranges() {
				if !derived[r.Prefix.Masked()] && !slices.ContainsFunc(written, func(p *Pool) bool {
					return p.Foreign != nil && p.CIDR.Overlaps(r.Prefix)
				}) {
					derived[r.Prefix.Masked()] = true
					c.Pools = append(c.Pools, foreignPool(c, partner, r, taken))
				}
			}
		}
		slices.SortFunc(c.Pools, func(a, b *Pool) int { return strings.Compare(a.Name, b.Name) })
	}
}

// markForeign finds the pools of c that stand for a partner, though the user wrote them: disabled ones that overlap a range
// of the partner's, and enabled ones that cover one (the check foreign-pool-enabled tells). A pool within c's own podCIDRs is
// its own, whatever else it covers, and so is an enabled one where c would be left without a pool: then the two clusters use
// one range, and the check overlap-clusters tells.
func markForeign(c *Cluster, partners []Partner) {
	foreign := map[*Pool]*Cluster{}
	hasOwn := len(c.Model.PodCIDRs) > 0
	for _, pool := range c.Pools {
		within := slices.ContainsFunc(c.Model.PodCIDRs, func(p netip.Prefix) bool { return covers(p, pool.CIDR) })
		for _, partner := range partners {
			theirs := slices.Concat(writtenPodRanges(partner.Cluster), partner.Cluster.Advertised)
			if !within && slices.ContainsFunc(theirs, func(r Range) bool {
				return covers(pool.CIDR, r.Prefix) || pool.Disabled && pool.CIDR.Overlaps(r.Prefix)
			}) {
				foreign[pool] = partner.Cluster
				break
			}
		}
		hasOwn = hasOwn || foreign[pool] == nil && !pool.LoadBalancerOnly()
	}
	for pool, partner := range foreign {
		if pool.Disabled || hasOwn {
			pool.Foreign = partner
			pool.NATOutgoing = or(c.Model.IPPools[pool.Name].NATOutgoing, false)
		}
	}
}

// writtenPodRanges is PodRanges before it is known which pools are foreign: a disabled one is not taken for the cluster's own.
func writtenPodRanges(c *Cluster) []Range {
	if len(c.Model.PodCIDRs) > 0 {
		return c.PodRanges()
	}
	var ranges []Range
	for _, p := range c.Pools {
		if !p.Disabled && !p.LoadBalancerOnly() {
			ranges = append(ranges, Range{Kind: PodRange, Prefix: p.CIDR})
		}
	}
	return ranges
}

func foreignPool(c *Cluster, partner Partner, r Range, taken map[string]bool) *Pool {
	kind := "services"
	if r.Kind == PodRange {
		kind = "pods"
	}
	return &Pool{Cluster: c, Name: unique(taken, objectName, partner.Cluster.Name, kind, cidrName(r.Prefix)), CIDR: r.Prefix.Masked(),
		BlockSize: defaultBlockSize(r.Prefix), Encapsulation: "None", NodeSelector: "all()", Disabled: true,
		Foreign: partner.Cluster, Peering: partner.Peering, At: partner.Peering.At()}
}

// covers reports whether all of inner lies in outer.
func covers(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Masked().Contains(inner.Addr())
}
