package emulate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// addSites adds the routers that nobody declared, and that are believed to be behind default gateways. One of them knows all
// networks, links and loopbacks; of pods and services nothing. Only networks that use the same subnet need routers of their own.
func (p *planner) addSites(stations []simulate.Station) {
	isNeeded := func(s *simulate.Station) bool {
		_, isOutside := s.Device.(*fabric.External)
		return isOutside && len(s.Ports) == 0 || len(s.Ports) > 0 && (s.Defaults[0].IsBelieved || s.Defaults[1].IsBelieved)
	}
	for i, networks := range apart(stations) {
		x := &site{planner: p, stations: stations, router: &Machine{Name: "site"}, taken: map[netip.Addr]bool{}}
		var needing []int
		for j := range stations {
			s := &stations[j]
			isHere := slices.ContainsFunc(s.Ports, func(port simulate.Port) bool { return networks[port.Network] })
			if isNeeded(s) && (isHere || i == 0 && len(s.Ports) == 0) {
				needing = append(needing, j)
			}
		}
		if len(needing) == 0 {
			continue
		}
		x.router.Name = p.unique("site")
		x.plan(networks, needing)
		p.Machines = append(p.Machines, x.router)
	}
}

// apart returns the networks that many can be on, in sets in which no two have the same subnet. There is at least one set.
func apart(stations []simulate.Station) []map[int]bool {
	sets := []map[int]bool{{}}
	used := []map[netip.Prefix]int{{}} // by set: the network of a subnet
	subnets := map[int][]netip.Prefix{}
	var order []int
	for i := range stations {
		for _, port := range stations[i].Ports {
			if port.Link != nil {
				continue
			}
			if _, known := subnets[port.Network]; !known {
				order = append(order, port.Network)
			}
			for _, a := range port.Addresses {
				subnets[port.Network] = append(subnets[port.Network], a.Masked())
			}
		}
	}
	for _, network := range order {
		isTaken := func(of map[netip.Prefix]int) bool {
			return slices.ContainsFunc(subnets[network], func(p netip.Prefix) bool { n, ok := of[p]; return ok && n != network })
		}
		i := slices.IndexFunc(used, func(of map[netip.Prefix]int) bool { return !isTaken(of) })
		if i < 0 {
			i = len(sets)
			sets, used = append(sets, map[int]bool{}), append(used, map[netip.Prefix]int{})
		}
		sets[i][network] = true
		for _, p := range subnets[network] {
			used[i][p] = network
		}
	}
	return sets
}

// site plans one router.
type site struct {
	*planner
	stations []simulate.Station
	router   *Machine
	taken    map[netip.Addr]bool
	wires    int // to speakers outside
}

func (x *site) plan(networks map[int]bool, needing []int) {
	x.join(networks)
	for _, i := range needing {
		x.takeGateways(i)
	}
	x.takeAddresses()
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

// join gives the router a port on each of the networks.
func (x *site) join(networks map[int]bool) {
	used := map[string]bool{loopback: true}
	for i := range x.stations {
		for _, port := range x.stations[i].Ports {
			for _, a := range port.Addresses {
				x.taken[a.Addr()] = true
			}
			for _, a := range port.Shared {
				x.taken[a] = true
			}
			if networks[port.Network] && x.portOn(port.Network) == nil {
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

// takeGateways gives the router the gateways that a station goes by and nobody has.
func (x *site) takeGateways(i int) {
	s := &x.stations[i]
	for _, d := range s.Defaults {
		if !d.IsBelieved || !d.Gateway.IsValid() {
			continue
		}
		for _, port := range s.Ports {
			for _, a := range port.Addresses {
				if own := x.portOn(port.Network); own != nil && a.Masked().Contains(d.Gateway) {
					x.give(own, netip.PrefixFrom(d.Gateway, a.Bits()))
				}
			}
		}
	}
}

// takeAddresses gives the router an address in every subnet of its networks that has one left.
func (x *site) takeAddresses() {
	for i := range x.stations {
		for _, port := range x.stations[i].Ports {
			own := x.portOn(port.Network)
			if own == nil {
				continue
			}
			for _, a := range port.Addresses {
				isIn := func(p netip.Prefix) bool { return p.Masked() == a.Masked() }
				if !slices.ContainsFunc(own.Addresses, isIn) {
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
				if r.via[f].IsValid() {
					continue
				}
				r.via[f], r.back[f] = neighbors(m, x.router, port.Network, family)
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
				next.back[f], _ = neighbors(all[i].machine, far, port.Network, family)
			}
			all = append(all, next)
		}
	}
	return all
}

// neighbors are the addresses by which two machines reach each other on a network: of one subnet. Zero: there are none.
func neighbors(a, b *Machine, network int, f fabric.Family) (ofA, ofB netip.Addr) {
	for _, p := range a.Ports {
		for _, q := range b.Ports {
			if p.Network != network || q.Network != network {
				continue
			}
			for _, own := range p.Addresses {
				for _, other := range q.Addresses {
					if fabric.FamilyOf(own.Addr()) == f && own.Masked() == other.Masked() && own != other && !own.Addr().IsLinkLocalUnicast() {
						return own.Addr(), other.Addr()
					}
				}
			}
		}
	}
	return ofA, ofB
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
			if via, _ := neighbors(x.router, x.Machines[i], port.Network, families[f]); via.IsValid() {
				m := x.Machines[i]
				m.Routes = append(m.Routes, Route{Prefix: defaultOf(f), Gateways: []netip.Addr{via}, Protocol: ByLab})
				m.Unknown = append(m.Unknown, via)
				break
			}
		}
	}
}

// familyIndex is 0 for IPv4 and 1 for IPv6.
func familyIndex(a netip.Addr) int { return cmp.Compare(a.BitLen(), 32) }
