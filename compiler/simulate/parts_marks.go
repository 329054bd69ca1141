package simulate

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// marks is what in the topology points at single nodes: a node with other marks plays another part. Immutable.
type marks struct {
	of      map[*fabric.Node]int  // a number for each set of marks, from 1; nodes without marks are not in it
	alone   map[*fabric.Node]bool // named by something that means this node and no other
	members map[int][]mark        // of a set
	dir     *directory
}

// mark is one thing that points at an address of a node, without the address.
type mark struct {
	router *fabric.BGPRouter // a neighbor of a switch, of group
	group  *fabric.PeerGroup
	asn    uint32        // that the neighbor is to have
	peer   *clusterRules // a BGPPeer of that cluster, of kin
	kin    string
	node   string       // a BGPPeer for that node
	nic    int          // the address
	ipv6   bool         // likewise
	listen netip.Prefix // a range narrower than the node's subnet
}

func newMarks(f *fabric.Fabric, rules []*clusterRules, d *directory) *marks {
	m := &marks{of: map[*fabric.Node]int{}, alone: map[*fabric.Node]bool{}, members: map[int][]mark{}, dir: d}
	c := markCollector{numbers: map[mark]uint32{}, of: map[*fabric.Node][]uint32{}}
	for _, r := range rules {
		c.peers(r, d)
	}
	for _, s := range f.Switches {
		for _, r := range s.Routers {
			c.neighbors(r, d)
			c.listens(r, f)
		}
	}
	m.intern(&c)
	m.nameNodes(f, rules)
	return m
}

// markCollector collects the marks of each node.
type markCollector struct {
	numbers map[mark]uint32
	all     []mark // by number
	of      map[*fabric.Node][]uint32
	order   []*fabric.Node // those of of, in the order in which they came
}

func (c *markCollector) add(n *fabric.Node, m mark) {
	number, ok := c.numbers[m]
	if !ok {
		number = uint32(len(c.all))
		c.numbers[m] = number
		c.all = append(c.all, m)
	}
	if _, known := c.of[n]; !known {
		c.order = append(c.order, n)
	}
	if !slices.Contains(c.of[n], number) {
		c.of[n] = append(c.of[n], number)
	}
}

// peers marks the nodes that BGPPeers name, by name or address.
func (c *markCollector) peers(r *clusterRules, d *directory) {
	for _, p := range r.peers {
		if n := r.cluster.Node(p.node); p.node != "" && n != nil {
			c.add(n, mark{peer: r, node: p.node})
		}
		if !p.address.IsValid() {
			continue
		}
		if o := d.find(p.address, r.cluster); o.node != nil {
			p.setKin()
			c.add(o.node, mark{peer: r, kin: p.kin, nic: o.nic, ipv6: p.address.Is6()})
		}
	}
}

// neighbors marks the nodes that a switch speaks with.
func (c *markCollector) neighbors(r *fabric.BGPRouter, d *directory) {
	for _, n := range r.Neighbors {
		if n.Group == nil {
			continue
		}
		if o := d.findNode(n.Address, n.Group.Rack.Cluster); o.node != nil {
			c.add(o.node, mark{router: r, group: n.Group, asn: uint32(n.RemoteASN), nic: o.nic, ipv6: n.Address.Is6()})
		}
	}
}

// listens marks the nodes in ranges that a switch listens on, where a range has not all of the node's subnet.
func (c *markCollector) listens(r *fabric.BGPRouter, f *fabric.Fabric) {
	for _, l := range r.Listens {
		for _, cluster := range f.Clusters {
			for _, subnet := range cluster.Subnets {
				if subnet.Prefix.Bits() >= l.Prefix.Bits() || !subnet.Prefix.Contains(l.Prefix.Addr()) {
					continue
				}
				for _, n := range subnet.Nodes {
					if l.Prefix.Contains(n.Addr(fabric.FamilyOf(l.Prefix.Addr()))) {
						c.add(n, mark{router: r, listen: l.Prefix})
					}
				}
			}
		}
	}
}

// intern gives each set of marks a number.
func (m *marks) intern(c *markCollector) {
	sets := map[string]int{}
	for _, n := range c.order {
		numbers := c.of[n]
		slices.Sort(numbers)
		var key []byte
		for _, number := range numbers {
			key = binary.BigEndian.AppendUint32(key, number)
		}
		set, ok := sets[string(key)]
		if !ok {
			set = len(sets) + 1
			sets[string(key)] = set
			for _, number := range numbers {
				m.members[set] = append(m.members[set], c.all[number])
			}
		}
		m.of[n] = set
	}
}

// nameNodes finds the nodes that play a part of their own: next hops of static routes, gateways, and ends of expectations.
func (m *marks) nameNodes(f *fabric.Fabric, rules []*clusterRules) {
	m.nameNextHops(f)
	for a := range m.gateways(f) {
		m.name(a)
	}
	for _, r := range rules {
		for _, p := range r.peers {
			m.name(p.reachableBy)
		}
	}
	for _, e := range f.Expected {
		for _, end := range []fabric.Endpoint{e.From, e.To} {
			if end.Node != nil {
				m.alone[end.Node] = true
			}
		}
	}
}

func (m *marks) nameNextHops(f *fabric.Fabric) {
	for _, s := range f.Switches {
		for _, r := range s.Statics {
			m.nameAll(r.Nodes)
		}
	}
	for _, h := range f.Hosts {
		for i := range h.Routes {
			m.nameAll(h.Routes[i].Nodes)
		}
	}
}

func (m *marks) nameAll(nodes []*fabric.Node) {
	for _, n := range nodes {
		m.alone[n] = true
	}
}

// gateways returns all gateways of nodes and hosts.
func (m *marks) gateways(f *fabric.Fabric) map[netip.Addr]bool {
	all := map[netip.Addr]bool{}
	var last, last6 netip.Addr
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			if n.Gateway != last || n.Gateway6 != last6 {
				last, last6 = n.Gateway, n.Gateway6
				all[last], all[last6] = true, true
			}
		}
	}
	for _, h := range f.Hosts {
		all[h.Gateway], all[h.Gateway6] = true, true
	}
	return all
}

// name makes all nodes that have an address play parts of their own.
func (m *marks) name(a netip.Addr) {
	for _, o := range m.dir.owners[a] {
		if o.node != nil {
			m.alone[o.node] = true
		}
	}
}

// peersOfSwitches returns the BGPPeers of a cluster that point at switches.
func (m *marks) peersOfSwitches(r *clusterRules) []*peerRule {
	var all []*peerRule
	for _, p := range r.peers {
		if p.address.IsValid() && m.dir.find(p.address, r.cluster).sw != nil {
			all = append(all, p)
		}
	}
	return all
}

// speaksWithSwitch reports whether a node has or may have a session with a switch.
func (m *marks) speaksWithSwitch(r *clusterRules, node int, toSwitches []*peerRule) bool {
	n := r.cluster.Nodes[node]
	isNeighbor := slices.ContainsFunc(m.members[m.of[n]], func(m mark) bool { return m.router != nil })
	return isNeighbor || slices.ContainsFunc(toSwitches, func(p *peerRule) bool {
		return p.isGlobal() || p.node == n.Name || r.selection.isMatch(p.local, r.nodes[node].class)
	})
}
