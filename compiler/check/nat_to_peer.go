package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "nat-to-peer",
	Severity: diag.Warning,
	Doc: `nat-to-peer: pods should reach another cluster under their own addresses

A pool with natOutgoing hides its pods behind their node's address wherever the destination lies in no pool of the cluster at
all (felix/rules/nat.go). For a cluster in a peering topoc derives a pool, disabled, over each range that is exchanged, which
is what keeps the addresses; without one the other side sees nodes, and its network policies match nothing. Clusters joined by
Submariner failed on that: Calico's NAT rules came before its own, until a pool stood for each range of the other side
(submariner#407). It happens where a pool written by hand covers a part of a range only, and where two clusters are expected
to reach each other and have no peering.

Mend it by a peering of the two clusters, by widening the pool, or by natOutgoing: false.`,
	Source: "submariner#407; felix/rules/nat.go; Submariner, Calico CNI",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, partner := range c.Partners() {
				if partner.Pods {
					p.natTo(c, partner.Cluster, partner.Peering.At(), "peering "+partner.Peering.Name)
				}
			}
		}
		for _, e := range p.Fabric.Expected {
			from, to := clusterOf(e.From), clusterOf(e.To)
			if e.Reach && e.Pods && from != nil && to != nil && from != to && !partners(from, to) && len(p.closedTo(e)) == 0 {
				p.natTo(from, to, e.At(), "expectation "+e.Name)
			}
		}
	},
})

// natTo reports the first pod range of another cluster that pods of c would reach under their nodes' addresses.
func (p *Pass) natTo(c, to *fabric.Cluster, because source.Path, what string) {
	i := slices.IndexFunc(c.Pools, func(pool *fabric.Pool) bool { return pool.Own() && pool.NATOutgoing })
	if i < 0 {
		return
	}
	pool := c.Pools[i]
	for _, r := range to.PodRanges() {
		if fabric.FamilyOf(r.Prefix.Addr()) != fabric.FamilyOf(pool.CIDR.Addr()) {
			continue
		}
		missing := uncovered(r.Prefix.Masked(), c.Pools)
		if len(missing) == 0 {
			continue
		}
		if part := writtenFor(c, r.Prefix.Masked()); part != nil {
			p.Reportf(part.At.Field("cidr"), "pool %s of cluster %s covers a part of %s of cluster %s: pods (pool %s) would reach %s under their nodes' addresses",
				part.Name, c.Name, r.Prefix.Masked(), to.Name, pool.Name, missing[0]).
				Note(r.At, "the whole range is written here").Note(because, "%s joins the two", what).
				WithHint("write %q", r.Prefix.Masked())
			return
		}
		d := p.Reportf(pool.At, "pods of cluster %s (pool %s) would reach %s of cluster %s under their nodes' addresses: no pool of cluster %s covers it",
			c.Name, pool.Name, missing[0], to.Name, c.Name)
		d.Note(r.At, "the range is written here").Note(because, "%s joins the two", what).
			WithHint("add a peering of the two clusters, an ipPools entry {cidr: %q, disabled: true, natOutgoing: false} in cluster %s, or natOutgoing: false in pool %s",
				r.Prefix.Masked(), c.Name, pool.Name)
		return
	}
}

// writtenFor returns a pool that somebody wrote for a part of another cluster's range, nil: there is none.
func writtenFor(c *fabric.Cluster, r netip.Prefix) *fabric.Pool {
	for _, pool := range c.Pools {
		if !pool.Own() && pool.Peering == nil && contains(r, pool.CIDR.Masked()) {
			return pool
		}
	}
	return nil
}

// partners reports whether a takes routes of b.
func partners(a, b *fabric.Cluster) bool {
	return slices.ContainsFunc(a.Partners(), func(p fabric.Partner) bool { return p.Cluster == b })
}
