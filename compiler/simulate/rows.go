package simulate

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

var families = [...]fabric.Family{fabric.IPv4, fabric.IPv6}

// Devices returns everything that has routes: nodes by cluster and name, then switches, then hosts.
func (r *Result) Devices() []fabric.Device {
	var all []fabric.Device
	for _, c := range r.Fabric.Clusters {
		for _, n := range c.Nodes {
			all = append(all, n)
		}
	}
	for _, s := range r.Fabric.Switches {
		all = append(all, s)
	}
	for _, h := range r.Fabric.Hosts {
		all = append(all, h)
	}
	return all
}

// places returns what a device is: one place for each VRF of a switch, the default one first, else one. In order of VRFs.
func (r *Result) places(d fabric.Device) []place {
	var all []place
	for _, p := range r.partsOf(d) {
		member := 0
		if p.Nodes != nil {
			member = slices.IndexFunc(p.Nodes, func(n *fabric.Node) bool { return fabric.Device(n) == d })
		}
		all = append(all, place{p, member})
	}
	slices.SortStableFunc(all, func(a, b place) int { return strings.Compare(a.part.VRF, b.part.VRF) })
	return all
}

// Routes returns the routes of a device: of each VRF and family, IPv4 first, those in the kernel in the order in which `ip
// route` prints them, then the paths of BGP by prefix, the best first.
func (r *Result) Routes(d fabric.Device) []RouteRow {
	var rows []RouteRow
	for _, at := range r.places(d) {
		for _, f := range families {
			rows = append(rows, r.base.kernelRows(at, f)...)
			rows = append(rows, r.base.bgpRows(at, f)...)
		}
	}
	return rows
}

// kernelRows returns what a device has in the kernel, of one family.
func (v *view) kernelRows(at place, f fabric.Family) []RouteRow {
	g := at.part.ground[familyIndex(f)]
	if g == nil {
		return nil
	}
	own := v.groundRows(at, g, f)
	rows := slices.Clip(own)
	if d := at.part.domains[familyIndex(f)]; d != nil {
		for _, dest := range d.dests {
			for _, o := range dest.owned {
				if row, ok := v.kernelRow(at, dest, o); ok && !hasPrefix(own, row) {
					rows = append(rows, row)
				}
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b RouteRow) int {
		return cmp.Or(cmp.Compare(isDefault(b), isDefault(a)), a.Prefix.Addr().Compare(b.Prefix.Addr()),
			cmp.Compare(b.Prefix.Bits(), a.Prefix.Bits()), cmp.Compare(a.Metric, b.Metric))
	})
	return rows
}

func isDefault(r RouteRow) int {
	if r.Prefix.Bits() == 0 {
		return 1
	}
	return 0
}

// hasPrefix reports whether one of the device's own routes has the prefix and the metric of row already.
func hasPrefix(own []RouteRow, row RouteRow) bool {
	return slices.ContainsFunc(own, func(r RouteRow) bool { return r.Prefix == row.Prefix && r.Metric == row.Metric })
}

// groundRows returns the connected, static and default routes.
func (v *view) groundRows(at place, g *ground, f fabric.Family) []RouteRow {
	row := RouteRow{Device: at.part.Device(at.member), VRF: at.part.VRF, Table: KernelTable, Type: Unicast, Best: true, Used: true, Own: true}
	var rows []RouteRow
	for i := range g.attached {
		on := &g.attached[i]
		if v.down.hasLink(on.link) || at.part.External != nil {
			continue
		}
		connected := row
		connected.Prefix, connected.Proto, connected.Source = on.subnet, "kernel", on.addresses[at.member]
		connected.NextHops = []NextHop{{Interface: on.iface[at.member]}}
		rows = append(rows, connected)
	}
	for _, s := range g.statics {
		if !slices.ContainsFunc(rows, func(r RouteRow) bool { return r.Prefix == s.prefix }) && g.leads(s.action, v.down) {
			static := row
			static.Prefix, static.Proto, static.Metric, static.NextHops = s.prefix, s.proto, s.action.metric, v.nextHops(at, nil, 0, s.action)
			rows = append(rows, static)
		}
	}
	if g.gateway.IsValid() {
		fallback := row
		fallback.Prefix, fallback.NextHops = defaultPrefix(f), v.nextHops(at, nil, 0, g.onGateway)
		rows = append(rows, fallback)
	}
	return rows
}

func defaultPrefix(f fabric.Family) netip.Prefix {
	if f == fabric.IPv4 {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// kernelRow returns the route of a device to one prefix of a destination, as far as it is in the kernel.
func (v *view) kernelRow(at place, d *destination, o owned) (RouteRow, bool) {
	act := v.at(d, d.slot(at.part, at.member, o.member))
	if act == nil || act.kind == noRoute || act.proto == "" || act == onLink {
		return RouteRow{}, false
	}
	row := RouteRow{Device: at.part.Device(at.member), VRF: at.part.VRF, Prefix: o.prefix, Table: KernelTable, Type: Unicast,
		Proto: act.proto, Metric: act.metric, Best: true, Used: true}
	switch {
	case act.kind == unreachable:
		row.Type = UnreachableRoute
	case len(act.hops) == 0:
		row.Type = Blackhole
	default:
		row.NextHops = v.nextHops(at, d, o.member, act)
	}
	return row.asFelixWrites(d, o), true
}

// nextHops expands the next hops of an action for one device and one prefix, by address. d is nil for routes without BGP.
func (v *view) nextHops(at place, d *destination, owner int, act *action) []NextHop {
	var all []NextHop
	for _, h := range act.hops {
		switch {
		case h.gateway.IsValid() || h.isUnknown:
			announced := h.gateway
			if h.Hop >= 0 {
				announced = v.announced(at, d, owner, h)
			}
			all = append(all, NextHop{Address: h.gateway, Interface: at.interfaceTo(h.gateway), Announced: announced})
		case h.Hop < 0:
			all = append(all, NextHop{})
		default:
			all = append(all, v.direct(at, d, owner, h)...)
		}
	}
	slices.SortFunc(all, func(a, b NextHop) int {
		return cmp.Or(a.Address.Compare(b.Address), strings.Compare(a.Interface, b.Interface))
	})
	return slices.CompactFunc(all, func(a, b NextHop) bool { // one gateway may lead to several
		return a.Address.IsValid() && a.Address == b.Address && a.Interface == b.Interface
	})
}

// direct expands a next hop that is on-link or at the far end of a tunnel.
func (v *view) direct(at place, d *destination, owner int, h hop) []NextHop {
	var all []NextHop
	of := d.domain.network.Hops[h.Hop]
	members := v.members(at, d, owner, h)
	if members == nil && len(of.Addrs) == 1 && of.Speaker != at.part.speakers[familyIndex(d.domain.family)] {
		members = []int{0} // it has failed, and somebody else still announces it
	}
	for _, member := range members {
		a := of.Addrs[member]
		nh := NextHop{Address: a, Announced: a, Interface: h.tunnel, OnLink: h.tunnel != ""}
		if h.tunnel == "" && !a.IsLinkLocalUnicast() { // such an address is on every link's subnet
			nh.Interface = at.interfaceTo(a)
		}
		if nh.Interface == "" {
			nh.Interface = at.overLink(d.domain, of)
		}
		all = append(all, nh)
	}
	return all
}

// announced is the NEXT_HOP behind a gateway: of several the lowest member's.
func (v *view) announced(at place, d *destination, owner int, h hop) netip.Addr {
	if d == nil || h.Hop < 0 {
		return netip.Addr{}
	}
	members := v.members(at, d, owner, h)
	if len(members) == 0 {
		return netip.Addr{}
	}
	return d.domain.network.Hops[h.Hop].Addrs[members[0]]
}

// interfaceTo returns the interface by which a device sends to an address on one of its subnets.
func (at place) interfaceTo(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	if on := at.part.ground[familyIndex(fabric.FamilyOf(a))].attachmentTo(a, nil); on != nil {
		return on.iface[at.member]
	}
	return ""
}

// overLink returns the interface of the session over which a hop without an address of its own is reached.
func (at place) overLink(d *domain, h *bgp.Hop) string {
	for _, s := range at.part.Sessions {
		if e := s.ends[familyIndex(d.family)]; e != nil && d.network.Ends[e.Index^1].Hop == h {
			return s.Interface
		}
	}
	return ""
}

// String writes a route of the kernel as `ip route` does, several next hops on one line.
func (r RouteRow) String() string {
	var b strings.Builder
	if r.Type != Unicast {
		b.WriteString(string(r.Type) + " ")
	}
	b.WriteString(prefixText(r.Prefix))
	isOne := len(r.NextHops) == 1
	if isOne {
		writeNextHop(&b, r.NextHops[0])
	}
	if r.Proto != "" {
		b.WriteString(" proto " + r.Proto)
	}
	isConnected6 := r.Source.Is6() // whose source address is not part of the route
	if r.Source.Is4() {
		b.WriteString(" scope link src " + r.Source.String())
	}
	switch {
	case r.Metric != 0:
		b.WriteString(" metric " + strconv.FormatUint(uint64(r.Metric), 10))
	case isConnected6:
		b.WriteString(" metric 256") // the kernel's for addresses (ipv6(7), IP6_RT_PRIO_ADDRCONF)
	}
	if isOne && r.NextHops[0].OnLink {
		b.WriteString(" onlink")
	}
	if isConnected6 {
		b.WriteString(" pref medium")
	}
	if isOne {
		return b.String()
	}
	for _, nh := range r.NextHops {
		b.WriteString(" nexthop")
		writeNextHop(&b, nh)
		b.WriteString(" weight 1")
		if nh.OnLink {
			b.WriteString(" onlink")
		}
	}
	return b.String()
}

func writeNextHop(b *strings.Builder, nh NextHop) {
	if nh.Address.IsValid() {
		b.WriteString(" via " + nh.Address.String())
	}
	if nh.Interface != "" {
		b.WriteString(" dev " + nh.Interface)
	}
}

// prefixText writes a prefix as `ip route` does: no length of a single address, and the word for everything.
func prefixText(p netip.Prefix) string {
	switch {
	case p.Bits() == 0:
		return "default"
	case p.IsSingleIP():
		return p.Addr().String()
	}
	return p.String()
}
