package check

import "topoc/compiler/diag"

var _ = rule(Rule{
	Name:     "foreign-pool-enabled",
	Severity: diag.Error,
	Doc: `foreign-pool-enabled: a pool over another cluster's range must be disabled and have no NAT

A pool that covers a range of a cluster in a peering tells Calico two things: to pass that range's routes on, and to leave out
source NAT towards it. Enabled, it also hands out the other cluster's addresses to pods here; with natOutgoing, pods of that
range would be translated. Submariner, which joins clusters at run time, has its users write the same pools by hand, disabled
and without NAT, on every cluster for the ranges of every other.

Mend it by writing disabled: true in the pool and leaving out natOutgoing, or by deleting the pool: topoc derives such a pool for every range
that a peering exchanges.`,
	Source: "libcalico-go/lib/ipam/ipam.go gives out addresses of enabled pools only; Submariner, Calico CNI",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, pool := range c.Pools {
				if pool.Own() || pool.Peering != nil {
					continue
				}
				switch {
				case !pool.Disabled:
					p.Reportf(pool.At.Field("disabled"), "pool %s (%s) of cluster %s covers a range of cluster %s and is not disabled: pods here would get addresses of it",
						pool.Name, pool.CIDR, c.Name, pool.Foreign.Name).
						Note(pool.Foreign.At(), "cluster %s is declared here", pool.Foreign.Name).WithHint("write disabled: true")
				case pool.NATOutgoing:
					p.Reportf(pool.At.Field("natOutgoing"), "pool %s (%s) of cluster %s stands for a range of cluster %s and has natOutgoing",
						pool.Name, pool.CIDR, c.Name, pool.Foreign.Name).
						Note(pool.Foreign.At(), "cluster %s is declared here", pool.Foreign.Name).WithHint("delete natOutgoing: true: a pool that stands for another cluster has none by default")
				}
			}
		}
	},
})
