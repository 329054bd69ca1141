package check

import (
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "kubernetes-range-mismatch",
	Severity: diag.Error,
	Doc: `kubernetes-range-mismatch: a pool must lie in one of the cluster's pod ranges

podCIDRs is what Kubernetes is told (kube-proxy's cluster CIDR, kubeadm's podSubnet), and what topoc tells switches, hosts and
other clusters of the pods. kube-proxy takes a pod with another address for somebody outside: it hides the pod behind its node's
address when the pod calls a service, and network policies drop it at the other end, but only between nodes (calico#683,
calico#6545). The Tigera operator goes no further where kubeadm's podSubnet does not contain a pool. Not judged are pools of load
balancers, of tunnels only, disabled ones, those that pods must ask for by name, and those that stand for another cluster.

Mend it by moving the pool into podCIDRs, or by correcting podCIDRs where Kubernetes was told another range.`,
	Source: "calico#683, calico#6545; tigera/operator, pkg/controller/ippool/defaults.go",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, pool := range c.Pools {
				if len(c.Model.PodCIDRs) > 0 && c.Model.IPPools[pool.Name] != nil && servesPods(pool) {
					p.podRangeOf(pool)
				}
			}
		}
	},
})

// podRangeOf reports a pool that lies in none of its cluster's pod ranges. Ranges with host bits are told by host-bits.
func (p *Pass) podRangeOf(pool *fabric.Pool) {
	c, ranges := pool.Cluster, pool.Cluster.Model.PodCIDRs
	hasHostBits := func(r netip.Prefix) bool { return r != r.Masked() }
	if hasHostBits(pool.CIDR) || slices.ContainsFunc(ranges, hasHostBits) ||
		slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return contains(r, pool.CIDR) }) {
		return
	}
	var written []string
	for _, r := range ranges {
		written = append(written, r.String())
	}
	d := p.Reportf(pool.At.Field("cidr"), "pool %s (%s) of cluster %s lies in none of its pod ranges: %s", pool.Name, pool.CIDR, c.Name, strings.Join(written, ", ")).
		Note(c.At().Field("podCIDRs"), "the pod ranges are written here")
	if room, ok := roomIn(c, pool); ok {
		d.WithHint("write %q, or add %q to podCIDRs if Kubernetes was told so", room, pool.CIDR)
	} else {
		d.WithHint("add %q to podCIDRs, as Kubernetes has to be told too", pool.CIDR)
	}
}

// roomIn returns a part of the cluster's pod ranges that no other pool overlaps, as wide as the pool, or the whole range where
// the pool is wider. It looks at as many places as there may be pools.
func roomIn(c *fabric.Cluster, pool *fabric.Pool) (netip.Prefix, bool) {
	for _, r := range c.Model.PodCIDRs {
		if fabric.FamilyOf(r.Addr()) != fabric.FamilyOf(pool.CIDR.Addr()) {
			continue
		}
		candidate := netip.PrefixFrom(r.Addr(), max(r.Bits(), pool.CIDR.Bits()))
		for range len(c.Pools) {
			if !contains(r, candidate) {
				break
			}
			if !slices.ContainsFunc(c.Pools, func(other *fabric.Pool) bool { return other != pool && other.CIDR.Overlaps(candidate) }) {
				return candidate, true
			}
			candidate = next(candidate)
		}
	}
	return netip.Prefix{}, false
}
