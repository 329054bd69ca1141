package oracle

import (
	"cmp"
	"crypto/sha256"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// speaker is one device, a switch once for each of its VRFs, with all that it knows.
type speaker struct {
	network  *network
	name     string
	vrf      string
	node     *nodeRules        // or
	sw       *fabric.Switch    // or
	router   *fabric.BGPRouter // of sw; nil: no BGP there
	external *fabric.External  // whose own routes and policies nobody knows: it takes all and tells nothing
	realm    string
	nets     []connected
	routerID uint32
	sessions []*session

	table  map[netip.Prefix]*entry
	order  []*entry // as they came up
	hops   []*hop
	lastID int // of paths
}

// connected is an address of a device with the subnet around it. A loopback is a subnet of its own.
type connected struct {
	name   string // of the interface
	prefix netip.Prefix
}

type switchVRF struct {
	sw  *fabric.Switch
	vrf string
}

// place is where an address counts: isolated clusters may have addresses that others have too.
type place struct {
	realm   string
	address netip.Addr
}

// addSpeakers makes the devices.
func (n *network) addSpeakers() {
	realms := n.realmsOfSwitches()
	for _, c := range n.fabric.Clusters {
		for _, rules := range n.clusters[c].nodes {
			node := rules.node
			sp := &speaker{name: node.DeviceName(), node: rules, realm: realmOf(c), routerID: routerIDOf(node)}
			sp.connect(node.Interface, node.Address, node.Address6)
			for _, nic := range node.NICs {
				sp.connect(nic.Name, nic.Address, nic.Address6)
			}
			n.add(sp)
			n.byNode[node] = sp
		}
	}
	for _, s := range n.fabric.Switches {
		for _, vrf := range vrfsOf(s) {
			sp := &speaker{name: s.Name, vrf: vrf, sw: s, realm: realms[switchVRF{s, vrf}]}
			sp.connectSwitch()
			n.add(sp)
			n.bySwitch[switchVRF{s, vrf}] = sp
		}
	}
	for _, s := range n.fabric.Sessions {
		if e, ok := s.B.Device.(*fabric.External); ok && !slices.ContainsFunc(n.speakers, func(sp *speaker) bool { return sp.external == e }) {
			sp := &speaker{name: e.DeviceName(), external: e, realm: realmOf(e.Cluster)}
			if e.Address.Is4() {
				sp.routerID = number(e.Address)
			}
			n.add(sp)
		}
	}
}

func (n *network) add(sp *speaker) {
	sp.network, sp.table = n, map[netip.Prefix]*entry{}
	n.speakers = append(n.speakers, sp)
	for _, c := range sp.nets {
		at := place{sp.realm, c.prefix.Addr()}
		n.owners[at] = append(n.owners[at], sp)
	}
	if sp.external != nil {
		at := place{sp.realm, sp.external.Address}
		n.owners[at] = append(n.owners[at], sp)
	}
}

func (sp *speaker) connect(name string, prefixes ...netip.Prefix) {
	for _, p := range prefixes {
		if p.IsValid() {
			sp.nets = append(sp.nets, connected{name, p})
		}
	}
}

// connectSwitch adds the interfaces, shared addresses, link ends and loopbacks of a switch in its VRF.
func (sp *speaker) connectSwitch() {
	s := sp.sw
	for _, r := range s.Routers {
		if r.VRF == sp.vrf {
			sp.router, sp.routerID = r, number(r.RouterID)
		}
	}
	for _, i := range s.Interfaces {
		if i.VRF != sp.vrf {
			continue
		}
		sp.connect(i.Name, i.Address, i.Address6)
		for _, shared := range i.Shared {
			sp.connect(i.Name, netip.PrefixFrom(shared, i.Prefix(fabric.FamilyOf(shared)).Bits()))
		}
	}
	for _, e := range s.Links {
		if e.VRF == sp.vrf {
			sp.connect(e.Interface, e.Address, e.Address6)
		}
	}
	if s.VRF == sp.vrf {
		sp.connect("lo", s.Loopback, s.Loopback6)
	}
}

// linkLocal is the address of an end of an unnumbered link: one that no other end has.
func linkLocal(e *fabric.LinkEnd) netip.Addr {
	return netip.MustParseAddr("fe80::1").WithZone(e.Switch.Name + "/" + e.Link.Name)
}

// vrfsOf returns the VRFs of a switch, sorted.
func vrfsOf(s *fabric.Switch) []string {
	vrfs := []string{s.VRF}
	for _, i := range s.Interfaces {
		vrfs = append(vrfs, i.VRF)
	}
	for _, e := range s.Links {
		vrfs = append(vrfs, e.VRF)
	}
	for _, r := range s.Statics {
		vrfs = append(vrfs, r.VRF)
	}
	slices.Sort(vrfs)
	return slices.Compact(vrfs)
}

// realmOf is where the addresses of a cluster's nodes count.
func realmOf(c *fabric.Cluster) string {
	if c.Model.Isolated {
		return c.Name
	}
	return ""
}

// realmsOfSwitches finds the realm of every VRF of every switch: that of the racks below it, else that of a VRF it is linked
// with, else that of nodes on its subnets, else the common one.
func (n *network) realmsOfSwitches() map[switchVRF]string {
	realms := map[switchVRF]string{}
	for _, s := range n.fabric.Sessions {
		if s.Kind == fabric.RackSession {
			realms[switchVRF{s.B.Device.(*fabric.Switch), s.VRF}] = realmOf(s.Rack.Cluster)
		}
	}
	for range n.fabric.Switches {
		for _, l := range n.fabric.Links {
			a, b := switchVRF{l.Ends[0].Switch, l.Ends[0].VRF}, switchVRF{l.Ends[1].Switch, l.Ends[1].VRF}
			if realm, ok := realms[a]; ok {
				realms[b] = cmp.Or(realms[b], realm)
			} else if realm, ok := realms[b]; ok {
				realms[a] = realm
			}
		}
	}
	for _, s := range n.fabric.Switches {
		for _, i := range s.Interfaces {
			key := switchVRF{s, i.VRF}
			if _, ok := realms[key]; !ok {
				if realm, ok := n.realmOn(i); ok {
					realms[key] = realm
				}
			}
		}
	}
	return realms
}

// realmOn is the realm of the nodes on an interface's subnet, the common one first.
func (n *network) realmOn(i *fabric.Interface) (realm string, ok bool) {
	for _, c := range n.fabric.Clusters {
		for _, node := range c.Nodes {
			for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
				if p := node.Prefix(f); p.IsValid() && i.Prefix(f).IsValid() && p.Masked() == i.Prefix(f).Masked() && (!ok || realmOf(c) == "") {
					realm, ok = realmOf(c), true
				}
			}
		}
	}
	return realm, ok
}

// routerIDOf is the IPv4 address, or without one a hash of the name (CALICO_ROUTER_ID=hash, confd's hashToIPv4).
func routerIDOf(n *fabric.Node) uint32 {
	if a := n.Addr(fabric.IPv4); a.IsValid() {
		return number(a)
	}
	sum := sha256.Sum256([]byte(n.Name))
	if sum[0] > 223 {
		sum[0] -= 32
	}
	return number(netip.AddrFrom4([4]byte(sum[:4])))
}

// owner returns a device that answers for an address, as sp sees it, or nil.
func (sp *speaker) owner(a netip.Addr) *speaker {
	if all := sp.ownersOf(a); all != nil {
		return all[0]
	}
	return nil
}

// ownersOf returns the devices that answer for an address, as sp sees it: of several the switches of its rack, or those in its VRF.
func (sp *speaker) ownersOf(a netip.Addr) []*speaker {
	all := sp.network.owners[place{sp.realm, a}]
	if all == nil && sp.node != nil && (a == sp.node.node.Gateway || a == sp.node.node.Gateway6) && !sp.sharesSubnet(a) {
		all = sp.network.owners[place{"", a}] // a switch that serves others elsewhere
	}
	var near []*speaker
	for _, other := range all {
		isOfRack := sp.node != nil && sp.node.node.Rack != nil && other.sw != nil && slices.Contains(sp.node.node.Rack.Switches, other.sw)
		if isOfRack || sp.sw != nil && other.sw != nil && other.vrf == sp.vrf {
			near = append(near, other)
		}
	}
	if near != nil {
		return near
	}
	return all
}

// sharesSubnet reports whether nodes of the common realm are on the subnet of an address: an isolated cluster then has another
// one of the same name.
func (sp *speaker) sharesSubnet(a netip.Addr) bool {
	own := sp.onSubnet(a)
	return own == nil || slices.ContainsFunc(sp.network.speakers, func(o *speaker) bool {
		return o.node != nil && o.realm != sp.realm && slices.ContainsFunc(o.nets, func(c connected) bool { return c.prefix.Masked() == own.prefix.Masked() })
	})
}

// onSubnet returns the interface on whose subnet an address is, the one with the longest prefix, or nil.
func (sp *speaker) onSubnet(a netip.Addr) *connected {
	var longest *connected
	for i := range sp.nets {
		c := &sp.nets[i]
		if c.prefix.Masked().Contains(a) && (longest == nil || c.prefix.Bits() > longest.prefix.Bits()) {
			longest = c
		}
	}
	return longest
}

// has reports whether an address is the device's own.
func (sp *speaker) has(a netip.Addr) bool {
	return slices.ContainsFunc(sp.nets, func(c connected) bool { return c.prefix.Addr() == a })
}
