package emulate

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// wires lays the networks of a lab: a wire between two machines where a link joins them, else a bridge, which is in a namespace
// with no addresses.
func (r *Running) wires() error {
	ports := map[int][]*plug{}
	var order []int
	for _, m := range r.machines {
		for i := range m.plan.Ports {
			p := &plug{m, &m.plan.Ports[i]}
			if ports[p.port.Network] == nil {
				order = append(order, p.port.Network)
			}
			ports[p.port.Network] = append(ports[p.port.Network], p)
		}
	}
	for _, network := range order {
		all := ports[network]
		var err error
		if len(all) == 2 && all[0].port.Link != nil {
			err = wire(all[0], all[1])
		} else {
			err = r.bridge(network, all)
		}
		if err != nil {
			return fmt.Errorf("lay network %d: %w", network, err)
		}
	}
	return nil
}

// plug is an interface of a machine that is to be joined with others.
type plug struct {
	machine *machine
	port    *Port
}

// wire joins two interfaces: where the one falls the other has no carrier.
func wire(a, b *plug) error {
	return pair(a.machine.ns, a.port.Name, b.machine.ns, b.port.Name)
}

// pair makes two interfaces that are each other's far end, both up.
func pair(a *namespace, nameOfA string, b *namespace, nameOfB string) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = nameOfA
	err := a.links.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: nameOfB, PeerNamespace: netlink.NsFd(b.handle)})
	if err != nil {
		return fmt.Errorf("%s of %s: %w", nameOfA, a.name, err)
	}
	for _, end := range []struct {
		ns   *namespace
		name string
	}{{a, nameOfA}, {b, nameOfB}} {
		link, err := end.ns.links.LinkByName(end.name)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", end.name, end.ns.name, err)
		}
		if err := end.ns.links.LinkSetUp(link); err != nil {
			return fmt.Errorf("%s of %s: %w", end.name, end.ns.name, err)
		}
	}
	return nil
}

// bridge joins any number of interfaces by a bridge.
func (r *Running) bridge(network int, all []*plug) error {
	name := fmt.Sprintf("net%d", network)
	attributes := netlink.NewLinkAttrs()
	attributes.Name = name
	snooping := false
	bridge := &netlink.Bridge{LinkAttrs: attributes, MulticastSnooping: &snooping}
	if err := r.middle.links.LinkAdd(bridge); err != nil {
		return err
	}
	if err := r.middle.links.LinkSetUp(bridge); err != nil {
		return err
	}
	for i, p := range all {
		port := fmt.Sprintf("n%dp%d", network, i)
		if err := pair(p.machine.ns, p.port.Name, r.middle, port); err != nil {
			return err
		}
		link, err := r.middle.links.LinkByName(port)
		if err != nil {
			return err
		}
		if err := r.middle.links.LinkSetMaster(link, bridge); err != nil {
			return err
		}
	}
	return nil
}

// manyPorts is how many machines a network may have until they are told each other's hardware addresses: the kernel has one table
// of those that it learned for all namespaces of a machine, by default of 1024 (net.ipv4.neigh.default.gc_thresh3), which a mesh
// of some 30 nodes would fill. What it is told does not count.
const manyPorts = 16

// introduce tells the machines of large networks each other's hardware addresses.
func (r *Running) introduce() error {
	type resident struct {
		plug     *plug
		index    int
		hardware net.HardwareAddr
	}
	networks := map[int][]resident{}
	for _, m := range r.machines {
		for i := range m.plan.Ports {
			p := &plug{m, &m.plan.Ports[i]}
			link, err := m.ns.links.LinkByName(p.port.Name)
			if err != nil {
				return err
			}
			networks[p.port.Network] = append(networks[p.port.Network], resident{p, link.Attrs().Index, link.Attrs().HardwareAddr})
		}
	}
	for _, all := range networks {
		if len(all) < manyPorts {
			continue
		}
		for _, near := range all {
			for _, far := range all {
				if near.plug == far.plug {
					continue
				}
				if err := near.plug.machine.knows(near.index, far.plug.port, far.hardware); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// knows tells a machine the hardware address behind another one's addresses; virtual ones may move, and are left to it.
func (m *machine) knows(index int, far *Port, hardware net.HardwareAddr) error {
	for _, a := range far.Addresses {
		if slices.Contains(far.Shared, a) {
			continue
		}
		neighbor := &netlink.Neigh{LinkIndex: index, Family: netlink.FAMILY_V4, State: netlink.NUD_PERMANENT, IP: net.IP(a.Addr().AsSlice()), HardwareAddr: hardware}
		if a.Addr().Is6() {
			neighbor.Family = netlink.FAMILY_V6
		}
		if err := m.ns.links.NeighSet(neighbor); err != nil {
			return fmt.Errorf("neighbor %s of %s: %w", a.Addr(), m.plan.Name, err)
		}
	}
	return nil
}

// address gives a machine's interfaces their addresses, and the machine its tunnels, which lead to those of peers, and its routes.
func (m *machine) address(peers []Tunnel) error {
	for i := range m.plan.Ports {
		p := &m.plan.Ports[i]
		for _, a := range p.Addresses {
			if err := m.addAddress(p.Name, a, 0); err != nil {
				return err
			}
			if err := m.fitHardware(p.Name, a.Addr()); err != nil {
				return err
			}
		}
	}
	if err := m.addLocals(); err != nil {
		return err
	}
	for i := range m.plan.Tunnel {
		if err := m.addTunnel(&m.plan.Tunnel[i], peers); err != nil {
			return fmt.Errorf("%s of %s: %w", m.plan.Tunnel[i].Name, m.plan.Name, err)
		}
	}
	for i := range m.plan.Routes {
		if err := m.addRoute(&m.plan.Routes[i]); err != nil {
			return fmt.Errorf("route %s of %s: %w", m.plan.Routes[i].Prefix, m.plan.Name, err)
		}
	}
	return nil
}

// fitHardware gives an interface the hardware address that its link-local address is made of, as if it were (RFC 4291, appendix A):
// that is where FRR sends IPv4 packets whose next hop is the link-local address (zebra/rib.c, lib/prefix.c, ipv6_ll_to_mac). On
// real switches nobody writes others.
func (m *machine) fitHardware(iface string, a netip.Addr) error {
	if !a.Is6() || !a.IsLinkLocalUnicast() {
		return nil
	}
	link, err := m.ns.links.LinkByName(iface)
	if err == nil {
		b := a.As16()
		err = m.ns.links.LinkSetHardwareAddr(link, net.HardwareAddr{b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]})
	}
	if err != nil {
		return fmt.Errorf("hardware address of %s of %s: %w", iface, m.plan.Name, err)
	}
	return nil
}

func (m *machine) addAddress(iface string, a netip.Prefix, flags int) error {
	link, err := m.ns.links.LinkByName(iface)
	if err == nil {
		err = m.ns.links.AddrAdd(link, &netlink.Addr{IPNet: ipNet(a), Flags: flags})
	}
	if err != nil && !errors.Is(err, syscall.EEXIST) {
		return fmt.Errorf("address %s of %s: %w", a, m.plan.Name, err)
	}
	return nil
}

// addLocals makes the interfaces that lead nowhere, as bridges without ports, and gives them their addresses.
func (m *machine) addLocals() error {
	for _, l := range m.plan.Local {
		if _, err := m.ns.links.LinkByName(l.Interface); err != nil {
			attributes := netlink.NewLinkAttrs()
			attributes.Name = l.Interface
			if err := m.ns.links.LinkAdd(&netlink.Bridge{LinkAttrs: attributes}); err != nil {
				return fmt.Errorf("interface %s of %s: %w", l.Interface, m.plan.Name, err)
			}
			link, err := m.ns.links.LinkByName(l.Interface)
			if err == nil {
				err = m.ns.links.LinkSetUp(link)
			}
			if err != nil {
				return fmt.Errorf("interface %s of %s: %w", l.Interface, m.plan.Name, err)
			}
		}
		host := netip.PrefixFrom(l.Address, l.Address.BitLen())
		if err := m.addAddress(l.Interface, host, unix.IFA_F_NOPREFIXROUTE); err != nil {
			return err
		}
		if l.IsRouted {
			if err := m.addRoute(&Route{Prefix: host, Interface: l.Interface, Protocol: ByLab}); err != nil {
				return fmt.Errorf("route to pod %s of %s: %w", l.Address, m.plan.Name, err)
			}
		}
	}
	return nil
}

func (m *machine) addRoute(r *Route) error {
	route := &netlink.Route{Dst: ipNet(r.Prefix), Protocol: netlink.RouteProtocol(r.Protocol), Priority: r.Metric}
	index := 0
	if r.Interface != "" {
		link, err := m.ns.links.LinkByName(r.Interface)
		if err != nil {
			return err
		}
		index = link.Attrs().Index
	}
	if r.IsDropped {
		route.Type = unix.RTN_BLACKHOLE
		return m.ns.links.RouteAdd(route)
	}
	flags := 0
	if r.IsOnLink {
		flags = int(netlink.FLAG_ONLINK)
	}
	switch len(r.Gateways) {
	case 0:
		route.LinkIndex, route.Scope = index, netlink.SCOPE_LINK
	case 1:
		route.Gw, route.LinkIndex, route.Flags = net.IP(r.Gateways[0].AsSlice()), index, flags
	default:
		for _, g := range r.Gateways {
			route.MultiPath = append(route.MultiPath, &netlink.NexthopInfo{Gw: net.IP(g.AsSlice()), LinkIndex: index, Flags: flags})
		}
	}
	return m.ns.links.RouteAdd(route)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
