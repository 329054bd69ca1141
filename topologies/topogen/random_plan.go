package topogen

import (
	"fmt"
	"slices"
)

// cluster is a cluster in the making.
type cluster struct {
	name                 string
	number               int // from 1
	ranges               int // the number that its ranges are made of: its own, or that of the cluster whose ranges it reuses
	minor, patch         int // of Calico 3; patch -1: not written
	v4, v6               bool
	asn                  int
	layout               layout
	isOnFabric, isolated bool
	isASPerRack          bool
	vrf                  string
	racks                []*rack
	nodes                []*node
	groups               []*group
	pools                []*pool
	filters              []string
	out                  *value
}

// layout is who speaks BGP with whom inside of a cluster.
type layout uint8

const (
	meshLayout          layout = iota // all nodes with each other
	wideLayout                        // reflectors for the whole cluster
	rackReflectorLayout               // reflectors for each rack
	topOfRackLayout                   // nothing but sessions with switches
	meshAndRackLayout                 // a mesh, and sessions with switches
)

// rack is a rack in the making.
type rack struct {
	cluster      *cluster
	name         string
	asn          int // 0: the cluster's
	switches     []*device
	subnets      []*subnet // its nodes take turns
	byReflectors bool
	byLoopback   bool
	onNICs       bool // the nodes' own addresses are in the lan, further interfaces in the rack's subnet
	nodes        []*node
}

// node is a node in the making.
type node struct {
	cluster  *cluster
	name     string
	rack     *rack
	subnet   *subnet // of its own addresses
	host     int     // in it
	reflects bool
}

// group is a group of reflectors in the making.
type group struct {
	name  string
	rack  *rack // nil: the whole cluster
	nodes []*node
}

// has reports whether a cluster's release is 3.minor.patch or later.
func (c *cluster) has(minor, patch int) bool {
	return c.minor > minor || c.minor == minor && (c.patch < 0 || c.patch >= patch)
}

// asnOf is the AS number of a rack's nodes.
func (r *rack) asnOf() int {
	if r.asn != 0 {
		return r.asn
	}
	return r.cluster.asn
}

// planClusters decides on clusters and how many nodes each has.
func (g *generator) planClusters() {
	names := []string{"blue", "green", "red"}[:pick(g, 1, 1, 1, 2, 2, 2, 3)]
	total := max(2*len(names), g.between(2, 12))
	for i, name := range names {
		c := &cluster{name: name, number: i + 1, ranges: i + 1, asn: 64512 + i}
		release := pick(g, [2]int{26, -1}, [2]int{27, 3}, [2]int{28, -1}, [2]int{29, -1}, [2]int{30, 1}, [2]int{30, -1}, [2]int{31, -1},
			[2]int{31, -1}, [2]int{31, 0}, [2]int{32, -1}, [2]int{32, -1}, [2]int{32, -1})
		c.minor, c.patch = release[0], release[1]
		families := pick(g, "4", "4", "4", "4", "4", "46", "46", "6")
		c.v4, c.v6 = families != "6", families != "4"
		if i > 0 && g.isWild && g.chance(15) {
			c.asn = g.clusters[0].asn
		}
		if i > 0 && i == len(names)-1 && g.chance(15) {
			c.isolated = true
			c.ranges = pick(g, c.ranges, 1)
		}
		g.clusters = append(g.clusters, c)
	}
	for n := range total {
		c := g.clusters[n%len(g.clusters)]
		if n >= 2*len(g.clusters) {
			c = pick(g, g.clusters...)
		}
		c.nodes = append(c.nodes, &node{cluster: c, name: fmt.Sprintf("%s-%d", c.name, len(c.nodes)+1)})
	}
}

// planLayout decides who speaks with whom, and whether a cluster is below switches.
func (g *generator) planLayout(c *cluster) {
	c.isOnFabric = len(g.leaves) > 0 && (c.number == 1 || g.chance(75)) && (!c.isolated || g.vrfs == vrfPerCluster)
	c.isASPerRack = g.chance(50)
	if !c.isOnFabric {
		c.layout = pick(g, meshLayout, meshLayout, meshLayout, wideLayout, wideLayout, wideLayout, rackReflectorLayout)
		c.isASPerRack = false
		return
	}
	c.layout = pick(g, topOfRackLayout, topOfRackLayout, topOfRackLayout, rackReflectorLayout, rackReflectorLayout, wideLayout, wideLayout,
		meshAndRackLayout)
	if c.layout == wideLayout || c.layout == meshAndRackLayout { // their sessions run across racks
		c.isASPerRack = c.isASPerRack && g.isWild
	}
	if g.vrfs == vrfPerCluster && (c.isolated || g.chance(70)) {
		c.vrf = "vrf-" + c.name
	}
}

// planRacks puts the nodes into racks and subnets.
func (g *generator) planRacks(c *cluster) {
	count := 0
	if c.isOnFabric || c.layout == rackReflectorLayout || g.chance(30) {
		count = g.between(1, min(3, len(c.nodes)))
	}
	first := 0
	if len(g.leaves) > 0 {
		first = g.r.IntN(len(g.leaves))
	}
	for i := range count {
		r := &rack{cluster: c, name: fmt.Sprintf("%s-r%d", c.name, i+1)}
		if c.isOnFabric && (i == 0 || !g.isWild && !c.reachesAcross() || g.chance(75)) {
			g.planRackSwitches(r, first+i)
		}
		g.planSubnets(r)
		c.racks = append(c.racks, r)
	}
	strays := count > 0 && (g.isWild || !c.isOnFabric) && g.chance(30) // the last node is in no rack
	for i, n := range c.nodes {
		n.subnet = g.lan
		if count > 0 && !(strays && i >= count && i == len(c.nodes)-1) {
			n.rack = c.racks[i%count]
			n.rack.nodes = append(n.rack.nodes, n)
			if !n.rack.onNICs {
				n.subnet = n.rack.subnets[len(n.rack.nodes)%len(n.rack.subnets)]
			}
		}
		n.host = n.subnet.take(c)
	}
}

// reachesAcross reports whether racks have sessions with each other, so that one may do without switches.
func (c *cluster) reachesAcross() bool {
	return c.layout != topOfRackLayout && (c.layout != rackReflectorLayout || !c.isASPerRack)
}

// take returns a free host number for a node of c.
func (s *subnet) take(c *cluster) int {
	s.serve(c)
	s.next++
	return s.next - 1
}

// serve gives a subnet the families of c.
func (s *subnet) serve(c *cluster) { s.v4, s.v6 = s.v4 || c.v4, s.v6 || c.v6 }

// planRackSwitches puts a rack below one leaf or two, and decides who holds the sessions.
func (g *generator) planRackSwitches(r *rack, at int) {
	c := r.cluster
	r.switches = []*device{g.leaves[at%len(g.leaves)]}
	if len(g.leaves) > 1 && g.chance(35) {
		r.switches = append(r.switches, g.leaves[(at+1)%len(g.leaves)])
	}
	switch c.layout {
	case rackReflectorLayout:
		r.byReflectors = g.chance(85)
	case wideLayout:
		r.byReflectors = g.chance(60)
	}
	r.byLoopback = g.chance(15) && (g.isWild || c.vrf == "" && !slices.ContainsFunc(r.switches, func(s *device) bool {
		return c.v4 && !s.loopback4 || c.v6 && !s.loopback6
	}))
	r.onNICs = !r.byLoopback && g.chance(8)
}

// planSubnets decides where the nodes of a rack are: in a subnet of their own, or in that of another cluster's rack below the
// same switches, and where there are no switches, mostly in the lan.
func (g *generator) planSubnets(r *rack) {
	if len(r.switches) == 0 {
		r.subnets = []*subnet{g.lan}
		if r.cluster.isOnFabric || g.chance(15) {
			r.subnets = []*subnet{g.newSubnet()}
		}
		return
	}
	for _, s := range g.subnets {
		if s.vrf == r.cluster.vrf && slices.Equal(s.switches, r.switches) && g.chance(40) {
			s.serve(r.cluster)
			r.subnets = []*subnet{s}
			return
		}
	}
	for range pick(g, 1, 1, 1, 1, 1, 1, 1, 2) {
		s := g.newSubnet()
		s.switches, s.vrf = r.switches, r.cluster.vrf
		s.serve(r.cluster)
		r.subnets = append(r.subnets, s)
	}
}

// planReflectors chooses the reflectors. Racks whose reflectors hold their sessions have one each.
func (g *generator) planReflectors(c *cluster) {
	switch c.layout {
	case wideLayout:
		g.planWideGroups(c)
	case rackReflectorLayout:
		for _, r := range c.racks {
			if len(r.nodes) == 0 {
				continue
			}
			count := pick(g, 1, 2, 2, 2, 2)
			if len(c.racks) == 3 && !c.isASPerRack {
				count = 1 // all of one AS peer with each other
			}
			gr := &group{name: "rr-" + r.name, rack: r}
			for _, n := range r.nodes[:min(count, len(r.nodes))] {
				gr.nodes = append(gr.nodes, n)
				n.reflects = true
			}
			c.groups = append(c.groups, gr)
		}
	}
	if len(c.groups) == 0 && g.isWild && g.chance(10) {
		c.groups = append(c.groups, &group{name: "stray", nodes: c.nodes[:1]})
		c.nodes[0].reflects = true
	}
}

// planWideGroups chooses up to three reflectors for a whole cluster, sometimes in two groups.
func (g *generator) planWideGroups(c *cluster) {
	count := max(min(pick(g, 1, 2, 2, 2, 3), len(c.nodes)), len(c.racks)) // the first nodes are in different racks
	main := &group{name: c.name + "-main"}
	for _, n := range c.nodes[:count] {
		n.reflects = true
		main.nodes = append(main.nodes, n)
	}
	c.groups = append(c.groups, main)
	if count > 1 && g.chance(20) {
		c.groups = append(c.groups, &group{name: c.name + "-more", nodes: main.nodes[1:]})
		main.nodes = main.nodes[:1]
	}
}
