package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// poolOf returns the pool that p lies in, the smallest of several, as IPAM and Felix pick it; nil: none. Disabled ones count.
// BIRD's filters go by the first one instead: see poolOver.
func (r *clusterRules) poolOf(p netip.Prefix) *pool {
	var found *pool
	for _, candidate := range r.pools {
		if covering(candidate.cidr, p) && (found == nil || candidate.cidr.Bits() > found.cidr.Bits()) {
			found = candidate
		}
	}
	return found
}

// natsTo reports whether a node hides a pod's address behind its own towards dst, and for which pool's natOutgoing: the pod's
// pool has it, and dst is in no pool at all, not even a disabled one (felix/dataplane/linux/masq_mgr.go). From 3.33 on pools
// for load balancers alone do not count.
func (r *clusterRules) natsTo(src, dst netip.Addr) (*pool, bool) {
	var hiding *pool
	for _, p := range r.pools {
		switch {
		case p.loadBalancerOnly && r.version.AtLeast(ignoresLoadBalance):
			continue
		case p.cidr.Contains(dst):
			return nil, false
		case hiding == nil && p.natOutgoing && p.cidr.Contains(src):
			hiding = p
		}
	}
	return hiding, hiding != nil
}

// serviceOf returns the range of services that an address lies in, the smallest of several; nil: none.
func (r *clusterRules) serviceOf(a netip.Addr) *serviceRange {
	var found *serviceRange
	for i := range r.services {
		if s := &r.services[i]; s.prefix.Contains(a) && (found == nil || s.prefix.Bits() > found.prefix.Bits()) {
			found = s
		}
	}
	return found
}

// originates reports whether every node that is not excluded announces the range as it stands. A single address written as a
// range of external services or load balancers is announced for its service, by every node where that service's
// externalTrafficPolicy is Cluster: such a service is taken to exist, unless nodes are known to have it locally. What is
// announced of a range that is not aggregated is known of local services alone.
func (r *clusterRules) originates(s *serviceRange) bool {
	if s.whole {
		return true
	}
	return s.prefix.IsSingleIP() && !slices.ContainsFunc(r.cluster.Nodes, func(n *fabric.Node) bool {
		return slices.Contains(n.Model.LocalServices, s.prefix.Addr())
	})
}

// localServices returns the single addresses that a node announces for services with endpoints on it, sorted: those of one
// family that lie in a range of services. A node that is excluded from load balancers announces none.
func (r *clusterRules) localServices(n *fabric.Node, f fabric.Family) []netip.Prefix {
	var hosts []netip.Prefix
	for _, a := range n.Model.LocalServices {
		if fabric.FamilyOf(a) == f && r.serviceOf(a) != nil {
			hosts = append(hosts, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	slices.SortFunc(hosts, fabric.ComparePrefix)
	return slices.Compact(hosts)
}
