package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

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
	own       segment              // of a node or host: the network of its own address. A link-local gateway is there, whatever subnets say
	loopbacks []netip.Addr         // of a switch
	shared    []sharedAddress      // that the part's members share with others: anycast or virtual gateways
	statics   []static             // longest first
	staticAt  map[netip.Prefix]int // of statics while they are added, which are not sorted then
	gateway   netip.Addr           // of the default route; zero: none that anybody declared
	believes  bool                 // in a default gateway of which the topology knows nothing but perhaps its address
	onGateway *action              // the default route; nil: there is none
}

// sharedAddress is a virtual address of a switch, and the network that it answers on; the zero segment: none is known.
type sharedAddress struct {
	netip.Addr
	segment segment
}

// attachmentTo returns the attachment whose subnet contains an address, the longest, or nil. A failed link attaches to nothing.
func (g *ground) attachmentTo(a netip.Addr, down *failure) *attachment {
	if isLinkLocal(a) && g.own.subnet.IsValid() {
		i := slices.IndexFunc(g.attached, func(at attachment) bool { return at.segment == g.own })
		return &g.attached[i]
	}
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

// isLinkLocal reports whether an address is one that every network has anew: fe80::/10. Those of IPv4 are routed to like others.
func isLinkLocal(a netip.Addr) bool { return a.Is6() && a.IsLinkLocalUnicast() }

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
	if p.Switch != nil {
		s.shareAddresses(g, p, f)
	}
	g.staticAt = nil
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
func (g *ground) addDefaultRoute(book *addressBook) {
	isSeen := func(h holder) bool { return *h.on == g.own || !isLinkLocal(g.gateway) && g.own.alone == nil }
	if g.gateway.IsValid() && !slices.ContainsFunc(book.holders(g.gateway), isSeen) {
		g.believes = true
	}
	if g.gateway.IsValid() || g.believes {
		g.onGateway = &action{kind: forward, hops: []hop{{NextHop: bgp.NextHop{Hop: -1}, gateway: g.gateway, isUnknown: g.believes}}}
	}
}

func (s *surveyor) groundNodes(g *ground, p *Part, f fabric.Family) {
	first := p.Nodes[0]
	if own := first.Prefix(f); own.IsValid() {
		main := attachment{iface: make([]string, len(p.Nodes)), addresses: make([]netip.Addr, len(p.Nodes))}
		for i, n := range p.Nodes {
			main.iface[i], main.addresses[i] = n.Interface, n.Addr(f)
		}
		main.segment = s.ofNode(first, own)
		g.own = main.segment
		g.attached = append(g.attached, main)
		g.gateway, g.believes = gatewayOf(first.Gateway, first.Gateway6, f)
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
	attach := func(own netip.Prefix, on segment, name string) {
		g.attached = append(g.attached, attachment{segment: on, iface: []string{name}, addresses: []netip.Addr{own.Addr()}})
	}
	for _, i := range p.Switch.Interfaces {
		if own := i.Prefix(f); i.VRF == p.VRF && own.IsValid() {
			attach(own, s.ofInterface(i, own), i.Name)
		}
	}
	for _, e := range p.Switch.Links {
		if own := e.Prefix(f); e.VRF == p.VRF && own.IsValid() {
			attach(own, segment{subnet: own.Masked(), vrf: p.VRF, link: e.Link}, e.Interface)
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

// shareAddresses adds the virtual addresses of a switch, each on the network that it is an address of; a link-local one, which is
// of all networks, on that of its interface.
func (s *surveyor) shareAddresses(g *ground, p *Part, f fabric.Family) {
	for _, i := range p.Switch.Interfaces {
		for _, a := range i.Shared {
			if i.VRF != p.VRF || fabric.FamilyOf(a) != f {
				continue
			}
			shared := sharedAddress{Addr: a}
			if own := i.Prefix(f); isLinkLocal(a) && own.IsValid() {
				shared.segment = s.ofInterface(i, own)
			} else if at := g.attachmentTo(a, nil); at != nil && !isLinkLocal(a) {
				shared.segment = at.segment
			}
			g.shared = append(g.shared, shared)
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
	g.own = s.ofHost(h, own)
	g.attached = []attachment{{segment: g.own, iface: []string{h.Interface}, addresses: []netip.Addr{own.Addr()}}}
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
	at, isKnown := g.staticAt[prefix]
	var hops []hop
	if isKnown {
		hops = slices.Clone(g.statics[at].action.hops)
	}
	for _, a := range via {
		isThere := slices.ContainsFunc(hops, func(h hop) bool { return h.gateway == a })
		if !isThere && g.attachmentTo(a, nil) != nil {
			hops = append(hops, hop{NextHop: bgp.NextHop{Hop: -1}, gateway: a})
		}
	}
	if len(hops) == 0 {
		return
	}
	slices.SortFunc(hops, func(a, b hop) int { return a.gateway.Compare(b.gateway) })
	route := static{prefix: prefix, proto: proto, action: &action{kind: forward, proto: proto, metric: metric, hops: hops}}
	if isKnown {
		g.statics[at] = route
		return
	}
	if g.staticAt == nil {
		g.staticAt = map[netip.Prefix]int{}
	}
	g.staticAt[prefix] = len(g.statics)
	g.statics = append(g.statics, route)
}
