package fabric

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

func (l *linker) linkSwitches() {
	for _, name := range names(l.t.Switches) {
		m := l.t.Switches[name]
		s := &Switch{Name: name, Model: m, Dialect: DialectByName(m.Dialect), Managed: or(m.Managed, true), Role: m.Role,
			ASN: or(m.ASNumber, 0), RouterID: m.RouterID, Loopback: m.Loopback, Loopback6: m.Loopback6, VRF: m.VRF}
		for _, name := range names(m.Interfaces) {
			i := m.Interfaces[name]
			iface := &Interface{Switch: s, Name: name, Address: i.Address, Address6: i.Address6, Shared: i.Shared, VRF: cmp.Or(i.VRF, m.VRF)}
			s.Interfaces = append(s.Interfaces, iface)
			for _, p := range []netip.Prefix{i.Address, i.Address6} {
				if p.IsValid() {
					l.bySubnet[p.Masked()] = append(l.bySubnet[p.Masked()], iface)
				}
			}
		}
		if s.Managed && m.Dialect == "" {
			l.missing(s.At(), "switch %s names no dialect, so nothing can be written for it", name).
				WithHint("add one, as in dialect: \"frr\", or managed: false for a device that topoc does not configure")
		}
		if b := m.BGP; b != nil && b.DefaultOriginate && b.ToNodes == "none" {
			l.diags.Add("conflict", diag.Error, s.At().Fields("bgp", "defaultOriginate"), "switch %s would originate a default route to nodes that it sends nothing (toNodes: \"none\")", name).
				Note(s.At().Fields("bgp", "toNodes"), "toNodes is set here").WithHint("write toNodes: \"default\", or delete defaultOriginate")
		}
		l.f.Switches = append(l.f.Switches, s)
	}
}

// Addr returns the interface's address of a family with its length, or the zero Prefix.
func (i *Interface) Prefix(f Family) netip.Prefix {
	if f == IPv4 {
		return i.Address
	}
	return i.Address6
}

// Addr returns the end's address of a family with its length, or the zero Prefix.
func (e *LinkEnd) Prefix(f Family) netip.Prefix {
	if f == IPv4 {
		return e.Address
	}
	return e.Address6
}

func (l *linker) linkLinks() {
	for _, name := range names(l.t.Links) {
		m := l.t.Links[name]
		link := &SwitchLink{Name: name, BGP: or(m.BGP, true)}
		if len(m.Ends) != 2 {
			l.diags.Add("out-of-range", diag.Error, link.At(), "a link joins exactly two switches, found %s", orNone(names(m.Ends))).
				WithHint("name the two switches, as in {leaf01: {address: …}, spine01: {address: …}}")
			continue
		}
		for i, switchName := range names(m.Ends) {
			s := l.switchNamed(switchName)
			if s == nil {
				l.unknown(link.At().Field(switchName), "switch", switchName, names(l.t.Switches))
				continue
			}
			end := m.Ends[switchName]
			link.Ends[i] = &LinkEnd{Link: link, Switch: s, Address: end.Address, Address6: end.Address6, Interface: end.Interface,
				VRF: cmp.Or(end.VRF, s.VRF)}
		}
		if link.Ends[0] == nil || link.Ends[1] == nil {
			continue
		}
		for i, end := range link.Ends {
			end.Switch.Links = append(end.Switch.Links, end)
			l.needInterface(link, end, link.Ends[1-i])
		}
		l.f.Links = append(l.f.Links, link)
	}
}

// needInterface reports an end that lacks what its link needs: an address of each family that the other end has one of, or,
// where the link is unnumbered, an interface of its own.
func (l *linker) needInterface(link *SwitchLink, end, other *LinkEnd) {
	for _, f := range []Family{IPv4, IPv6} {
		if other.Prefix(f).IsValid() && !end.Prefix(f).IsValid() {
			l.missing(end.At(), "link %s has an %s address at %s and none at %s", link.Name, f, other.Switch.Name, end.Switch.Name).
				Note(other.At(), "the other end is here").WithHint("give both ends an address of one subnet, or neither")
		}
	}
	if !link.BGP {
		return
	}
	twin := l.twinOf(end)
	switch {
	case link.Unnumbered() && end.Interface == "":
		l.missing(end.At(), "link %s has no address at %s: an unnumbered link needs its interface", link.Name, end.Switch.Name).
			WithHint(`add interface: "…", or addresses of one subnet at both ends`)
	case twin == nil:
	case end.Interface == "":
		l.missing(end.At(), "links %s and %s lead from %s to the link-local address %s: only the interface tells them apart",
			link.Name, twin.Link.Name, end.Switch.Name, other.Address6.Addr()).
			Note(twin.Link.At(), "the other link").WithHint(`add interface: "…" at both ends of both links`)
	default:
		l.diags.Add("conflict", diag.Error, end.At().Field("interface"), "interface %s of %s is that of link %s too: an unnumbered link needs one of its own",
			end.Interface, end.Switch.Name, twin.Link.Name).
			Note(twin.At().Field("interface"), "the other link").WithHint("write the interface that link %s is on", link.Name)
	}
}

// twinOf returns an earlier end on the switch whose session has the same neighbor: over the same interface, or at the same
// link-local address. It returns nil where there is none.
func (l *linker) twinOf(end *LinkEnd) *LinkEnd {
	far := end.Other().Address6.Addr()
	if !end.Link.Unnumbered() && !far.IsLinkLocalUnicast() {
		return nil
	}
	for _, e := range end.Switch.Links {
		if e == end {
			break
		}
		overInterface := end.Link.Unnumbered() && e.Link.Unnumbered() && end.Interface != "" && e.Interface == end.Interface
		sameAddress := far.IsLinkLocalUnicast() && e.Other().Address6.Addr() == far && (end.Interface == "" || e.Interface == "")
		if e.Link.BGP && e.VRF == end.VRF && (overInterface || sameAddress) {
			return e
		}
	}
	return nil
}

// linkLinkSessions makes the sessions between switches: one for each family with addresses at both ends, and one over
// link-local addresses where there are none.
func (l *linker) linkLinkSessions() {
	for _, link := range l.f.Links {
		a, b := link.Ends[0], link.Ends[1]
		if !link.BGP || a.Switch.Model.ASNumber == nil || b.Switch.Model.ASNumber == nil {
			continue
		}
		families := []Family{IPv4, IPv6}
		if link.Unnumbered() {
			families = []Family{IPv6}
		}
		for _, f := range families {
			if !link.Unnumbered() && (!a.Prefix(f).IsValid() || !b.Prefix(f).IsValid()) {
				continue
			}
			l.f.Sessions = append(l.f.Sessions, &Session{Kind: LinkSession, Family: f, Link: link, VRF: a.VRF, At: link.At(),
				A: End{Device: a.Switch, Address: a.Prefix(f).Addr(), ASN: a.Switch.ASN, PeerASN: b.Switch.ASN},
				B: End{Device: b.Switch, Address: b.Prefix(f).Addr(), ASN: b.Switch.ASN, PeerASN: a.Switch.ASN}})
		}
	}
}

func (l *linker) linkHosts() {
	for _, name := range names(l.t.Hosts) {
		m := l.t.Hosts[name]
		h := &Host{Name: name, Model: m, Address: m.Address, Address6: m.Address6, Interface: cmp.Or(m.Interface, DefaultNodeInterface),
			Gateway: m.Gateway, Gateway6: m.Gateway6, System: m.System}
		if !m.Address.IsValid() && !m.Address6.IsValid() {
			l.missing(h.At(), "host %s has neither address nor address6", name).WithHint(`add its address: address: "192.0.2.53/24"`)
		}
		if !h.Gateway.IsValid() {
			h.Gateway = l.gatewayOf(h.Address, nil)
		}
		if !h.Gateway6.IsValid() {
			h.Gateway6 = l.gatewayOf(h.Address6, nil)
		}
		for _, clusterName := range names(m.Routes) {
			at := h.At().Fields("routes", clusterName)
			routes := l.staticRoutes(at, clusterName, m.Routes[clusterName], []netip.Prefix{h.Address, h.Address6})
			for _, r := range routes {
				h.Routes = append(h.Routes, *r)
			}
			if len(routes) == 0 {
				l.needFamily(h, at, clusterName)
			}
		}
		if m.DNS != nil {
			h.DNS = l.hostDNS(h, m.DNS)
		}
		l.f.Hosts = append(l.f.Hosts, h)
	}
}

// needFamily reports that there are no routes to a cluster where it has ranges of the family only which the host has no address of.
func (l *linker) needFamily(h *Host, at source.Path, clusterName string) {
	c := l.cluster(clusterName)
	if c == nil {
		return
	}
	ranges := slices.Concat(c.PodRanges(), c.ServiceCIDRs)
	if len(ranges) == 0 || slices.ContainsFunc(ranges, func(r Range) bool { return h.hasAddress(FamilyOf(r.Prefix.Addr())) }) {
		return
	}
	f := FamilyOf(ranges[0].Prefix.Addr())
	l.missing(h.At(), "host %s has routes to cluster %s, whose ranges are %s, and no %s address", h.Name, c.Name, f, f).
		Note(at, "the routes are here").WithHint("add an address of that family")
}

func (h *Host) hasAddress(f Family) bool {
	if f == IPv4 {
		return h.Address.IsValid()
	}
	return h.Address6.IsValid()
}

func (l *linker) linkStatics() {
	for _, s := range l.f.Switches {
		var local []netip.Prefix
		for _, i := range s.Interfaces {
			local = append(local, i.Address, i.Address6)
		}
		for _, clusterName := range names(s.Model.StaticRoutes) {
			at := s.At().Fields("staticRoutes", clusterName)
			routes := l.staticRoutes(at, clusterName, s.Model.StaticRoutes[clusterName], local)
			for _, r := range routes {
				r.VRF = s.vrfOf(r.NextHops[0])
			}
			s.Statics = append(s.Statics, routes...)
		}
		slices.SortStableFunc(s.Statics, func(a, b *StaticRoute) int { return strings.Compare(a.VRF, b.VRF) })
	}
}

// vrfOf returns the VRF of the interface that an address is on-link of, else the switch's.
func (s *Switch) vrfOf(a netip.Addr) string {
	for _, i := range s.Interfaces {
		if p := i.Prefix(FamilyOf(a)); p.IsValid() && p.Masked().Contains(a) {
			return i.VRF
		}
	}
	return s.VRF
}

// staticRoutes makes the routes to a cluster, sorted by prefix. A via that isn't a node is left to the check
// static-route-not-a-node; a range without a next hop of its family has no route.
func (l *linker) staticRoutes(at source.Path, clusterName string, m *model.StaticRoutes, local []netip.Prefix) []*StaticRoute {
	c := l.cluster(clusterName)
	if c == nil {
		l.unknown(at, "cluster", clusterName, names(l.t.Clusters))
		return nil
	}
	var ranges []Range
	if or(m.Pods, true) {
		ranges = slices.Concat(ranges, c.PodRanges())
	}
	if or(m.Services, true) {
		ranges = slices.Concat(ranges, c.ServiceCIDRs)
		for _, r := range c.Advertised {
			if r.Kind != ClusterIPRange {
				ranges = append(ranges, r)
			}
		}
	}
	var routes []*StaticRoute
	for _, r := range ranges {
		if !slices.ContainsFunc(local, func(p netip.Prefix) bool {
			return p.IsValid() && FamilyOf(p.Addr()) == FamilyOf(r.Prefix.Addr())
		}) {
			continue // a device without an address of the family has no use for the route
		}
		route := &StaticRoute{Cluster: c, Kind: r.Kind, Prefix: r.Prefix.Masked(), At: at}
		for _, name := range m.Via {
			n := c.Node(name)
			if n == nil {
				continue
			}
			if a := n.addrOn(local, FamilyOf(r.Prefix.Addr())); a.IsValid() && !slices.Contains(route.NextHops, a) {
				route.NextHops, route.Nodes = append(route.NextHops, a), append(route.Nodes, n)
			}
		}
		if len(route.NextHops) > 0 && !slices.ContainsFunc(routes, func(other *StaticRoute) bool { return other.Prefix == route.Prefix }) {
			routes = append(routes, route)
		}
	}
	slices.SortFunc(routes, func(a, b *StaticRoute) int { return ComparePrefix(a.Prefix, b.Prefix) })
	return routes
}

// addrOn returns the node's address of a family on one of the subnets, its own address before that of a further NIC; where it
// is on none of them, its own address.
func (n *Node) addrOn(local []netip.Prefix, f Family) netip.Addr {
	addresses := []netip.Addr{n.Addr(f)}
	for _, nic := range n.NICs {
		addresses = append(addresses, nic.Address.Addr(), nic.Address6.Addr())
	}
	for _, a := range addresses {
		for _, subnet := range local {
			if a.IsValid() && FamilyOf(a) == f && subnet.IsValid() && subnet.Masked().Contains(a) {
				return a
			}
		}
	}
	return n.Addr(f)
}

func (l *linker) hostDNS(h *Host, m *model.HostDNS) *HostDNS {
	dns := &HostDNS{Server: m.Server}
	for i, name := range m.Forward {
		at := h.At().Fields("dns", "forward").Index(i)
		c := l.cluster(name)
		if c == nil {
			l.unknown(at, "cluster", name, names(l.t.Clusters))
			continue
		}
		if c.Model.DNS == nil {
			continue // the check dns-no-service tells
		}
		z := DNSZone{Cluster: c, Domain: strings.TrimSuffix(c.Model.DNS.Domain, "."), Service: c.Model.DNS.Service}
		for _, r := range slices.Concat(c.ServiceCIDRs, c.PodRanges()) {
			z.Reverse = append(z.Reverse, r.Prefix.Masked())
		}
		slices.SortFunc(z.Reverse, ComparePrefix)
		dns.Zones = append(dns.Zones, z)
	}
	slices.SortFunc(dns.Zones, func(a, b DNSZone) int { return strings.Compare(a.Domain, b.Domain) })
	return dns
}

// sortSessions orders by kind, ends, family, address.
func sortSessions(sessions []*Session) {
	slices.SortStableFunc(sessions, func(a, b *Session) int {
		return cmp.Or(int(a.Kind)-int(b.Kind), compareDevices(a.A.Device, b.A.Device), compareDevices(a.B.Device, b.B.Device),
			int(a.Family)-int(b.Family), a.B.Address.Compare(b.B.Address))
	})
}

// compareDevices orders by name, without building the names of nodes.
func compareDevices(a, b Device) int {
	if m, ok := a.(*Node); ok {
		if n, ok := b.(*Node); ok {
			return cmp.Or(strings.Compare(m.Cluster.Name, n.Cluster.Name), strings.Compare(m.Name, n.Name))
		}
	}
	return strings.Compare(a.DeviceName(), b.DeviceName())
}
