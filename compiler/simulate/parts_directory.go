package simulate

import (
	"cmp"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// directory says who has the addresses that anything in the topology names: those that sessions run to, and gateways. Addresses
// that nothing names are not in it, which keeps it small. Immutable.
type directory struct {
	owners    map[netip.Addr][]owner // in the order of clusters, nodes, switches, hosts, external speakers
	externals []*fabric.External     // sorted by cluster and name

	vrfs map[*fabric.Cluster][]string // of switches on subnets of the cluster's nodes
}

// owner is who has an address. Exactly one of the devices is set; none in the zero owner, which stands for nobody.
type owner struct {
	node     *fabric.Node
	index    int // of node in its cluster
	nic      int // index of node's NIC; mainAddress: the address is the node's own
	sw       *fabric.Switch
	vrf      string // of sw
	host     *fabric.Host
	external *fabric.External
}

const mainAddress = -1

// newDirectory looks every address up that the topology names.
func newDirectory(f *fabric.Fabric, rules []*clusterRules) *directory {
	d := &directory{owners: map[netip.Addr][]owner{}, vrfs: vrfsOf(f)}
	d.collectExternals(f)
	for _, r := range rules {
		for _, p := range r.peers {
			d.want(p.address)
			d.want(p.reachableBy)
		}
	}
	d.wantOfSwitches(f)
	d.wantGateways(f)
	for _, c := range f.Clusters {
		for i, n := range c.Nodes {
			d.addNode(n, i)
		}
	}
	for _, s := range f.Switches {
		d.addSwitch(s)
	}
	for _, h := range f.Hosts {
		d.add(h.Address.Addr(), owner{host: h})
		d.add(h.Address6.Addr(), owner{host: h})
	}
	for _, e := range d.externals {
		d.add(e.Address, owner{external: e})
	}
	return d
}

// vrfsOf returns the VRFs of switches that have an interface on a subnet of each cluster's nodes.
func vrfsOf(f *fabric.Fabric) map[*fabric.Cluster][]string {
	bySubnet := map[netip.Prefix][]*fabric.Cluster{}
	for _, c := range f.Clusters {
		for _, subnet := range c.Subnets {
			bySubnet[subnet.Prefix] = append(bySubnet[subnet.Prefix], c)
		}
	}
	vrfs := map[*fabric.Cluster][]string{}
	for _, s := range f.Switches {
		for _, i := range s.Interfaces {
			for _, p := range []netip.Prefix{i.Address, i.Address6} {
				if !p.IsValid() {
					continue
				}
				for _, c := range bySubnet[p.Masked()] {
					if !slices.Contains(vrfs[c], i.VRF) {
						vrfs[c] = append(vrfs[c], i.VRF)
					}
				}
			}
		}
	}
	return vrfs
}

// collectExternals lists the peers entries of all clusters, as the fabric has them where a session leads to them.
func (d *directory) collectExternals(f *fabric.Fabric) {
	known := map[string]*fabric.External{}
	for _, s := range slices.Backward(f.Sessions) {
		if s.Kind != fabric.ExternalSession {
			break // they are sorted last
		}
		if e, ok := s.B.Device.(*fabric.External); ok {
			known[e.DeviceName()] = e
		}
	}
	for _, c := range f.Clusters {
		first := len(d.externals)
		for name, m := range c.Model.Peers {
			e := &fabric.External{Cluster: c, Name: name, Address: m.Address, ASN: m.ASNumber, Model: m}
			if shared := known[e.DeviceName()]; shared != nil {
				e = shared
			}
			d.externals = append(d.externals, e)
		}
		slices.SortFunc(d.externals[first:], func(a, b *fabric.External) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// want makes an address one that is looked up.
func (d *directory) want(a netip.Addr) {
	if a.IsValid() {
		d.owners[a] = nil
	}
}

func (d *directory) wantOfSwitches(f *fabric.Fabric) {
	for _, s := range f.Switches {
		for _, r := range s.Routers {
			for _, n := range r.Neighbors {
				d.want(n.Address)
			}
		}
	}
}

func (d *directory) wantGateways(f *fabric.Fabric) {
	var last, last6 netip.Addr // most nodes have the gateway of the one before
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			if n.Gateway != last || n.Gateway6 != last6 {
				last, last6 = n.Gateway, n.Gateway6
				d.want(last)
				d.want(last6)
			}
		}
	}
	for _, h := range f.Hosts {
		d.want(h.Gateway)
		d.want(h.Gateway6)
	}
}

// add notes the owner of an address, if anybody wants to know.
func (d *directory) add(a netip.Addr, o owner) {
	if all, isWanted := d.owners[a]; isWanted && !slices.Contains(all, o) {
		d.owners[a] = append(all, o)
	}
}

func (d *directory) addNode(n *fabric.Node, index int) {
	o := owner{node: n, index: index, nic: mainAddress}
	d.add(n.Address.Addr(), o)
	if n.Address6.IsValid() {
		d.add(n.Address6.Addr(), o)
	}
	for i, nic := range n.NICs {
		o.nic = i
		d.add(nic.Address.Addr(), o)
		d.add(nic.Address6.Addr(), o)
	}
}

func (d *directory) addSwitch(s *fabric.Switch) {
	for _, i := range s.Interfaces {
		o := owner{sw: s, vrf: i.VRF}
		d.add(i.Address.Addr(), o)
		d.add(i.Address6.Addr(), o)
		for _, a := range i.Shared {
			d.add(a, o)
		}
	}
	for _, e := range s.Links {
		o := owner{sw: s, vrf: e.VRF}
		d.add(e.Address.Addr(), o)
		d.add(e.Address6.Addr(), o)
	}
	o := owner{sw: s, vrf: s.VRF}
	d.add(s.Loopback.Addr(), o)
	d.add(s.Loopback6.Addr(), o)
}

// find returns who has an address as the nodes of a cluster see it; the zero owner: nobody. Where ranges are used more than
// once that is the cluster's own nodes before all others, the switches of its racks before other switches, and nobody at the
// far side of an isolated cluster, and no switch in a VRF that the cluster's nodes are not in, unless there is no one else.
func (d *directory) find(a netip.Addr, from *fabric.Cluster) owner {
	var best owner
	rank := 0
	for _, o := range d.owners[a] {
		r := o.rank(from)
		if r == otherSwitch && len(d.vrfs[from]) > 0 && !slices.Contains(d.vrfs[from], o.vrf) {
			r = outOfSight
		}
		if r > rank {
			best, rank = o, r
		}
	}
	return best
}

// Ranks of owners: a switch that is none of the cluster's racks', and whoever nodes of the cluster hardly see.
const (
	otherSwitch = 5
	outOfSight  = 1
)

// rank is how likely a node of a cluster means this owner, from 1 up.
func (o owner) rank(from *fabric.Cluster) int {
	switch {
	case o.node != nil && o.node.Cluster == from:
		return 7
	case o.sw != nil && slices.ContainsFunc(o.sw.Racks, func(r *fabric.Rack) bool { return r.Cluster == from }):
		return 6
	case o.sw != nil:
		return otherSwitch
	case o.node != nil && !o.node.Cluster.Model.Isolated && !from.Model.Isolated:
		return 4
	case o.host != nil:
		return 3
	case o.external != nil && o.external.Cluster == from:
		return 2
	case o.node != nil:
		return outOfSight
	}
	return 0
}

// findNode returns the node of a cluster that has an address; the zero owner: none.
func (d *directory) findNode(a netip.Addr, in *fabric.Cluster) owner {
	for _, o := range d.owners[a] {
		if o.node != nil && o.node.Cluster == in {
			return o
		}
	}
	return owner{}
}
