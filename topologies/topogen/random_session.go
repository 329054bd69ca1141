package topogen

import (
	"net/netip"
	"slices"
)

// writeRack writes a rack and what its sessions with switches are to be like.
func (g *generator) writeRack(r *rack) {
	c, out := r.cluster, r.cluster.out.in("racks", r.name)
	if r.asn != 0 {
		out.set("asNumber", r.asn)
	}
	if len(r.switches) == 0 {
		return
	}
	var names []string
	for _, d := range r.switches {
		names = append(names, d.name)
	}
	out.set("switches", names)
	switch {
	case r.byReflectors:
		out.set("peer", "routeReflectors")
	case g.chance(10):
		out.set("peer", "nodes")
	}
	if r.byLoopback {
		out.set("session", "loopback")
	}
	isInside := slices.ContainsFunc(r.switches, func(d *device) bool { return d.asn == r.asnOf() })
	if r.asn == 0 && len(c.racks) > 1 && !isInside {
		switch { // else the switches' routes go round in a loop, and only a gateway helps
		case g.chance(35):
			out.set("asOverride", true)
		case !r.byReflectors && g.chance(45):
			out.set("numAllowedLocalASNumbers", g.between(1, 2))
		}
	}
	if c.has(31, 0) && !isInside && g.chance(10) {
		out.set("localASNumber", 64900+c.number)
	}
	g.writeSession(out, c)
	if g.chance(10) {
		out.set("ttlSecurity", map[bool]int{false: 1, true: 2}[r.byLoopback])
	}
}

// writeSession writes what racks and peers have in common.
func (g *generator) writeSession(out *value, c *cluster) {
	if c.has(30, 2) {
		maybe(g, out, 20, "nextHopMode", "Auto", "Self", "Keep", "Keep")
	}
	maybe(g, out, 8, "sourceAddress", "None", "UseNodeIP")
	maybe(g, out, 8, "maxRestartTime", "60s")
	if g.chance(6) {
		writeSecret(out, "password")
	}
	g.useFilters(out, c, 35)
}

// useFilters names one or two of the cluster's filters, where it has any.
func (g *generator) useFilters(out *value, c *cluster, percent int) {
	if len(c.filters) > 0 && g.chance(percent) {
		first := g.r.IntN(len(c.filters))
		out.set("filters", c.filters[first:min(len(c.filters), first+g.between(1, 2))])
	}
}

// writePeer writes the i-th speaker outside the topology that a cluster peers with: in the subnet of one of its nodes, or
// somewhere beyond the gateway.
func (g *generator) writePeer(c *cluster, i int) {
	n := pick(g, c.nodes...)
	isIPv4 := c.v4 && (!c.v6 || g.chance(50))
	near, far := n.subnet.addr4(outsideHost+10*c.number+i), ipv4(outsideNumber, c.number, i+1, 32)
	gateway := n.subnet.addr4(n.subnet.gatewayHost())
	if !isIPv4 {
		near, far = n.subnet.addr6(outsideHost+10*c.number+i), ipv6(outsideNumber, c.number, i+1, 128)
		gateway = n.subnet.addr6(n.subnet.gatewayHost())
	}
	out := c.out.in("peers", pick(g, "firewall", "balancer")+[]string{"-1", "-2"}[i])
	address := pick(g, near.Addr(), near.Addr(), far.Addr())
	out.set("address", address)
	out.set("asNumber", pick(g, 64800+i, 64800+i, 64800+i, c.asn))
	maybe(g, out, 10, "port", 1179)
	g.writePeerNodes(out, c, n)
	if address == far.Addr() {
		maybe(g, out, 60, "reachableBy", gateway.Addr())
	}
	if c.has(31, 0) {
		maybe(g, out, 10, "localASNumber", 64950)
	}
	maybe(g, out, 10, "numAllowedLocalASNumbers", 1, 2)
	maybe(g, out, 10, "ttlSecurity", 1, 2)
	g.writeSession(out, c)
	if out.field("nextHopMode") == nil {
		maybe(g, out, 20, "keepOriginalNextHop", true, true, false)
	}
}

// writePeerNodes chooses the nodes that a peer is for, n at least being one of them: some see it in their subnet.
func (g *generator) writePeerNodes(out *value, c *cluster, n *node) {
	switch g.r.IntN(5) {
	case 0:
		out.set("nodes", pick(g, "zone == 'a' || zone == 'b'", "has(zone)", "kubernetes.io/hostname == '"+n.name+"'"))
	case 1:
		if n.rack != nil {
			out.set("rack", n.rack.name)
		}
	case 2:
		if len(c.groups) > 0 {
			out.set("routeReflectors", c.groups[0].name)
		}
	}
}

// writeFilters writes up to two filters.
func (g *generator) writeFilters(c *cluster) {
	for _, name := range []string{"shape", "guard"}[:pick(g, 0, 0, 1, 2)] {
		c.filters = append(c.filters, name)
		out := c.out.in("filters", name)
		fields := []string{}
		if c.v4 {
			fields = append(fields, "exportV4", "importV4")
		}
		if c.v6 {
			fields = append(fields, "exportV6", "importV6")
		}
		for i, field := range fields {
			if i > 0 && g.chance(50) {
				continue // at least one field
			}
			for range g.between(1, 2) {
				g.writeRule(out.add(field), c, field)
			}
		}
	}
}

// writeRule writes a rule of a filter. One that rejects is about a range, so that something is left.
func (g *generator) writeRule(rule *value, c *cluster, field string) {
	isIPv4 := field == "exportV4" || field == "importV4"
	accepts := g.chance(55)
	rule.set("action", map[bool]string{true: "Accept", false: "Reject"}[accepts])
	if !accepts || g.chance(70) {
		cidr := g.ruleRange(isIPv4)
		rule.set("cidr", cidr)
		rule.set("matchOperator", pick(g, "In", "In", "In", "Equal", "NotEqual", "NotIn"))
		if c.has(29, 0) && g.chance(35) {
			g.writeLengths(rule.in("prefixLength"), cidr)
		}
	}
	if c.has(27, 0) {
		maybe(g, rule, 20, "source", "RemotePeers")
		maybe(g, rule, 15, "interface", "eth0", "*.calico", "tunl0", "cali*")
	}
	if !c.has(32, 0) {
		return
	}
	maybe(g, rule, 20, "peerType", "eBGP", "iBGP")
	if g.chance(15) {
		rule.in("communities").set("values", []string{pick(g, "64512:200", "64512:100", "64512:1:100")})
	}
	if g.chance(15) {
		g.addNumbers(rule.in("asPathPrefix"))
	}
	maybe(g, rule, 12, "priority", 100, 1024)
	for range pick(g, 0, 0, 1, 2) {
		if accepts {
			g.writeOperation(rule.add("operations"))
		}
	}
}

// addNumbers fills a list with AS numbers.
func (g *generator) addNumbers(list *value) {
	list.kind = listValue
	for range g.between(1, 2) {
		list.children = append(list.children, &value{kind: literalValue, literal: pick(g, "64512", "65010", "65000")})
	}
}

func (g *generator) writeOperation(op *value) {
	switch g.r.IntN(3) {
	case 0:
		op.in("addCommunity").set("value", pick(g, "64512:300", "64512:5:6"))
	case 1:
		g.addNumbers(op.in("prependASPath").in("prefix"))
	default:
		op.in("setPriority").set("value", pick(g, 100, 512, 2000))
	}
}

// ruleRange returns a range that routes of some cluster lie in, or a default route.
func (g *generator) ruleRange(isIPv4 bool) netip.Prefix {
	c := pick(g, g.clusters...)
	if isIPv4 {
		pods := c.podRange4(0)
		return pick(g, pods, pods, netip.PrefixFrom(pods.Addr(), 26), netip.PrefixFrom(pods.Addr(), 20), ipv4(serviceNumber+c.ranges, 0, 0, 16),
			ipv4(externalNumber+c.ranges, 0, 0, 24), netip.PrefixFrom(netip.IPv4Unspecified(), 0))
	}
	pods := c.podRange6(0)
	return pick(g, pods, pods, netip.PrefixFrom(pods.Addr(), 122), ipv6(serviceNumber+c.ranges, 0, 0, 112),
		netip.PrefixFrom(netip.IPv6Unspecified(), 0))
}

// writeLengths bounds the lengths of prefixes in a range.
func (g *generator) writeLengths(out *value, cidr netip.Prefix) {
	longest := cidr.Addr().BitLen()
	low := g.between(cidr.Bits(), longest)
	if g.chance(70) {
		out.set("min", low)
	} else {
		low = cidr.Bits()
	}
	if len(out.children) == 0 || g.chance(50) {
		out.set("max", g.between(low, longest))
	}
}
