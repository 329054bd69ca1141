package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// segment is a network that devices are on together: one reaches the other without a router. Equal segments are one network.
type segment struct {
	subnet netip.Prefix       // masked
	vrf    string             // of the switches on it
	link   *fabric.SwitchLink // of a point-to-point link; nil: a network that many can be on
	alone  *fabric.Cluster    // an isolated cluster that has the subnet somewhere else than others have it
}

// attachment is an interface of every member of a part on one segment.
type attachment struct {
	segment
	iface     []string     // by member
	addresses []netip.Addr // by member
}

// static is a route that a device has whatever BGP says.
type static struct {
	prefix netip.Prefix // masked
	proto  string       // as `ip route` prints it
	action *action
}

// ground is what the members of a part have in the kernel without BGP, of one family. Immutable.
type ground struct {
	attached  []attachment         // longest subnet first
	bySubnet  map[netip.Prefix]int // of attached, the first of each; nil: they are few
	lengths   []int                // of subnets, in the order of attached; nil likewise
	loopbacks []netip.Addr         // of a switch
	shared    []netip.Addr         // addresses that the part's members share with others: anycast or virtual gateways
	statics   []static             // longest first
	gateway   netip.Addr           // of the default route; zero: none that anybody declared
	believes  bool                 // in a default gateway of which the topology knows nothing but perhaps its address
	onGateway *action              // the default route; nil: there is none
}

// attachmentTo returns the attachment whose subnet contains an address, the longest, or nil. A failed link attaches to nothing.
func (g *ground) attachmentTo(a netip.Addr, down *failure) *attachment {
	if g.bySubnet != nil && (down == nil || len(down.links) == 0) {
		for _, bits := range g.lengths {
			if subnet, err := a.Prefix(bits); err == nil {
				if i, ok := g.bySubnet[subnet]; ok {
					return &g.attached[i]
				}
			}
		}
		return nil
	}
	for i := range g.attached {
		at := &g.attached[i]
		if at.subnet.Contains(a) && !down.hasLink(at.link) {
			return at
		}
	}
	return nil
}

// index makes attachmentTo quick where there are many attachments.
func (g *ground) index() {
	const few = 8
	if len(g.attached) <= few {
		return
	}
	g.bySubnet = map[netip.Prefix]int{}
	for i := range g.attached {
		subnet := g.attached[i].subnet
		if _, known := g.bySubnet[subnet]; !known {
			g.bySubnet[subnet] = i
		}
		if n := len(g.lengths); n == 0 || g.lengths[n-1] != subnet.Bits() {
			g.lengths = append(g.lengths, subnet.Bits())
		}
	}
}

// hasLink reports whether a link has failed.
func (f *failure) hasLink(l *fabric.SwitchLink) bool { return f != nil && l != nil && f.links[l] }

// isDead reports whether a device has failed.
func (f *failure) isDead(p *Part, member int) bool {
	if f == nil {
		return false
	}
	_, dead := slices.BinarySearch(f.members[p], member)
	return dead
}

// isGone reports whether all members of a part have failed.
func (f *failure) isGone(p *Part) bool { return f != nil && len(f.members[p]) >= p.Size() }

// surveyor finds out which segments devices are on.
type surveyor struct {
	interfaces map[netip.Prefix][]*fabric.Interface // of switches, by subnet, in the order of switches
	users      map[netip.Prefix]int                 // clusters with nodes in a subnet
}

func newSurveyor(f *fabric.Fabric) *surveyor {
	s := &surveyor{interfaces: map[netip.Prefix][]*fabric.Interface{}, users: map[netip.Prefix]int{}}
	for _, sw := range f.Switches {
		for _, i := range sw.Interfaces {
			for _, p := range []netip.Prefix{i.Address, i.Address6} {
				if p.IsValid() {
					s.interfaces[p.Masked()] = append(s.interfaces[p.Masked()], i)
				}
			}
		}
	}
	for _, c := range f.Clusters {
		for _, subnet := range c.Subnets {
			s.users[subnet.Prefix]++
		}
	}
	return s
}

// ofNode returns the segment of an address of a node: in the VRF of the switch on its subnet, one of its rack's switches
// where it has any there, else the one that has its gateway. An isolated cluster has its subnet to itself, unless a switch of
// its racks says where it is.
func (s *surveyor) ofNode(n *fabric.Node, p netip.Prefix) segment {
	seg := segment{subnet: p.Masked()}
	all := s.interfaces[seg.subnet]
	if n.Rack != nil {
		for _, i := range all {
			if slices.Contains(n.Rack.Switches, i.Switch) {
				seg.vrf = i.VRF
				return seg
			}
		}
	}
	if n.Cluster.Model.Isolated && s.users[seg.subnet] > 1 {
		seg.alone = n.Cluster
		return seg
	}
	f := fabric.FamilyOf(p.Addr())
	gateway, _ := gatewayOf(n.Gateway, n.Gateway6, f)
	for _, i := range all {
		if gateway.IsValid() && (i.Prefix(f).Addr() == gateway || slices.Contains(i.Shared, gateway)) {
			seg.vrf = i.VRF
			return seg
		}
	}
	seg.vrf = onlyVRF(all)
	return seg
}

// ofHost returns the segment of an address of a host: that of the nodes that it has routes to and that are in its subnet.
func (s *surveyor) ofHost(h *fabric.Host, p netip.Prefix) segment {
	for _, r := range h.Routes {
		for _, n := range r.Nodes {
			if own := n.Prefix(fabric.FamilyOf(p.Addr())); own.IsValid() && own.Masked() == p.Masked() {
				return s.ofNode(n, own)
			}
		}
	}
	return segment{subnet: p.Masked(), vrf: onlyVRF(s.interfaces[p.Masked()])}
}

// onlyVRF returns the VRF of the interfaces on one subnet, the global one where there are several: nothing says which is meant.
func onlyVRF(interfaces []*fabric.Interface) string {
	vrf := ""
	for n, i := range interfaces {
		if n > 0 && i.VRF != vrf {
			return ""
		}
		vrf = i.VRF
	}
	return vrf
}

// ground surveys a part in one family.
func (s *surveyor) ground(p *Part, f fabric.Family) *ground {
	g := &ground{}
	switch {
	case p.Nodes != nil:
		s.groundNodes(g, p, f)
	case p.Switch != nil:
		s.groundSwitch(g, p, f)
	case p.Host != nil:
		s.groundHost(g, p.Host, f)
	case p.External != nil:
		s.groundExternal(g, p.External, f)
	}
	slices.SortStableFunc(g.attached, func(a, b attachment) int { return b.subnet.Bits() - a.subnet.Bits() })
	g.index()
	slices.SortStableFunc(g.statics, func(a, b static) int {
		if a.prefix.Bits() != b.prefix.Bits() {
			return b.prefix.Bits() - a.prefix.Bits()
		}
		return a.prefix.Addr().Compare(b.prefix.Addr())
	})
	return g
}

// addDefaultRoute adds what a device does with packets that no other route takes. A gateway whose address nobody in the
// topology has is one of which it knows as little as of one that nobody wrote.
func (g *ground) addDefaultRoute(owners map[netip.Addr][]holder) {
	if g.gateway.IsValid() && len(owners[g.gateway]) == 0 {
		g.believes = true
	}
	if g.gateway.IsValid() || g.believes {
		g.onGateway = &action{kind: forward, hops: []hop{{NextHop: bgp.NextHop{Hop: -1}, gateway: g.gateway, isUnknown: g.believes}}}
	}
}

func (s *surveyor) groundNodes(g *ground, p *Part, f fabric.Family) {
	first := p.Nodes[0]
	main := attachment{}
	for _, n := range p.Nodes {
		main.iface, main.addresses = append(main.iface, n.Interface), append(main.addresses, n.Addr(f))
	}
	if own := first.Prefix(f); own.IsValid() {
		main.segment = s.ofNode(first, own)
		g.attached = append(g.attached, main)
		g.gateway, g.believes = gatewayOf(first.Gateway, first.Gateway6, f)
		g.believes = g.believes || main.alone != nil // the switch with that address is somewhere else
	}
	for _, nic := range first.NICs {
		if own := nicPrefix(nic, f); own.IsValid() {
			at := attachment{segment: s.ofNode(first, own)}
			for _, n := range p.Nodes {
				name, address := nicIn(n, own.Masked(), f)
				at.iface, at.addresses = append(at.iface, name), append(at.addresses, address)
			}
			g.attached = append(g.attached, at)
		}
	}
	for _, session := range p.Sessions {
		if session.peer != nil && session.peer.reachableBy.IsValid() && session.Family == f {
			g.addReachable(session)
		}
	}
}

// addReachable adds the static routes that reachableBy makes: one to each address of the peer. BIRD puts them in the kernel.
func (g *ground) addReachable(session *Session) {
	for _, a := range session.remote {
		host := netip.PrefixFrom(a, a.BitLen())
		if !a.IsValid() || slices.ContainsFunc(g.statics, func(r static) bool { return r.prefix == host }) {
			continue
		}
		g.addStatic(host, "bird", 0, []netip.Addr{session.peer.reachableBy})
	}
}

func nicPrefix(nic fabric.NIC, f fabric.Family) netip.Prefix {
	if f == fabric.IPv4 {
		return nic.Address
	}
	return nic.Address6
}

// nicIn returns the NIC of a node in a subnet and its address there.
func nicIn(n *fabric.Node, subnet netip.Prefix, f fabric.Family) (name string, a netip.Addr) {
	for _, nic := range n.NICs {
		if p := nicPrefix(nic, f); p.IsValid() && p.Masked() == subnet {
			return nic.Name, p.Addr()
		}
	}
	return "", netip.Addr{}
}

// gatewayOf picks the gateway of a family; where nobody declared one, one is believed.
func gatewayOf(v4, v6 netip.Addr, f fabric.Family) (gateway netip.Addr, isBelieved bool) {
	gateway = v4
	if f == fabric.IPv6 {
		gateway = v6
	}
	return gateway, !gateway.IsValid()
}

func (s *surveyor) groundSwitch(g *ground, p *Part, f fabric.Family) {
	attach := func(own netip.Prefix, name string, link *fabric.SwitchLink) {
		if own.IsValid() && fabric.FamilyOf(own.Addr()) == f {
			g.attached = append(g.attached, attachment{segment: segment{subnet: own.Masked(), vrf: p.VRF, link: link},
				iface: []string{name}, addresses: []netip.Addr{own.Addr()}})
		}
	}
	for _, i := range p.Switch.Interfaces {
		if i.VRF != p.VRF {
			continue
		}
		attach(i.Prefix(f), i.Name, nil)
		for _, a := range i.Shared {
			if fabric.FamilyOf(a) == f {
				g.shared = append(g.shared, a)
			}
		}
	}
	for _, e := range p.Switch.Links {
		if e.VRF == p.VRF {
			attach(e.Prefix(f), e.Interface, e.Link)
		}
	}
	if a := p.Switch.LoopbackOf(f); a.IsValid() && p.Switch.VRF == p.VRF {
		g.loopbacks = append(g.loopbacks, a)
	}
	for _, r := range p.Switch.Statics {
		if r.VRF == p.VRF && fabric.FamilyOf(r.Prefix.Addr()) == f {
			g.addStatic(r.Prefix, "static", switchMetric, r.NextHops)
		}
	}
}

func (s *surveyor) groundHost(g *ground, h *fabric.Host, f fabric.Family) {
	own := h.Address
	if f == fabric.IPv6 {
		own = h.Address6
	}
	if !own.IsValid() {
		return
	}
	g.attached = []attachment{{segment: s.ofHost(h, own), iface: []string{h.Interface}, addresses: []netip.Addr{own.Addr()}}}
	g.gateway, g.believes = gatewayOf(h.Gateway, h.Gateway6, f)
	for _, r := range h.Routes {
		if fabric.FamilyOf(r.Prefix.Addr()) == f {
			g.addStatic(r.Prefix, "static", 0, r.NextHops)
		}
	}
}

// groundExternal puts a speaker outside the topology on the network of the nodes of its cluster that have it on their subnet.
// Where there is none it is somewhere beyond a gateway. What it does with packets nobody knows.
func (s *surveyor) groundExternal(g *ground, e *fabric.External, f fabric.Family) {
	if fabric.FamilyOf(e.Address) != f {
		return
	}
	g.believes = true
	for _, n := range e.Cluster.Nodes {
		for _, own := range append([]netip.Prefix{n.Prefix(f)}, nicPrefixes(n, f)...) {
			if own.IsValid() && own.Masked().Contains(e.Address) {
				g.attached = []attachment{{segment: s.ofNode(n, own), iface: []string{""}, addresses: []netip.Addr{e.Address}}}
				return
			}
		}
	}
	g.loopbacks = []netip.Addr{e.Address}
}

func nicPrefixes(n *fabric.Node, f fabric.Family) []netip.Prefix {
	var all []netip.Prefix
	for _, nic := range n.NICs {
		all = append(all, nicPrefix(nic, f))
	}
	return all
}

// hasStatic reports whether a static route to a prefix has a next hop in reach: a switch announces no other.
func (g *ground) hasStatic(p netip.Prefix) bool {
	return slices.ContainsFunc(g.statics, func(s static) bool { return s.prefix == p })
}

// addStatic adds a route over the next hops that are on a connected subnet: a device takes no other, and has no route where
// none is left. The next hops of one prefix that is written several times add up.
func (g *ground) addStatic(prefix netip.Prefix, proto string, metric uint32, via []netip.Addr) {
	at := slices.IndexFunc(g.statics, func(r static) bool { return r.prefix == prefix })
	var hops []hop
	if at >= 0 {
		hops = slices.Clone(g.statics[at].action.hops)
	}
	for _, a := range via {
		isKnown := slices.ContainsFunc(hops, func(h hop) bool { return h.gateway == a })
		if !isKnown && g.attachmentTo(a, nil) != nil {
			hops = append(hops, hop{NextHop: bgp.NextHop{Hop: -1}, gateway: a})
		}
	}
	if len(hops) == 0 {
		return
	}
	slices.SortFunc(hops, func(a, b hop) int { return a.gateway.Compare(b.gateway) })
	route := static{prefix: prefix, proto: proto, action: &action{kind: forward, proto: proto, metric: metric, hops: hops}}
	if at >= 0 {
		g.statics[at] = route
		return
	}
	g.statics = append(g.statics, route)
}
