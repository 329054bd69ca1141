package topogen

import "fmt"

// writeCluster writes a cluster but for its peerings.
func (g *generator) writeCluster(c *cluster) {
	c.out = g.root.in("clusters", c.name)
	if c.number > 1 || c.asn != 64512 || g.chance(70) {
		c.out.set("asNumber", c.asn)
	}
	if c.isolated {
		c.out.set("isolated", true)
	}
	g.writeCalico(c)
	g.writePools(c)
	g.writeServices(c)
	g.writeFilters(c)
	for _, r := range c.racks {
		g.writeRack(r)
	}
	for _, n := range c.nodes {
		g.writeNode(n)
	}
	for _, gr := range c.groups {
		g.writeGroup(c, gr)
	}
	for i := range pick(g, 0, 0, 0, 0, 1, 1, 2) {
		g.writePeer(c, i)
	}
	g.writeClusterBGP(c)
	if g.chance(5) {
		c.out.in("capacity").set("nodes", len(c.nodes)+2)
	}
}

func (g *generator) writeCalico(c *cluster) {
	if c.minor == 31 && c.patch < 0 && g.chance(60) {
		return // the default
	}
	version := fmt.Sprintf("3.%d", c.minor)
	if c.patch >= 0 {
		version += fmt.Sprintf(".%d", c.patch)
	}
	k := c.out.in("calico")
	k.set("version", version)
	maybe(g, k, 20, "api", "crd.projectcalico.org/v1")
	maybe(g, k, 30, "install", "manifest", "operator")
}

func (g *generator) writeGroup(c *cluster, gr *group) {
	out := c.out.in("routeReflectors", gr.name)
	var nodes []string
	for _, n := range gr.nodes {
		nodes = append(nodes, n.name)
	}
	out.set("nodes", nodes)
	if gr.rack != nil {
		out.set("rack", gr.rack.name)
	}
	// A reflector without an IPv4 address has nothing to derive it from; four reflectors are not to have four of them.
	if !c.v4 || len(c.groups) > 1 && len(gr.nodes) > 1 || g.chance(40) {
		out.set("clusterID", fmt.Sprintf("244.0.%d.%d", c.number, len(c.out.in("routeReflectors").children)))
	}
}

// writeNode writes a node. The first of a cluster has a zone, so that selectors by zone can select one.
func (g *generator) writeNode(n *node) {
	c, out := n.cluster, n.cluster.out.in("nodes", n.name)
	if c.v4 {
		out.set("address", n.subnet.addr4(n.host))
	}
	if c.v6 {
		out.set("address6", n.subnet.addr6(n.host))
	}
	if n.rack != nil {
		out.set("rack", n.rack.name)
	}
	if c.layout == topOfRackLayout && g.chance(4) || g.isWild && g.chance(8) {
		out.set("asNumber", 64700+20*c.number+n.index())
	}
	if c.v4 && g.chance(25) {
		out.set("gateway", n.subnet.addr4(n.subnet.gatewayHost()).Addr())
	}
	if c.v6 && g.chance(25) {
		out.set("gateway6", n.subnet.addr6(n.subnet.gatewayHost()).Addr())
	}
	maybe(g, out, 10, "interface", "ens3", "bond0")
	g.writeNICs(out, n)
	if n == c.nodes[0] || g.chance(40) {
		out.in("labels").set("zone", pick(g, "a", "a", "b"))
	}
	if g.chance(8) {
		out.in("labels").set("node.kubernetes.io/exclude-from-external-load-balancers", "true")
	}
	if g.chance(40) {
		out.set("blocks", g.blocks(n))
	}
}

// writeNICs writes the further interfaces of a node: where its rack's switches are on them, and rarely one that leads nowhere.
func (g *generator) writeNICs(out *value, n *node) {
	c := n.cluster
	if n.rack != nil && n.rack.onNICs {
		s := n.rack.subnets[len(n.name)%len(n.rack.subnets)]
		host, nic := s.take(c), out.in("interfaces", "eth1")
		if c.v4 {
			nic.set("address", s.addr4(host))
		}
		if c.v6 {
			nic.set("address6", s.addr6(host))
		}
	}
	if g.chance(8) {
		g.nics++
		out.in("interfaces", "eth2").set("address", ipv4(nicNumber, 0, g.nics, 24))
	}
}

// writeClusterBGP writes the rest of BGPConfiguration.
func (g *generator) writeClusterBGP(c *cluster) {
	b := &value{}
	isMesh := c.layout == meshLayout || c.layout == meshAndRackLayout
	switch {
	case c.layout == meshAndRackLayout:
		b.set("nodeToNodeMesh", true)
	case g.isWild && g.chance(20):
		isMesh = g.chance(50)
		b.set("nodeToNodeMesh", isMesh)
	case g.chance(15):
		b.set("nodeToNodeMesh", isMesh)
	}
	if isMesh && len(c.groups) == 0 {
		if g.chance(15) {
			b.set("meshMaxRestartTime", "60s")
		}
		if g.chance(15) {
			writeSecret(b, "meshPassword")
		}
	}
	maybe(g, b, 8, "listenPort", 1790)
	maybe(g, b, 8, "bindMode", "NodeIP", "None")
	maybe(g, b, 8, "ignoredInterfaces", []string{"docker*"}, []string{"eth2"})
	maybe(g, b, 5, "logSeverity", "Debug", "Warning")
	if c.has(32, 0) {
		maybe(g, b, 25, "programClusterRoutes", "Enabled", "Disabled")
	}
	if len(b.children) > 0 {
		c.out.in("bgp").children = b.children
	}
}

func writeSecret(v *value, label string) {
	secret := v.in(label)
	secret.set("secret", "bgp-secrets")
	secret.set("key", "password")
}
