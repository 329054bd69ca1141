package conformance

import (
	"net/netip"
	"slices"

	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// exchange is packets from a machine to a place, and the answers.
type exchange struct {
	from, to  simulate.Place
	sender    *emulate.Machine
	sources   []netip.Addr // that the sender sends from
	isSwitch  bool         // so that it sends from the address of an interface, where sources has none of a family
	targets   []netip.Addr
	answering []string // machines that may answer

	trace     *simulate.Trace
	isUnasked bool // a switch has no address to send from
	sent      int
	lost      error // of a packet that was lost, why; nil: all arrived and were answered
}

// end is a place that packets are sent from or to.
type end struct {
	place     simulate.Place
	machine   *emulate.Machine // of services: nil
	cluster   *fabric.Cluster  // of pods and services
	addresses []netip.Addr
	isSwitch  bool
	answering []string
}

// exchanges are those that are tried: of each kind some, spread over all.
func (x *sandboxed) exchanges() []*exchange {
	pods, services, hosts, switches := x.ends()
	isSame := func(a, b *end) bool { return a.cluster == b.cluster && a.machine != b.machine }
	isOther := func(a, b *end) bool { return a.cluster != b.cluster }
	var all []*exchange
	for _, kind := range []struct {
		from, to []*end
		isOne    func(a, b *end) bool
	}{
		{pods, pods, isSame}, {pods, pods, isOther}, {pods, services, isOther}, {pods, hosts, isOther},
		{hosts, pods, isOther}, {hosts, services, isOther}, {switches, pods, isOther}, {switches, services, isOther},
	} {
		var found []*exchange
		for _, a := range kind.from {
			for _, b := range kind.to {
				if kind.isOne(a, b) {
					found = append(found, &exchange{from: a.place, to: b.place, sender: a.machine, sources: a.addresses, isSwitch: a.isSwitch,
						targets: b.addresses, answering: b.answering})
				}
			}
		}
		for i := range min(len(found), exchangesOfKind) {
			all = append(all, found[i*len(found)/min(len(found), exchangesOfKind)])
		}
	}
	return all
}

// ends are the places of the lab.
func (x *sandboxed) ends() (pods, services, hosts, switches []*end) {
	for _, m := range x.plan.Machines {
		switch d := m.Device.(type) {
		case *fabric.Node:
			name := d.DeviceName()
			if own := m.Addresses(emulate.Pods); len(own) > 0 {
				pods = append(pods, &end{simulate.Place{Node: d, Pods: true, Text: name + "/pods"}, m, d.Cluster, own, false, []string{m.Name}})
			}
			services = addServices(services, m, d)
		case *fabric.Host:
			hosts = append(hosts, &end{simulate.Place{Host: d, Text: d.Name}, m, nil, portAddresses(m), false, []string{m.Name}})
		case *fabric.Switch:
			if x.hasOneVRF(d) {
				place := simulate.Place{Switch: d, Text: d.Name}
				switches = append(switches, &end{place: place, machine: m, addresses: announcedLoopbacks(m, d), isSwitch: true})
			}
		}
	}
	return pods, services, hosts, switches
}

// addServices adds a node to those that answer for the services of its cluster.
func addServices(services []*end, m *emulate.Machine, n *fabric.Node) []*end {
	own := m.Addresses(emulate.Services)
	if len(own) == 0 {
		return services
	}
	i := slices.IndexFunc(services, func(e *end) bool { return e.cluster == n.Cluster })
	if i < 0 {
		place := simulate.Place{Cluster: n.Cluster, Services: true, Text: n.Cluster.Name + "/services"}
		services = append(services, &end{place: place, cluster: n.Cluster})
		i = len(services) - 1
	}
	for _, a := range own {
		if !slices.Contains(services[i].addresses, a) && !isNobodys(n.Cluster, a) {
			services[i].addresses = append(services[i].addresses, a)
		}
	}
	services[i].answering = append(services[i].answering, m.Name)
	return services
}

// isNobodys reports whether an address is in a load-balancer range that a cluster doesn't announce whole: only a service that has it
// would be announced, and a topology has none.
func isNobodys(c *fabric.Cluster, a netip.Addr) bool {
	advertise := c.Model.Advertise
	if advertise == nil || advertise.ServiceLoadBalancerAggregation == nil || *advertise.ServiceLoadBalancerAggregation {
		return false
	}
	return slices.ContainsFunc(c.Advertised, func(r fabric.Range) bool { return r.Kind == fabric.LoadBalancerRange && r.Prefix.Contains(a) })
}

// portAddresses are the first addresses of a machine of each family.
func portAddresses(m *emulate.Machine) []netip.Addr {
	var all []netip.Addr
	for _, p := range m.Ports {
		for _, a := range p.Addresses {
			if !a.Addr().IsLinkLocalUnicast() && !slices.ContainsFunc(all, func(o netip.Addr) bool { return o.Is4() == a.Addr().Is4() }) {
				all = append(all, a.Addr())
			}
		}
	}
	return all
}

// announcedLoopbacks are the addresses that a switch calls from, where it says so; else that is the one of the interface by which
// a packet leaves.
func announcedLoopbacks(m *emulate.Machine, s *fabric.Switch) []netip.Addr {
	var all []netip.Addr
	for _, l := range m.Local {
		host := netip.PrefixFrom(l.Address, l.Address.BitLen())
		if slices.ContainsFunc(s.Routers, func(r *fabric.BGPRouter) bool { return slices.Contains(r.Networks, host) }) {
			all = append(all, l.Address)
		}
	}
	return all
}

// hasOneVRF reports whether a switch is one machine.
func (x *sandboxed) hasOneVRF(s *fabric.Switch) bool {
	n := 0
	for _, m := range x.plan.Machines {
		if m.Device == s {
			n++
		}
	}
	return n == 1
}
