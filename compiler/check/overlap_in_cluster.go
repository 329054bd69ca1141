package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "overlap-in-cluster",
	Severity: diag.Error,
	Doc: `overlap-in-cluster: pods, services and load balancers of a cluster need ranges of their own

kube-proxy answers for service addresses on every node, so a pod with such an address cannot be reached; Calico's maintainers
ask that the two never overlap (calico#2999). In coredns#3704 a cluster was made with pods in 10.96.0.0/16, which is where
kubeadm puts services: each pod of CoreDNS answered at its own address, and nobody at the address of the service. Two pools
that overlap are refused by Calico's API server; with Calico's objects as plain CRDs (crd.projectcalico.org/v1) nobody refuses
them, and the second pool is silently disabled. That goes for disabled pools as well. Legal are a LoadBalancer-only pool over
serviceLoadBalancerIPs, external IPs and load balancer IPs in one range, and a single address listed besides a range of its
own kind.

Mend it by moving one of the two ranges.`,
	Source: "coredns#3704, calico#2999; Calico, IPPool: cidr",
	Run: func(p *Pass) {
		s := p.space()
		for _, c := range p.Fabric.Clusters {
			found := &conflicts{}
			found.sweep(diag.Error, s.byCluster[c], judgeKinds)
			found.sweep(diag.Error, writtenPools(c), s.judgePools)
			found.report(p)
		}
	},
})

// judgeKinds says which ranges of one cluster may overlap. Pools may lie in podCIDRs: those that may not overlap each other
// are for judgePools.
func judgeKinds(a, b *claim) verdict {
	single := a.prefix.IsSingleIP() || b.prefix.IsSingleIP()
	switch [2]kind{min(a.kind, b.kind), max(a.kind, b.kind)} {
	case [2]kind{podRange, podRange}, [2]kind{loadBalancerRange, loadBalancerRange},
		[2]kind{externalRange, externalRange}, [2]kind{externalRange, loadBalancerRange}:
		return legal
	case [2]kind{serviceRange, serviceRange}, [2]kind{serviceRange, externalRange}:
		// Announcing single services as external IPs is what Calico's documentation does.
		if single {
			return legal
		}
	}
	return wrong
}

// judgePools lets pools overlap only where one stands for another cluster that itself overlaps the other pool: then
// the mistake is between the clusters, and overlap-clusters tells it.
func (s *space) judgePools(a, b *claim) verdict {
	if a.pool == nil || b.pool == nil {
		return wrong // two entries of podCIDRs, of which both are pools
	}
	if a.pool.Foreign == nil {
		a, b = b, a
	}
	if a.pool.Foreign != nil && slices.ContainsFunc(s.byCluster[a.pool.Foreign], func(r *claim) bool { return overlap(r.prefix, b.prefix) }) {
		return told
	}
	return wrong
}

// writtenPools returns the pools that the user wrote, disabled ones too. Those that are derived for a partner overlap
// nothing that overlap-clusters doesn't tell.
func writtenPools(c *fabric.Cluster) []*claim {
	var pools []*claim
	for _, pool := range c.Pools {
		if pool.Peering == nil {
			pools = append(pools, poolClaim(pool))
		}
	}
	return pools
}
