package check

import (
	"net/netip"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// Lengths of ranges that somebody means.
const (
	widestPods     = 8  // no private range is wider (RFC 1918)
	mostServiceLog = 20 // bits of a service range's addresses that kube-apiserver allocates from: /12, IPv6 /108
	leastPodLog    = 4  // bits of addresses in a range for pods: 16 addresses
)

var _ = rule(Rule{
	Name:     "unusual-prefix-length",
	Severity: diag.Warning,
	Doc: `unusual-prefix-length: ranges for pods and services should have a length that works

Up to Kubernetes 1.33 kube-apiserver does not start with a service range of more than 20 bits: an IPv4 range wider than /12, an
IPv6 range wider than /108. An IPv4 range for pods that is wider than /8 reaches beyond all private space, and a range with fewer
than 16 addresses is used up by what Kubernetes itself runs. Mostly a digit is missing: /1 for /16. Pools that pods have to ask
for by name, pools of load balancers and disabled ones may be as small as you like.

Mend it by correcting the length.`,
	Source: "kubernetes, cmd/kube-apiserver/app/options/validation.go, and KEP-1880, which lifts the limit; RFC 1918 section 3",
	Run: func(p *Pass) {
		for _, r := range p.space().ranges {
			bits := r.prefix.Addr().BitLen() - r.prefix.Bits()
			switch {
			case r.kind == serviceRange && bits > mostServiceLog:
				p.tooWide(r, r.prefix.Addr().BitLen()-mostServiceLog)
			case r.kind == podRange && isWiderThanPrivate(r.prefix):
				p.tooWide(r, widestPods)
			case r.kind == podRange && bits < leastPodLog && (r.pool == nil || servesPods(r.pool)) && !hasTooFewBlocks(r):
				p.Reportf(r.at, "%s has %d addresses, fewer than %d", r, 1<<bits, 1<<leastPodLog).
					WithHint("write a range of /%d or wider", r.prefix.Addr().BitLen()-leastPodLog)
			}
		}
	},
})

func (p *Pass) tooWide(r *claim, widest int) {
	if _, isReserved := overlapping(reservedSpace, r.prefix); isReserved {
		return // told by reserved-address-space
	}
	p.Reportf(r.at, "%s is wider than /%d", r, widest).WithHint("write %q", netip.PrefixFrom(r.prefix.Addr(), widest))
}

// isWiderThanPrivate reports whether a range is too wide to lie in private space.
func isWiderThanPrivate(p netip.Prefix) bool { return p.Addr().Is4() && p.Bits() < widestPods }

// hasTooFewBlocks reports whether the cluster's pools of the range's family together have so few blocks that pool-too-few-blocks
// tells: that a pool is small is then a part of the same mistake.
func hasTooFewBlocks(r *claim) bool {
	blocks := 0
	for _, pool := range r.cluster.Pools {
		if servesPods(pool) && fabric.FamilyOf(pool.CIDR.Addr()) == fabric.FamilyOf(r.prefix.Addr()) {
			blocks += pool.Blocks()
		}
	}
	return 2*blocks < 3*r.cluster.PlannedNodes
}
