package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// domains says which parts of a topology can see each other's addresses.
//
// A domain is a VRF, by name and across all switches: "" for the global routing table and for whatever no switch is
// declared for. A cluster lives in the VRFs of the switch interfaces on its nodes' subnets. One that is isolated has a
// domain to itself, shared with the switches that serve it alone, unless something connects it to another cluster after all.
type domains struct {
	fabric   *fabric.Fabric
	isolated *fabric.Isolation
	parts    *parts
	clusters map[*fabric.Cluster]*attachment
	points   map[point]int // part of a switch's VRF
	bySubnet map[netip.Prefix][]*fabric.Interface
	users    map[netip.Prefix]int    // clusters with nodes in a subnet
	alone    map[int]*fabric.Cluster // root of the parts that serve one isolated cluster
}

// point is a switch in one of its VRFs.
type point struct {
	of  *fabric.Switch
	vrf string
}

// attachment is where a cluster hangs.
type attachment struct {
	part  int
	vrfs  []string     // sorted; empty: no switch is declared for it
	hosts map[int]bool // hosts that have routes to it, by their index in the fabric
}

func newDomains(f *fabric.Fabric) *domains {
	d := &domains{fabric: f, isolated: fabric.IsolationOf(f), parts: &parts{}, clusters: map[*fabric.Cluster]*attachment{}, points: map[point]int{},
		bySubnet: map[netip.Prefix][]*fabric.Interface{}, users: map[netip.Prefix]int{}, alone: map[int]*fabric.Cluster{}}
	for _, s := range f.Switches {
		for _, i := range s.Interfaces {
			d.joinInterface(i)
		}
	}
	for _, l := range f.Links {
		d.parts.join(d.point(l.Ends[0].Switch, l.Ends[0].VRF), d.point(l.Ends[1].Switch, l.Ends[1].VRF))
	}
	for _, c := range f.Clusters {
		for _, subnet := range c.Subnets {
			d.users[subnet.Prefix]++
		}
	}
	for _, c := range f.Clusters {
		d.clusters[c] = &attachment{part: d.parts.add(), hosts: map[int]bool{}}
		d.attachRacks(c)
		d.attachSubnets(c)
	}
	for _, s := range f.Switches {
		for _, r := range s.Statics {
			d.attach(r.Cluster, s, r.VRF)
		}
	}
	for _, p := range f.Peerings {
		d.parts.join(d.clusters[p.Clusters[0]].part, d.clusters[p.Clusters[1]].part)
	}
	for i, h := range f.Hosts {
		for _, r := range h.Routes {
			d.clusters[r.Cluster].hosts[i] = true
		}
	}
	d.findAlone()
	return d
}

// joinInterface joins the switches that have an interface on the same subnet of the same VRF, but for those of an isolated cluster,
// whose subnet is somewhere else.
func (d *domains) joinInterface(i *fabric.Interface) {
	at := d.point(i.Switch, i.VRF)
	for _, p := range []netip.Prefix{i.Address, i.Address6} {
		if !p.IsValid() || p.Addr().IsLinkLocalUnicast() {
			continue
		}
		for _, other := range d.bySubnet[p.Masked()] {
			if other.VRF == i.VRF && !d.isolated.Apart(i, other) {
				d.parts.join(at, d.point(other.Switch, other.VRF))
				if d.isolated.IsEmpty() {
					break // the others are joined with this one
				}
			}
		}
		d.bySubnet[p.Masked()] = append(d.bySubnet[p.Masked()], i)
	}
}

func (d *domains) point(s *fabric.Switch, vrf string) int {
	p, ok := d.points[point{s, vrf}]
	if !ok {
		p = d.parts.add()
		d.points[point{s, vrf}] = p
	}
	return p
}

func (d *domains) attach(c *fabric.Cluster, s *fabric.Switch, vrf string) {
	a := d.clusters[c]
	d.parts.join(a.part, d.point(s, vrf))
	if i, found := slices.BinarySearch(a.vrfs, vrf); !found {
		a.vrfs = slices.Insert(a.vrfs, i, vrf)
	}
}

// attachRacks attaches a cluster to the switches above its racks: in the VRF of their interfaces on the nodes' subnets.
func (d *domains) attachRacks(c *fabric.Cluster) {
	for _, r := range c.Racks {
		for _, s := range r.Switches {
			serves := slices.DeleteFunc(slices.Clone(s.Interfaces), func(i *fabric.Interface) bool {
				return !slices.ContainsFunc(r.Nodes, func(n *fabric.Node) bool { return onInterface(n, i) })
			})
			for _, i := range serves {
				d.attach(c, s, i.VRF)
			}
			if len(serves) == 0 {
				d.attach(c, s, s.VRF)
			}
		}
	}
}

// onInterface reports whether the node or one of its further NICs is in a subnet of the interface.
func onInterface(n *fabric.Node, i *fabric.Interface) bool {
	own := []netip.Prefix{n.Address, n.Address6}
	for _, nic := range n.NICs {
		own = append(own, nic.Address, nic.Address6)
	}
	return slices.ContainsFunc(own, func(p netip.Prefix) bool {
		return p.IsValid() && (i.Address.IsValid() && i.Address.Masked().Contains(p.Addr()) ||
			i.Address6.IsValid() && i.Address6.Masked().Contains(p.Addr()))
	})
}

// attachSubnets attaches a cluster to the switches on the subnets of the nodes that are in no rack with switches. Not to
// those that an isolated cluster only seems to share with another: it may have the same subnet somewhere else.
func (d *domains) attachSubnets(c *fabric.Cluster) {
	for _, subnet := range c.Subnets {
		if c.Model.Isolated && d.users[subnet.Prefix] > 1 {
			continue
		}
		if !slices.ContainsFunc(subnet.Nodes, func(n *fabric.Node) bool { return n.Rack == nil || len(n.Rack.Switches) == 0 }) {
			continue
		}
		interfaces := d.bySubnet[subnet.Prefix]
		vrf, ok := onlyVRF(interfaces)
		for _, i := range interfaces {
			if alone := d.isolated.Of(i.Switch, vrf); ok && i.VRF == vrf && (alone == nil || alone == c) {
				d.attach(c, i.Switch, vrf)
			}
		}
	}
}

// onlyVRF returns the VRF of interfaces on one subnet. Where several VRFs have that subnet it is the global one, if any:
// nothing then says which of them is meant.
func onlyVRF(interfaces []*fabric.Interface) (vrf string, ok bool) {
	for n, i := range interfaces {
		switch {
		case i.VRF == "":
			return "", true
		case n == 0:
			vrf, ok = i.VRF, true
		case i.VRF != vrf:
			ok = false
		}
	}
	return vrf, ok
}

// findAlone finds the isolated clusters that nothing connects to another one.
func (d *domains) findAlone() {
	count := map[int]int{}
	for _, c := range d.fabric.Clusters {
		count[d.component(c)]++
	}
	for _, c := range d.fabric.Clusters {
		if root := d.component(c); c.Model.Isolated && count[root] == 1 {
			d.alone[root] = c
		}
	}
}

// component returns a number that connected clusters share.
func (d *domains) component(c *fabric.Cluster) int { return d.parts.root(d.clusters[c].part) }

// connected reports whether routes of both clusters meet somewhere: they have a peering, perhaps over others, the
// switches of one reach those of the other, or a host outside has routes to both.
func (d *domains) connected(a, b *fabric.Cluster) bool {
	if d.component(a) == d.component(b) {
		return true
	}
	for h := range d.clusters[a].hosts {
		if d.clusters[b].hosts[h] {
			return true
		}
	}
	return false
}

// aloneDomain is the domain of an isolated cluster. No VRF has such a name: they have no spaces.
func aloneDomain(c *fabric.Cluster) string { return "isolated cluster " + c.Name }

// ofCluster returns the domains that a cluster's ranges are known in.
func (d *domains) ofCluster(c *fabric.Cluster) []string {
	if d.alone[d.component(c)] != nil {
		return []string{aloneDomain(c)}
	}
	if vrfs := d.clusters[c].vrfs; len(vrfs) > 0 {
		return vrfs
	}
	return []string{""}
}

// ofSwitch returns the domain of a VRF of a switch.
func (d *domains) ofSwitch(s *fabric.Switch, vrf string) string {
	if c := d.alone[d.parts.root(d.point(s, vrf))]; c != nil {
		return aloneDomain(c)
	}
	return vrf
}

// ofNode returns the domain of an address of a node: the VRF of the switch interface on its subnet, one of its rack's
// switches where it has any.
func (d *domains) ofNode(n *fabric.Node, p netip.Prefix) string {
	all := d.ofCluster(n.Cluster)
	if len(all) == 1 {
		return all[0]
	}
	interfaces := d.bySubnet[p.Masked()]
	if n.Rack != nil && len(n.Rack.Switches) > 0 {
		interfaces = slices.DeleteFunc(slices.Clone(interfaces), func(i *fabric.Interface) bool {
			return !slices.Contains(n.Rack.Switches, i.Switch)
		})
	}
	if vrf, ok := onlyVRF(interfaces); ok {
		return vrf
	}
	return all[0]
}

// ofHost returns the domain of an address of a host: that of the switch on its subnet, else of the cluster it has routes to.
func (d *domains) ofHost(h *fabric.Host, p netip.Prefix) string {
	interfaces := slices.DeleteFunc(slices.Clone(d.bySubnet[p.Masked()]), func(i *fabric.Interface) bool {
		alone := d.isolated.Of(i.Switch, i.VRF)
		return alone != nil && !slices.ContainsFunc(h.Routes, func(r fabric.StaticRoute) bool { return r.Cluster == alone })
	})
	if vrf, ok := onlyVRF(interfaces); ok {
		i := slices.IndexFunc(interfaces, func(i *fabric.Interface) bool { return i.VRF == vrf })
		return d.ofSwitch(interfaces[i].Switch, vrf)
	}
	if len(h.Routes) > 0 {
		return d.ofCluster(h.Routes[0].Cluster)[0]
	}
	return ""
}

// parts is a union-find structure over small numbers. The zero parts has none.
type parts struct{ parent []int }

// add makes a part that is joined with no other.
func (p *parts) add() int {
	p.parent = append(p.parent, len(p.parent))
	return len(p.parent) - 1
}

// root returns the one number that stands for all parts that x is joined with.
func (p *parts) root(x int) int {
	for p.parent[x] != x {
		p.parent[x] = p.parent[p.parent[x]]
		x = p.parent[x]
	}
	return x
}

// join makes one part of two. The lower number stands for both, whatever the order of joining.
func (p *parts) join(a, b int) {
	a, b = p.root(a), p.root(b)
	p.parent[max(a, b)] = min(a, b)
}
