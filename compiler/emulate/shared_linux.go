package emulate

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// virtual is an address that several machines of a network may hold, and one does.
type virtual struct {
	network int
	address netip.Addr
}

// Holders is the most machines that may hold one virtual address; 0: there are none.
func (l *Lab) Holders() int {
	most := 0
	for _, may := range l.virtual() {
		most = max(most, len(may))
	}
	return most
}

// virtual returns the machines that may hold each virtual address, the first holder first.
func (l *Lab) virtual() map[virtual][]*Machine {
	all := map[virtual][]*Machine{}
	for _, m := range l.Machines {
		for _, p := range m.Ports {
			for _, a := range p.Shared {
				v := virtual{p.Network, a.Addr()}
				all[v] = append(all[v], m)
			}
		}
	}
	return all
}

// Hold has the machine at an index, counted round, of those that may hold a virtual address hold it from now on, for every such
// address, as when VRRP elects another master. Neighbors forget what they knew. The first holders are those at 0.
func (r *Running) Hold(index int) error {
	holder := map[virtual]*Machine{}
	for v, may := range r.Lab.virtual() {
		holder[v] = may[index%len(may)]
	}
	for _, m := range r.machines {
		for i := range m.plan.Ports {
			p := &m.plan.Ports[i]
			for _, a := range p.Shared {
				if err := m.hold(p, a, holder[virtual{p.Network, a.Addr()}] == m.plan); err != nil {
					return fmt.Errorf("address %s of %s: %w", a, m.plan.Name, err)
				}
			}
		}
	}
	return r.each(func(m *machine) error { return m.forgetNeighbors() })
}

// hold gives a port an address or takes it away.
func (m *machine) hold(p *Port, a netip.Prefix, isHolder bool) error {
	link, err := m.ns.links.LinkByName(p.Name)
	if err != nil {
		return err
	}
	present, err := m.ns.links.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return err
	}
	for i := range present {
		if have, ok := netip.AddrFromSlice(present[i].IP); ok && have.Unmap() == a.Addr() {
			if isHolder {
				return nil
			}
			return m.ns.links.AddrDel(link, &present[i])
		}
	}
	if !isHolder {
		return nil
	}
	return m.addAddress(p.Name, a, 0)
}

// forgetNeighbors empties the neighbor tables, but for what the lab wrote.
func (m *machine) forgetNeighbors() error {
	all, err := m.ns.links.NeighList(0, netlink.FAMILY_ALL)
	if err != nil {
		return fmt.Errorf("neighbors of %s: %w", m.plan.Name, err)
	}
	for i := range all {
		if all[i].State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) == 0 {
			m.ns.links.NeighDel(&all[i]) // it may have gone by itself
		}
	}
	return nil
}
