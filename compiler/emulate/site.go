package emulate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// addSites adds the routers that nobody declared, and that are believed to be behind default gateways: one for each realm that
// has such a gateway or a speaker on none of the networks. They know networks, links and loopbacks; of pods and services nothing.
func (p *planner) addSites(stations []simulate.Station) {
	realms := map[string][]int{} // stations with a believed gateway, or beyond all networks
	for i := range stations {
		s := &stations[i]
		_, isOutside := s.Device.(*fabric.External)
		switch {
		case isOutside && len(s.Ports) == 0:
			realms[""] = append(realms[""], i)
		case len(s.Ports) > 0 && (s.Defaults[0].IsBelieved || s.Defaults[1].IsBelieved):
			realm := s.Ports[0].Realm
			realms[realm] = append(realms[realm], i)
		}
	}
	var names []string
	for realm := range realms {
		names = append(names, realm)
	}
	slices.Sort(names)
	for _, realm := range names {
		x := &site{planner: p, stations: stations, realm: realm, router: &Machine{Name: p.unique("site")}, taken: map[netip.Addr]bool{}}
		x.plan(realms[realm])
		p.Machines = append(p.Machines, x.router)
	}
}

// site plans the router of one realm.
type site struct {
	*planner
	stations []simulate.Station
	realm    string
	router   *Machine
	taken    map[netip.Addr]bool
	wires    int // to speakers outside
}

func (x *site) plan(needing []int) {
	x.joinNetworks()
	for _, i := range needing {
		x.takeGateways(i)
	}
	x.addLinks()
	for _, i := range needing {
		if len(x.stations[i].Ports) == 0 {
			x.wire(x.Machines[i])
		}
	}
	for _, i := range needing {
		x.addDefaults(i)
	}
}

// joinNetworks gives the router a port on each network of the realm that many can be on.
func (x *site) joinNetworks() {
	used := map[string]bool{loopback: true}
	for i := range x.stations {
		for _, port := range x.stations[i].Ports {
			for _, a := range port.Addresses {
				x.taken[a.Addr()] = true
			}
			for _, a := range port.Shared {
				x.taken[a] = true
			}
			if port.Link == nil && port.Realm == x.realm && x.portOn(port.Network) == nil {
				x.router.Ports = append(x.router.Ports, Port{Name: kernelName("", used), Network: port.Network})
			}
		}
	}
}

func (x *site) portOn(network int) *Port {
	i := slices.IndexFunc(x.router.Ports, func(p Port) bool { return p.Network == network })
	if i < 0 {
		return nil
	}
	return &x.router.Ports[i]
}

// takeGateways gives the router the gateways that a station goes by and nobody has, and an address in its subnets besides.
func (x *site) takeGateways(i int) {
	s := &x.stations[i]
	for f, d := range s.Defaults {
		for _, port := range s.Ports {
			own := x.portOn(port.Network)
			for _, a := range port.Addresses {
				if own == nil || familyIndex(a.Addr()) != f || !d.IsBelieved {
					continue
				}
				if d.Gateway.IsValid() && a.Masked().Contains(d.Gateway) {
					x.give(own, netip.PrefixFrom(d.Gateway, a.Bits()))
				} else if x.router.addressIn(port.Network, fabric.FamilyOf(a.Addr())) == (netip.Addr{}) {
					x.give(own, x.freeIn(a.Masked()))
				}
			}
		}
	}
}

func (x *site) give(port *Port, a netip.Prefix) {
	if a.IsValid() && !slices.Contains(port.Addresses, a) {
		port.Addresses = append(port.Addresses, a)
		x.taken[a.Addr()] = true
	}
}

// freeIn returns an address of a subnet that nobody has, from its end; the zero Prefix: there is none.
func (x *site) freeIn(subnet netip.Prefix) netip.Prefix {
	a := lastOf(subnet).Prev() // the last one is IPv4's broadcast address
	for range 1 << 16 {
		if !subnet.Contains(a) || a == subnet.Addr() {
			break
		}
		if !x.taken[a] {
			return netip.PrefixFrom(a, subnet.Bits())
		}
		a = a.Prev()
	}
	return netip.Prefix{}
}

func lastOf(p netip.Prefix) netip.Addr {
	raw := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(raw)
	return last
}

// reached is a switch, by the address of the first switch on the way to it from the router, and its own way back.
type reached struct {
	machine   *Machine
	via, back [2]netip.Addr // by family
}

// switches returns the switches that the router reaches, the nearest first.
func (x *site) switches() []reached {
	var all []reached
	seen := map[*Machine]bool{}
	for _, m := range x.Machines {
		if _, isSwitch := m.Device.(*fabric.Switch); !isSwitch {
			continue
		}
		var r reached
		for _, port := range x.router.Ports {
			for f, family := range families {
				if a := m.addressIn(port.Network, family); a.IsValid() && !r.via[f].IsValid() {
					r.via[f], r.back[f] = a, x.router.addressIn(port.Network, family)
				}
			}
		}
		if r.via[0].IsValid() || r.via[1].IsValid() {
			r.machine, seen[m] = m, true
			all = append(all, r)
		}
	}
	for i := 0; i < len(all); i++ {
		for _, port := range all[i].machine.Ports {
			far := x.farEnd(all[i].machine, port)
			if far == nil || seen[far] {
				continue
			}
			seen[far] = true
			next := reached{machine: far, via: all[i].via}
			for f, family := range families {
				next.back[f] = all[i].machine.addressIn(port.Network, family)
			}
			all = append(all, next)
		}
	}
	return all
}

var families = [...]fabric.Family{fabric.IPv4, fabric.IPv6}

// farEnd is the machine at the other end of a link.
func (x *site) farEnd(near *Machine, port Port) *Machine {
	if port.Link == nil {
		return nil
	}
	for _, m := range x.Machines {
		if m != near && slices.ContainsFunc(m.Ports, func(p Port) bool { return p.Network == port.Network }) {
			return m
		}
	}
	return nil
}

// addLinks adds routes to the loopbacks and links of the realm's switches.
func (x *site) addLinks() {
	known := map[netip.Prefix]bool{}
	for _, r := range x.switches() {
		var behind []netip.Prefix
		for _, l := range r.machine.Local {
			behind = append(behind, netip.PrefixFrom(l.Address, l.Address.BitLen()))
		}
		for _, port := range r.machine.Ports {
			for _, a := range port.Addresses {
				if x.portOn(port.Network) == nil && !a.Addr().IsLinkLocalUnicast() {
					behind = append(behind, a.Masked())
				}
			}
		}
		for _, prefix := range behind {
			if via := r.via[familyIndex(prefix.Addr())]; via.IsValid() && !known[prefix] {
				known[prefix] = true
				x.router.Routes = append(x.router.Routes, Route{Prefix: prefix, Gateways: []netip.Addr{via}, Protocol: ByLab})
			}
		}
	}
}

// wire joins a speaker on none of the networks with the router, and tells the switches where it is.
func (x *site) wire(m *Machine) {
	x.wires++
	network := x.unusedNetwork()
	a := m.Local[0].Address
	pair := [2]netip.Prefix{}
	for i := range pair {
		if a.Is4() {
			pair[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{169, 254, byte(x.wires), byte(i + 1)}), 30)
		} else {
			pair[i] = netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfd, 0xff, 0xff, 0xff, 7: byte(x.wires), 15: byte(i + 1)}), 64)
		}
	}
	x.router.Ports = append(x.router.Ports, Port{Name: fmt.Sprintf("wire%d", x.wires), Network: network, Addresses: []netip.Prefix{pair[0]}})
	m.Ports = append(m.Ports, Port{Name: "port0", Network: network, Addresses: []netip.Prefix{pair[1]}})
	host := netip.PrefixFrom(a, a.BitLen())
	f := familyIndex(a)
	m.Routes = append(m.Routes, Route{Prefix: defaultOf(f), Gateways: []netip.Addr{pair[0].Addr()}, Protocol: ByLab})
	x.router.Routes = append(x.router.Routes, Route{Prefix: host, Gateways: []netip.Addr{pair[1].Addr()}, Protocol: ByLab})
	for _, r := range x.switches() {
		if back := r.back[f]; back.IsValid() {
			r.machine.Routes = append(r.machine.Routes, Route{Prefix: host, Gateways: []netip.Addr{back}, Protocol: ByLab})
		}
	}
}

func (x *site) unusedNetwork() int {
	most := -1
	for _, m := range append(slices.Clone(x.Machines), x.router) {
		for _, p := range m.Ports {
			most = max(most, p.Network)
		}
	}
	return most + 1
}

// addDefaults gives a station a default route to the router, where it goes by one that nobody wrote.
func (x *site) addDefaults(i int) {
	s := &x.stations[i]
	for f, d := range s.Defaults {
		if !d.IsBelieved || d.Gateway.IsValid() {
			continue
		}
		for _, port := range s.Ports {
			if via := x.router.addressIn(port.Network, families[f]); via.IsValid() && x.Machines[i].addressIn(port.Network, families[f]).IsValid() {
				x.Machines[i].Routes = append(x.Machines[i].Routes, Route{Prefix: defaultOf(f), Gateways: []netip.Addr{via}, Protocol: ByLab})
				break
			}
		}
	}
}

// familyIndex is 0 for IPv4 and 1 for IPv6.
func familyIndex(a netip.Addr) int { return cmp.Compare(a.BitLen(), 32) }
