package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// Station is a device on its networks, as it stands without BGP: a switch once for each of its VRFs.
type Station struct {
	Device    fabric.Device
	VRF       string // of a switch
	Ports     []Port
	Loopbacks []netip.Addr // of a switch; the address of a speaker outside that is on none of the networks
	Statics   []StationRoute
	Defaults  [2]Default // IPv4, IPv6
}

// Port is an interface of a station on one network.
type Port struct {
	Network   int                // a number: ports of one network reach each other without a router
	Interface string             // empty: nobody named it
	Addresses []netip.Prefix     // with the subnet's length, IPv4 first; none on an unnumbered link
	Shared    []netip.Addr       // anycast or virtual gateways, which other stations may have too
	Link      *fabric.SwitchLink // nil: a network that many can be on
}

// StationRoute is a static route.
type StationRoute struct {
	Prefix   netip.Prefix // masked
	Gateways []netip.Addr // on the station's networks, ascending
	FromBIRD bool         // a node's BIRD writes it, as reachableBy says
}

// Default is a default route.
type Default struct {
	Gateway    netip.Addr // zero: none is declared
	IsBelieved bool       // the gateway is no device of the topology: it is believed to be there, and to know all that are but pods and services
}

// Stations returns every device of the topology as it stands in the network that BGP runs over, speakers outside too: in the
// order of Parts, then of members.
func (r *Result) Stations() []Station {
	n := &networks{number: map[any]int{}}
	var all []Station
	for _, p := range r.Parts {
		for member := range p.Size() {
			all = append(all, n.station(place{p, member}))
		}
	}
	numbers := map[int]int{} // of networks that turned out to be one, in the order of appearance
	for i := range all {
		for j := range all[i].Ports {
			port := &all[i].Ports[j]
			root := n.sets.root(port.Network)
			if _, known := numbers[root]; !known {
				numbers[root] = len(numbers)
			}
			port.Network = numbers[root]
		}
	}
	return all
}

// networks numbers networks. An interface with addresses of both families makes one network of two segments.
type networks struct {
	number map[any]int // by segment or link
	sets   union
}

func (n *networks) of(key any) int {
	id, known := n.number[key]
	if !known {
		id = n.sets.add()
		n.number[key] = id
	}
	return id
}

func (n *networks) station(at place) Station {
	s := Station{Device: at.part.Device(at.member), VRF: at.part.VRF}
	for f, g := range at.part.ground {
		for i := range g.attached {
			n.attach(&s, &g.attached[i], at.member)
		}
		for _, shared := range g.shared {
			s.share(shared.Addr)
		}
		s.Loopbacks = append(s.Loopbacks, g.loopbacks...)
		for _, route := range g.statics {
			var gateways []netip.Addr
			for _, h := range route.action.hops {
				gateways = append(gateways, h.gateway)
			}
			s.Statics = append(s.Statics, StationRoute{route.prefix, gateways, route.proto == "bird"})
		}
		if g.onGateway != nil {
			s.Defaults[f] = Default{g.gateway, g.believes}
		}
	}
	if at.part.Switch != nil {
		n.addUnnumbered(&s, at.part)
	}
	return s
}

// attach adds an attachment to the port that it is of.
func (n *networks) attach(s *Station, at *attachment, member int) {
	address := netip.PrefixFrom(at.addresses[member], at.subnet.Bits())
	id := n.of(at.segment)
	if at.link != nil {
		id = n.of(at.link)
	}
	isOne := func(p Port) bool { return p.Link == at.link && p.Interface == at.iface[member] }
	if i := slices.IndexFunc(s.Ports, isOne); i >= 0 {
		s.Ports[i].Addresses = append(s.Ports[i].Addresses, address)
		n.sets.join(id, s.Ports[i].Network)
		return
	}
	s.Ports = append(s.Ports, Port{Network: id, Interface: at.iface[member], Addresses: []netip.Prefix{address}, Link: at.link})
}

// share adds a shared address to the port on whose subnet it is.
func (s *Station) share(a netip.Addr) {
	for i := range s.Ports {
		if slices.ContainsFunc(s.Ports[i].Addresses, func(p netip.Prefix) bool { return p.Masked().Contains(a) }) {
			s.Ports[i].Shared = append(s.Ports[i].Shared, a)
			return
		}
	}
}

// addUnnumbered adds the ports of links without addresses.
func (n *networks) addUnnumbered(s *Station, p *Part) {
	for _, e := range p.Switch.Links {
		isThere := slices.ContainsFunc(s.Ports, func(p Port) bool { return p.Link == e.Link }) // by its link-local address
		if e.VRF == p.VRF && e.Link.Unnumbered() && !isThere {
			s.Ports = append(s.Ports, Port{Network: n.of(e.Link), Interface: e.Interface, Link: e.Link})
		}
	}
}
