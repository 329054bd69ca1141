package topogen

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// pool is a pool in the making.
type pool struct {
	cidr    netip.Prefix
	size    int     // prefix length of a block
	holders []*node // of its first blocks
}

// podRange4 is the k-th of a cluster's eight ranges for pods.
func (c *cluster) podRange4(k int) netip.Prefix { return ipv4(podNumber+podStep*c.ranges+k, 0, 0, 16) }

// podRange6 is the k-th of a cluster's ranges for pods.
func (c *cluster) podRange6(k int) netip.Prefix { return ipv6(podNumber+podStep*c.ranges, k, 0, 64) }

// writePools writes podCIDRs, or pools, or both.
func (g *generator) writePools(c *cluster) {
	if g.chance(40) {
		g.writePodCIDRs(c)
		return
	}
	if g.chance(30) {
		var all []string
		if c.v4 {
			all = append(all, ipv4(podNumber+podStep*c.ranges, 0, 0, 13).String())
		}
		if c.v6 {
			all = append(all, ipv6(podNumber+podStep*c.ranges, 0, 0, 32+16).String())
		}
		c.out.set("podCIDRs", all)
	}
	if c.v4 {
		for k := range pick(g, 1, 1, 1, 2, 3) {
			g.writePool(c, k, true)
		}
	}
	if c.v6 {
		for k := range pick(g, 1, 1, 2) {
			g.writePool(c, k, false)
		}
	}
}

func (g *generator) writePodCIDRs(c *cluster) {
	var all []string
	if c.v4 {
		for k := range pick(g, 1, 1, 1, 2) {
			all = append(all, c.podRange4(k).String())
			c.pools = append(c.pools, &pool{cidr: c.podRange4(k), size: 26})
		}
	}
	if c.v6 {
		all = append(all, c.podRange6(0).String())
		c.pools = append(c.pools, &pool{cidr: c.podRange6(0), size: 122})
	}
	c.out.set("podCIDRs", all)
}

// writePool writes the k-th pool of a family. The first of each family is for all nodes.
func (g *generator) writePool(c *cluster, k int, isIPv4 bool) {
	p := &pool{cidr: c.podRange6(k), size: 122}
	name := fmt.Sprintf("%s-pods6-%d", c.name, k+1)
	encapsulations := []string{"None", "VXLAN", "VXLANCrossSubnet"}
	sizes := []int{122, 124, 126}
	if isIPv4 {
		bits := pick(g, 16, 18, 20, 22)
		p = &pool{cidr: netip.PrefixFrom(c.podRange4(k).Addr(), bits), size: 26}
		name = fmt.Sprintf("%s-pods-%d", c.name, k+1)
		encapsulations = append(encapsulations, "None", "IPIP", "IPIPCrossSubnet")
		sizes = []int{24, 26, 28, 32}
	}
	out := c.out.in("ipPools", name)
	out.set("cidr", p.cidr)
	if g.chance(25) {
		p.size = pick(g, sizes...)
		out.set("blockSize", p.size)
	}
	maybe(g, out, 50, "encapsulation", encapsulations...)
	maybe(g, out, 30, "natOutgoing", true, false)
	if k > 0 || g.isWild {
		if len(c.racks) > 0 && g.chance(50) {
			out.set("rack", pick(g, c.racks...).name)
		} else if g.chance(60) {
			out.set("nodeSelector", pick(g, "zone == 'a'", "has(zone)", "!has(zone)", "kubernetes.io/hostname != '"+c.nodes[0].name+"'"))
		}
		if g.chance(25) {
			out.set("disabled", true)
		}
	}
	maybe(g, out, 12, "disableBGPExport", true)
	maybe(g, out, 12, "allowedUses", []string{"Workload"}, []string{"Workload", "Tunnel"}, []string{"Tunnel"})
	if c.has(30, 0) {
		maybe(g, out, 12, "assignmentMode", "Manual", "Automatic")
	}
	c.pools = append(c.pools, p)
}

// block returns the i-th block of a pool, which has it.
func (p *pool) block(i int) netip.Prefix {
	if p.cidr.Addr().Is4() {
		a := p.cidr.Addr().As4()
		binary.BigEndian.PutUint32(a[:], binary.BigEndian.Uint32(a[:])+uint32(i)<<(32-p.size))
		return netip.PrefixFrom(netip.AddrFrom4(a), p.size)
	}
	a := p.cidr.Addr().As16()
	binary.BigEndian.PutUint64(a[8:], binary.BigEndian.Uint64(a[8:])+uint64(i)<<(128-p.size))
	return netip.PrefixFrom(netip.AddrFrom16(a), p.size)
}

// blocks returns the blocks of one node: none, one or several, and addresses borrowed from those of other nodes.
func (g *generator) blocks(n *node) []string {
	all := []string{}
	for range pick(g, 0, 1, 1, 1, 2, 3) {
		p := pick(g, n.cluster.pools...)
		lender := g.r.IntN(len(p.holders) + 1)
		switch {
		case lender < len(p.holders) && p.holders[lender] != n && p.size < p.cidr.Addr().BitLen() && g.chance(70):
			borrowed := p.block(lender).Addr()
			for range n.index() + 1 { // each node another one
				borrowed = borrowed.Next()
			}
			if one := netip.PrefixFrom(borrowed, borrowed.BitLen()); p.block(lender).Contains(borrowed) && !slices.Contains(all, one.String()) {
				all = append(all, one.String())
			}
		case len(p.holders) < 1<<min(p.size-p.cidr.Bits(), 16):
			all = append(all, p.block(len(p.holders)).String())
			p.holders = append(p.holders, n)
		}
	}
	return all
}

// index is the node's place among those of its cluster.
func (n *node) index() int { return slices.Index(n.cluster.nodes, n) }

// writeServices writes the ranges of services, and which of them are announced.
func (g *generator) writeServices(c *cluster) {
	if g.chance(85) {
		var all []string
		if c.v4 {
			all = append(all, ipv4(serviceNumber+c.ranges, 0, 0, 16).String())
		}
		if c.v6 {
			all = append(all, ipv6(serviceNumber+c.ranges, 0, 0, 112).String())
		}
		c.out.set("serviceCIDRs", all)
	}
	a := &value{}
	if c.out.field("serviceCIDRs") != nil {
		maybe(g, a, 60, "serviceClusterIPs", true, true, true, false)
	}
	maybe(g, a, 25, "serviceExternalIPs", g.serviceRanges(c, externalNumber))
	if g.chance(30) {
		ranges := g.serviceRanges(c, balancerNumber)
		a.set("serviceLoadBalancerIPs", ranges)
		if c.has(31, 0) {
			maybe(g, a, 60, "serviceLoadBalancerAggregation", true, false, false)
		}
		if c.has(30, 0) && g.chance(50) {
			p := c.out.in("ipPools", c.name+"-balancers")
			p.set("cidr", ranges[0])
			p.set("allowedUses", []string{"LoadBalancer"})
		}
	}
	if g.chance(25) {
		g.writeCommunities(c, a)
	}
	if len(a.children) > 0 {
		c.out.in("advertise").children = a.children
	}
}

// serviceRanges returns one or two ranges of a kind.
func (g *generator) serviceRanges(c *cluster, number int) []string {
	var all []string
	for k := range pick(g, 1, 1, 2) {
		if c.v4 {
			all = append(all, ipv4(number+c.ranges, k, 0, 24).String())
		}
		if c.v6 {
			all = append(all, ipv6(number+c.ranges, k, 0, 112).String())
		}
	}
	return all
}

// writeCommunities gives communities to pods, to blocks and to services.
func (g *generator) writeCommunities(c *cluster, a *value) {
	cidrs := []netip.Prefix{ipv6(podNumber+podStep*c.ranges, 0, 0, 48)}
	if c.v4 {
		cidrs = []netip.Prefix{c.podRange4(0), netip.PrefixFrom(c.podRange4(0).Addr(), 24), ipv4(serviceNumber+c.ranges, 0, 0, 16)}
	}
	named := g.chance(50)
	if named {
		a.in("communities").set("gold", pick(g, "64512:100", "64512:1:100"))
	}
	for i := range g.between(1, min(2, len(cidrs))) {
		p := a.add("prefixes")
		p.set("cidr", cidrs[(i+g.r.IntN(2))%len(cidrs)])
		values := []string{pick(g, "64512:200", "65000:7", "64512:3:4")}
		if named && i == 0 {
			values = append(values, "gold")
		}
		p.set("communities", values)
	}
}
