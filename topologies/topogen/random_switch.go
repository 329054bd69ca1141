package topogen

import (
	"fmt"
	"slices"
)

// device is a switch in the making.
type device struct {
	name                 string
	number               int    // from 1
	dialect              string // "": none, and not managed
	isUnmanaged          bool
	asn                  int // 0: it speaks no BGP
	vrf                  string
	loopback4, loopback6 bool
	interfaces           int // so far
}

// planSwitches decides on the fabric.
func (g *generator) planSwitches() {
	if g.chance(30) {
		return
	}
	leaves := pick(g, 1, 1, 2, 2, 2, 3)
	spines := pick(g, 0, 0, 1, 1, 2, 2)
	isFRR := g.chance(40)
	for i := range leaves + spines {
		d := &device{number: i + 1, dialect: pick(g, "frr", "frr", "frr", "comware", "comware")}
		if isFRR {
			d.dialect = "frr"
		}
		if d.isUnmanaged = g.chance(10); d.isUnmanaged {
			d.dialect = pick(g, "", "frr", "eos", "junos")
		}
		d.loopback4, d.loopback6 = g.chance(85), g.chance(40)
		if i < leaves {
			d.name = fmt.Sprintf("leaf%d", i+1)
			g.leaves = append(g.leaves, d)
		} else {
			d.name = fmt.Sprintf("spine%d", i-leaves+1)
			g.spines = append(g.spines, d)
		}
	}
	g.vrfs = pick(g, noVRF, noVRF, noVRF, noVRF, noVRF, leafVRF, vrfPerCluster, vrfPerCluster)
	if g.vrfs == leafVRF {
		spineVRF := pick(g, "", "tenant")
		for _, d := range g.leaves {
			d.vrf = "tenant"
		}
		for _, d := range g.spines {
			d.vrf = spineVRF
		}
	}
}

// planASNs decides on the AS numbers of switches and racks: leaves of their own, or in that of the only rack below them; pairs
// that share one.
func (g *generator) planASNs() {
	for _, c := range g.clusters {
		for i, r := range c.racks {
			if c.isASPerRack {
				r.asn = 64600 + 10*c.number + i
			}
		}
	}
	sharePairs, shareSpines, isInside := g.chance(45), g.chance(70), g.chance(55)
	for i, d := range g.spines {
		d.asn = 65000
		if !shareSpines {
			d.asn += i
		}
	}
	for i, d := range g.leaves {
		d.asn = 65010 + i
		racks := g.racksBelow(d)
		if isInside && len(racks) == 1 && racks[0].asn != 0 && racks[0].cluster.layout != wideLayout {
			d.asn = racks[0].asn
		} else if len(racks) == 1 && len(g.leaves) == 1 && isInside {
			d.asn = racks[0].asnOf()
		}
	}
	for _, c := range g.clusters {
		for _, r := range c.racks {
			if len(r.switches) == 2 && sharePairs {
				r.switches[1].asn = r.switches[0].asn
			}
		}
	}
}

// racksBelow returns the racks that name a switch.
func (g *generator) racksBelow(d *device) []*rack {
	var below []*rack
	for _, c := range g.clusters {
		for _, r := range c.racks {
			if slices.Contains(r.switches, d) {
				below = append(below, r)
			}
		}
	}
	return below
}

// port returns the name of a switch's next interface: a VLAN's, or that of a cable.
func (d *device) port(isVLAN bool) string {
	d.interfaces++
	forms := map[string][2]string{"": {"eth%d", "vlan%d"}, "frr": {"eth%d", "vlan%d"}, "comware": {"Ten-GigabitEthernet1/0/%d", "Vlan-interface%d"},
		"eos": {"Ethernet%d", "Vlan%d"}, "junos": {"xe-0/0/%d.0", "irb.%d"}}[d.dialect]
	if isVLAN {
		return fmt.Sprintf(forms[1], d.interfaces)
	}
	return fmt.Sprintf(forms[0], d.interfaces)
}

// writeSwitches writes every switch with its interfaces in node subnets.
func (g *generator) writeSwitches() {
	for _, d := range slices.Concat(g.leaves, g.spines) {
		out := g.root.in("switches", d.name)
		g.writeDevice(out, d)
		for _, s := range g.subnets {
			if slices.Contains(s.switches, d) {
				g.writeInterface(out, d, s)
			}
		}
		g.writeSwitchBGP(out)
		if racks := g.racksBelow(d); len(racks) > 0 && g.chance(8) {
			g.writeStatics(out.in("staticRoutes"), racks[0].cluster, racks[0].subnets[0])
		}
	}
	if len(g.leaves)+len(g.spines) < 5 && g.chance(25) {
		g.writeRouter()
	}
}

func (g *generator) writeDevice(out *value, d *device) {
	if d.isUnmanaged {
		out.set("managed", false)
	}
	if d.dialect != "" {
		out.set("dialect", d.dialect)
	}
	if g.chance(70) {
		out.set("role", map[bool]string{true: "leaf", false: "spine"}[slices.Contains(g.leaves, d)])
	}
	out.set("asNumber", d.asn)
	if d.loopback4 {
		out.set("loopback", ipv4(loopbackNumber, 0, d.number, 32))
	} else {
		out.set("routerID", ipv4(loopbackNumber, 0, d.number, 32).Addr())
	}
	if d.loopback6 {
		label := "loopback"
		if d.loopback4 {
			label = "loopback6"
		}
		out.set(label, ipv6(loopbackNumber, 0, d.number, 128))
	}
	if d.vrf != "" {
		out.set("vrf", d.vrf)
	}
}

// writeInterface writes a switch's interface in a subnet. The switches of a pair share the gateway's address.
func (g *generator) writeInterface(out *value, d *device, s *subnet) {
	i := out.in("interfaces", d.port(true))
	host := sharedHost
	if len(s.switches) > 1 {
		host = switchHost + slices.Index(s.switches, d)
	}
	var shared []string
	if s.v4 {
		i.set("address", s.addr4(host))
		shared = append(shared, s.addr4(sharedHost).Addr().String())
	}
	if s.v6 {
		i.set("address6", s.addr6(host))
		shared = append(shared, s.addr6(sharedHost).Addr().String())
	}
	if len(s.switches) > 1 {
		i.set("shared", shared)
	}
	if s.vrf != d.vrf && s.vrf != "" {
		i.set("vrf", s.vrf)
	}
}

// writeSwitchBGP writes what can be said of a switch's BGP.
func (g *generator) writeSwitchBGP(out *value) {
	b := &value{}
	maybe(g, b, 35, "maximumPaths", 1, 2, 3, 4, 8, 16)
	maybe(g, b, 12, "dynamicNeighbors", true)
	maybe(g, b, 15, "gracefulRestart", true, false)
	maybe(g, b, 8, "bfd", true)
	if g.chance(12) {
		b.set("keepalive", 5)
		b.set("hold", 15)
	}
	switch toNodes := pick(g, "", "", "", "", "routes", "default", "none"); toNodes {
	case "":
		maybe(g, b, 15, "defaultOriginate", true)
	case "default":
		b.set("toNodes", toNodes)
		maybe(g, b, 70, "defaultOriginate", true)
	default:
		b.set("toNodes", toNodes)
	}
	maybe(g, b, 8, "maxPrefixes", 2000)
	maybe(g, b, 15, "advertise", []string{}, []string{"interfaces"}, []string{"loopback"})
	for _, field := range []string{"accept", "send"} {
		if g.chance(15) {
			g.writePermit(b.add(field))
		}
	}
	if len(b.children) > 0 {
		out.in("bgp").children = b.children
	}
}

// writePermit writes an entry of accept or send: a default route, outside ranges or those of some cluster.
func (g *generator) writePermit(p *value) {
	c := pick(g, g.clusters...)
	switch g.r.IntN(3) {
	case 0:
		p.set("prefix", pick(g, "0.0.0.0/0", "::/0"))
	case 1:
		p.set("prefix", ipv4(outsideNumber, 0, 0, 16))
		p.set("le", pick(g, 24, 32))
	default:
		p.set("prefix", c.podRange4(0))
		p.set("ge", 24)
		maybe(g, p, 50, "le", 28)
	}
	p.set("on", pick(g, "nodes", "switches"))
}

// writeStatics writes static routes to a cluster over one or two of its nodes, those in a subnet where there are some.
func (g *generator) writeStatics(routes *value, c *cluster, s *subnet) {
	count := g.between(1, 2)
	var via []string
	for _, n := range c.nodes {
		if n.subnet == s && len(via) < count {
			via = append(via, n.name)
		}
	}
	if via == nil {
		via = []string{c.nodes[0].name}
	}
	r := routes.in(c.name)
	r.set("via", via)
	maybe(g, r, 15, "pods", false)
	maybe(g, r, 15, "services", true, false)
}

// writeRouter writes a switch without BGP in a subnet of nodes, with static routes to their cluster.
func (g *generator) writeRouter() {
	c := pick(g, g.clusters...)
	n := c.nodes[0]
	if len(n.subnet.switches) > 0 {
		return // a leaf is there
	}
	d := &device{dialect: pick(g, "frr", "comware")}
	out := g.root.in("switches", "router")
	out.set("dialect", d.dialect)
	out.set("role", "router")
	i := out.in("interfaces", d.port(true))
	if n.subnet.v4 {
		i.set("address", n.subnet.addr4(sharedHost))
	}
	if n.subnet.v6 {
		i.set("address6", n.subnet.addr6(sharedHost))
	}
	g.writeStatics(out.in("staticRoutes"), c, n.subnet)
}
