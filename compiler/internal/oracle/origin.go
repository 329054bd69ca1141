package oracle

import (
	"hash/fnv"
	"math/big"
	"math/rand"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// originServices finds the service ranges and addresses that a node announces (confd routes.go, client.go).
func (n *nodeRules) originServices() {
	if n.isExcluded {
		return
	}
	n.services = slices.Clone(n.clusterIPs)
	for _, p := range n.externalIPs {
		if !p.IsSingleIP() {
			n.services = append(n.services, p)
		}
	}
	for _, p := range n.loadBalancers {
		if !p.IsSingleIP() && n.aggregates {
			n.services = append(n.services, p)
		}
	}
	for _, a := range n.node.Model.LocalServices {
		p := netip.PrefixFrom(a, a.BitLen())
		if isIn(p, n.clusterIPs) || isIn(p, n.externalIPs) || isIn(p, n.loadBalancers) {
			n.services = append(n.services, p)
		}
	}
}

// rejectsFromKernel reports whether a prefix is of a service range that the cluster's nodes keep out of their kernels.
func (r *clusterRules) rejectsFromKernel(p netip.Prefix) bool {
	whole := slices.DeleteFunc(slices.Clone(r.externalIPs), netip.Prefix.IsSingleIP)
	if r.aggregates {
		whole = append(whole, slices.DeleteFunc(slices.Clone(r.loadBalancers), netip.Prefix.IsSingleIP)...)
	}
	return isIn(p, r.clusterIPs) || isIn(p, whole)
}

// giveBlocks gives every node its blocks: those that are declared, else the first that Calico's IPAM would pick in each pool
// that the node may use. What others hold is passed over.
func (r *clusterRules) giveBlocks() {
	var taken []netip.Prefix
	for _, n := range r.nodes {
		for _, b := range n.node.Model.Blocks {
			n.blocks = append(n.blocks, b.Masked())
			taken = append(taken, b.Masked())
		}
	}
	for _, n := range r.nodes {
		if n.node.Model.Blocks != nil {
			continue
		}
		for _, p := range r.pools {
			if !p.isForPods || !n.node.Prefix(fabric.FamilyOf(p.cidr.Addr())).IsValid() || !slices.Contains(r.matching(p.selector), n) {
				continue
			}
			if b, ok := p.firstBlock(n.node.Name, taken); ok {
				n.blocks = append(n.blocks, b)
				taken = append(taken, b)
			}
		}
	}
}

// firstBlock is the first free block, from an index on that the node's name seeds
// (libcalico-go/lib/ipam/ipam_block_reader_writer.go, randomBlockGenerator).
func (p *pool) firstBlock(node string, taken []netip.Prefix) (netip.Prefix, bool) {
	if p.blockSize < p.cidr.Bits() {
		return netip.Prefix{}, false
	}
	h := fnv.New32()
	h.Write([]byte(node))
	count := new(big.Int).Lsh(big.NewInt(1), uint(p.blockSize-p.cidr.Bits()))
	index := new(big.Int).Rand(rand.New(rand.NewSource(int64(h.Sum32()))), count)
	for tries := 0; tries <= len(taken); tries++ {
		if b := p.block(index); !slices.ContainsFunc(taken, b.Overlaps) {
			return b, true
		}
		if index.Add(index, big.NewInt(1)); index.Cmp(count) == 0 {
			index.SetInt64(0)
		}
	}
	return netip.Prefix{}, false
}

// block is the block of an index.
func (p *pool) block(index *big.Int) netip.Prefix {
	base := p.cidr.Addr().AsSlice()
	sum := new(big.Int).Lsh(index, uint(p.cidr.Addr().BitLen()-p.blockSize))
	sum.Add(sum, new(big.Int).SetBytes(base))
	a, _ := netip.AddrFromSlice(sum.FillBytes(make([]byte, len(base))))
	return netip.PrefixFrom(a, p.blockSize)
}

// originateNodes gives the nodes of a cluster their own routes.
func (n *network) originateNodes(c *clusterRules) {
	for _, rules := range c.nodes {
		sp := n.byNode[rules.node]
		for _, at := range sp.nets {
			if !rules.ignores(at.name) {
				sp.originate(at.prefix.Masked(), &route{source: fromDirect, preference: 240, to: device, iface: at.name})
			}
		}
		for _, r := range rules.reachable {
			if at := sp.onSubnet(r.gateway); at != nil {
				sp.originate(netip.PrefixFrom(r.peer, r.peer.BitLen()),
					&route{source: fromStatic, preference: 200, to: via, gateway: r.gateway, iface: at.name})
			}
		}
		for _, p := range rules.services {
			if rules.runsBIRD(p) {
				sp.originate(p, &route{source: fromStatic, preference: 200})
			}
		}
		for _, b := range rules.blocks {
			if !rules.runsBIRD(b) {
				continue
			}
			if b.IsSingleIP() { // a pod's address in another node's block, or a block of one address
				sp.originate(b, &route{source: fromKernel, preference: 10, to: device, iface: "cali0", kernelMetric: rules.podMetric(fabric.FamilyOf(b.Addr()))})
			} else {
				sp.originate(b, &route{source: fromStatic, preference: 200})
			}
		}
		sp.originateDefaults()
	}
	for _, rules := range c.nodes {
		for _, other := range c.nodes {
			if other != rules {
				n.byNode[rules.node].learnFromFelix(other)
			}
		}
	}
}

// runsBIRD reports whether the node runs the BIRD of a prefix's family: it does where it has an address of the family.
func (n *nodeRules) runsBIRD(p netip.Prefix) bool {
	return n.node.Addr(fabric.FamilyOf(p.Addr())).IsValid()
}

// podMetric is the metric of the routes to a node's pods.
func (n *nodeRules) podMetric(f fabric.Family) uint32 {
	if n.atLeast(32, 0) {
		return normalPriority
	}
	return unsetMetric(f)
}

// ignores reports whether ignoredInterfaces hides an interface from BIRD.
func (r *clusterRules) ignores(iface string) bool {
	return slices.ContainsFunc(r.ignored, func(pattern string) bool { return matchesInterface(pattern, iface) })
}

// originateDefaults gives a node the kernel's default routes. One that nobody declared is believed to be there, but has no
// address to tell others.
func (sp *speaker) originateDefaults() {
	node := sp.node.node
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		if !node.Addr(f).IsValid() {
			continue
		}
		gateway := node.Gateway
		if f == fabric.IPv6 {
			gateway = node.Gateway6
		}
		r := &route{source: fromKernel, preference: 10, to: via, gateway: gateway, isHidden: !gateway.IsValid(), iface: node.Interface,
			kernelMetric: unsetMetric(f)}
		if at := sp.onSubnet(gateway); at != nil {
			r.iface = at.name
		}
		sp.originate(defaultOf(f), r)
	}
}

// learnFromFelix adds what Felix routes to the blocks of another node of the cluster: BIRD learns it from the kernel.
func (sp *speaker) learnFromFelix(other *nodeRules) {
	for _, b := range other.blocks {
		p := sp.node.poolOf(b)
		f := fabric.FamilyOf(b.Addr())
		far, own := other.node.Addr(f), sp.node.node.Prefix(f)
		if p == nil || sp.node.birdPrograms(p.encapsulation) || !far.IsValid() || !own.IsValid() {
			continue
		}
		r := &route{source: fromKernel, preference: 10, to: via, gateway: far, iface: sp.node.node.Interface, kernelMetric: unsetMetric(f)}
		isNear := own.Masked().Contains(far)
		switch {
		case p.encapsulation == plain && !isNear:
			continue // without encapsulation Felix writes routes to its own subnet only
		case p.encapsulation == plain, p.isCrossSubnet && isNear:
		case p.encapsulation == vxlan && !(sp.node.hasVXLAN(f) && other.hasVXLAN(f)):
			continue // there is no device, or Felix knows of none at the other end
		default:
			r.iface = map[encapsulation]string{ipip: "tunl0", vxlan: "vxlan.calico"}[p.encapsulation]
		}
		sp.entryOf(b).felix = far
		sp.originate(b, r)
	}
}

// hasVXLAN reports whether the node's VXLAN device of a family gets an address, without which there is none (node/pkg/allocateip).
func (n *nodeRules) hasVXLAN(f fabric.Family) bool {
	return slices.ContainsFunc(n.pools, func(p *pool) bool {
		return p.encapsulation == vxlan && p.isForTunnels && fabric.FamilyOf(p.cidr.Addr()) == f && slices.Contains(n.matching(p.selector), n)
	})
}

// unsetMetric is the metric of the kernel's routes that nobody gave one: Felix's to other nodes
// (felix/dataplane/linux/route_mgr.go; of IPv6 felix/routetable/route_table.go), and default routes.
func unsetMetric(f fabric.Family) uint32 {
	if f == fabric.IPv6 {
		return 1024
	}
	return 0
}

// poolOf returns the pool that a prefix lies in, or nil.
func (r *clusterRules) poolOf(p netip.Prefix) *pool {
	for _, o := range r.pools {
		if within(p, o.cidr) {
			return o
		}
	}
	return nil
}

// birdPrograms reports whether BIRD, not Felix, writes routes of pools of an encapsulation into the kernel
// (BGPConfiguration.programClusterRoutes; its twin in FelixConfiguration is taken to complement it).
func (r *clusterRules) birdPrograms(e encapsulation) bool {
	if e == vxlan {
		return false
	}
	programs := r.programs
	switch {
	case !r.atLeast(32, 0):
		return true
	case !r.atLeast(33, 0):
		return programs != "Disabled"
	case programs == "Disabled":
		return false
	case programs == "Enabled":
		return true
	case programs == "EnabledIPIPOnly":
		return e == ipip
	}
	return e == plain
}

// originateSwitches gives the switches the networks that they announce and the static routes that they redistribute.
func (n *network) originateSwitches() {
	for _, sp := range n.speakers {
		if sp.router == nil {
			continue
		}
		for _, p := range sp.router.Networks {
			sp.originate(p, &route{source: fromDirect, to: device, attributes: &attributes{localPref: defaultLocalPref}})
		}
		for _, s := range sp.sw.Statics {
			if hops := sp.staticTo(s.Prefix); hops != nil && sp.redistributes(s) {
				sp.originate(s.Prefix, &route{source: fromKernel, to: device,
					attributes: &attributes{localPref: defaultLocalPref, origin: 2, nextHop: slices.MinFunc(hops, netip.Addr.Compare)}})
			}
		}
	}
}

// staticTo returns the next hops of the static routes to a prefix, as far as they are on a connected subnet: a switch takes no
// other ones.
func (sp *speaker) staticTo(p netip.Prefix) []netip.Addr {
	var hops []netip.Addr
	for _, s := range sp.sw.Statics {
		if s.VRF != sp.vrf || s.Prefix != p {
			continue
		}
		for _, a := range s.NextHops {
			if sp.onSubnet(a) != nil && !slices.Contains(hops, a) {
				hops = append(hops, a)
			}
		}
	}
	return hops
}

// redistributes reports whether a static route goes into BGP: by its tag.
func (sp *speaker) redistributes(s *fabric.StaticRoute) bool {
	for _, r := range sp.router.Redistribute {
		if r.Family != fabric.FamilyOf(s.Prefix.Addr()) {
			continue
		}
		for _, t := range r.Policy.Terms {
			if (t.Tag == 0 || t.Tag == s.Tag) && (t.PrefixList == nil || permits(r.Policy, s.Prefix)) {
				return true
			}
		}
	}
	return false
}
