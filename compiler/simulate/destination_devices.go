package simulate

import (
	"net/netip"
	"slices"
	"sync"

	"topoc/compiler/fabric"
)

// deviceAddresses is every address that a device has, or that is written as a gateway or neighbor. The zero value collects
// them when they are needed first, or are told to.
type deviceAddresses struct {
	once   sync.Once
	sorted []netip.Addr
}

func (a *deviceAddresses) collect(f *fabric.Fabric) {
	a.once.Do(func() { a.sorted = addressesOf(f) })
}

// hasDevice reports whether an address of a device lies in p.
func (r *Result) hasDevice(p netip.Prefix) bool {
	r.devices.collect(r.Fabric)
	i, _ := slices.BinarySearchFunc(r.devices.sorted, p.Addr(), netip.Addr.Compare)
	return i < len(r.devices.sorted) && p.Contains(r.devices.sorted[i])
}

func addressesOf(f *fabric.Fabric) []netip.Addr {
	var all []netip.Addr
	add := func(addresses ...netip.Addr) {
		for _, a := range addresses {
			if a.IsValid() {
				all = append(all, a)
			}
		}
	}
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			add(n.Address.Addr(), n.Address6.Addr(), n.Gateway, n.Gateway6)
			for _, nic := range n.NICs {
				add(nic.Address.Addr(), nic.Address6.Addr())
			}
		}
		for _, peer := range c.Peers {
			add(peer.PeerIP, peer.ReachableBy)
		}
	}
	for _, s := range f.Switches {
		add(s.Loopback.Addr(), s.Loopback6.Addr())
		for _, i := range s.Interfaces {
			add(i.Address.Addr(), i.Address6.Addr())
			add(i.Shared...)
		}
		for _, e := range s.Links {
			add(e.Address.Addr(), e.Address6.Addr())
		}
	}
	for _, h := range f.Hosts {
		add(h.Address.Addr(), h.Address6.Addr(), h.Gateway, h.Gateway6)
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}
