package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "overlap-clusters",
	Severity: diag.Error,
	Doc: `overlap-clusters: the ranges of two clusters must not overlap

Where the routes of two clusters meet (they have a peering, the same fabric carries both, or a host outside has routes to
both), a range that both use leads to one of them only, and to which one changes with every event in the network. Between
clusters that nothing connects it is a warning: the day they are to be connected one of them has to be renumbered, or every
packet between them translated, for which Submariner has a gateway of its own (Globalnet). Clusters in different VRFs, and
those that say isolated: true, may share ranges. A disabled pool that stands for the other cluster's range is no overlap.

Mend it by giving one of the two another range, or by isolated: true where they will never meet.`,
	Source: "RFC 1918 section 4; Submariner, Globalnet",
	Run: func(p *Pass) {
		s := p.space()
		found := &conflicts{}
		for _, clusters := range connectedClusters(s.domains, p.Fabric) {
			found.sweep(diag.Error, s.rangesOf(clusters), func(a, b *claim) verdict {
				if a.cluster == b.cluster {
					return legal
				}
				return wrong
			})
		}
		for _, clusters := range sharedDomains(s.domains, p.Fabric) {
			found.sweep(diag.Warning, s.rangesOf(clusters), func(a, b *claim) verdict {
				switch {
				case a.cluster == b.cluster, a.cluster.Model.Isolated, b.cluster.Model.Isolated:
					return legal
				case s.domains.connected(a.cluster, b.cluster):
					return told
				}
				return wrong
			})
		}
		found.report(p)
	},
})

// connectedClusters returns the groups of clusters whose routes meet. A cluster is in several where a host outside has routes to
// it: hosts forward nothing, so what two of them reach doesn't meet.
func connectedClusters(d *domains, f *fabric.Fabric) [][]*fabric.Cluster {
	var g groups[int]
	for _, c := range f.Clusters {
		g.add(d.component(c), c)
	}
	for i, h := range f.Hosts {
		for _, r := range h.Routes {
			g.add(-1-i, r.Cluster)
		}
	}
	return g.members
}

// sharedDomains returns the groups of clusters that live in one domain.
func sharedDomains(d *domains, f *fabric.Fabric) [][]*fabric.Cluster {
	var g groups[string]
	for _, c := range f.Clusters {
		for _, domain := range d.ofCluster(c) {
			g.add(domain, c)
		}
	}
	return g.members
}

// groups is lists of clusters by key, in the order in which the keys were first seen. The zero groups is empty and ready.
type groups[K comparable] struct {
	index   map[K]int
	members [][]*fabric.Cluster
}

// add adds a cluster to a group. All additions of one cluster to one group follow each other.
func (g *groups[K]) add(key K, c *fabric.Cluster) {
	i, ok := g.index[key]
	if !ok {
		if g.index == nil {
			g.index = map[K]int{}
		}
		i = len(g.members)
		g.index[key] = i
		g.members = append(g.members, nil)
	}
	if m := g.members[i]; len(m) == 0 || m[len(m)-1] != c {
		g.members[i] = append(m, c)
	}
}

// rangesOf returns the ranges of several clusters; nothing for a single one.
func (s *space) rangesOf(clusters []*fabric.Cluster) []*claim {
	var ranges []*claim
	if len(clusters) > 1 {
		for _, c := range clusters {
			ranges = append(ranges, s.byCluster[c]...)
		}
	}
	return ranges
}
