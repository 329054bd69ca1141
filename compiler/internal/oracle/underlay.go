package oracle

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// maxHops is how far a packet gets.
const maxHops = 32

// hasUnderlay reports whether packets of a session get from s to its far end, within the hops that it lets them take.
func (n *network) hasUnderlay(s *session) bool {
	if s.local.Zone() != "" {
		return true
	}
	if s.owner.external != nil || s.far.owner.external != nil && !s.far.owner.isPlaced() {
		return true // believed to find its way
	}
	limit := s.ttl
	if s.ttlSecurity > 0 {
		limit = s.ttlSecurity // sent with a TTL of 255, refused below 256 - hops
	}
	hops, ok := s.owner.distance(s.far.owner, s.remote)
	return ok && hops <= limit
}

// isPlaced reports whether a speaker outside is on a subnet of its cluster's nodes. Else it is believed to be reached through
// their default gateways, wherever it is.
func (sp *speaker) isPlaced() bool {
	return slices.ContainsFunc(sp.external.Cluster.Nodes, func(n *fabric.Node) bool {
		return sp.network.byNode[n].onSubnet(sp.external.Address) != nil
	})
}

// distance is how many hops it takes to a device's address: 1 on a common subnet. Which of several next hops packets take, and
// which of several devices with a gateway's address takes them, nobody knows: so all must lead there, and the longest way counts.
func (sp *speaker) distance(to *speaker, a netip.Addr) (hops int, ok bool) {
	return sp.walk(to, a, maxHops)
}

func (sp *speaker) walk(to *speaker, a netip.Addr, limit int) (hops int, ok bool) {
	gateways := sp.forward(a)
	if limit == 0 || len(gateways) == 0 {
		return 0, false
	}
	for _, gateway := range gateways {
		nexts, isBelieved := sp.nextDevices(to, a, gateway)
		if isBelieved {
			hops = max(hops, 2)
		} else if len(nexts) == 0 {
			return 0, false
		}
		for _, next := range nexts {
			further := 0
			if next != to {
				if further, ok = next.walk(to, a, limit-1); !ok {
					return 0, false
				}
			}
			hops = max(hops, 1+further)
		}
	}
	return hops, true
}

// nextDevices is where a gateway leads on the way to an address of another device; isBelieved: it is a default gateway that
// nobody declared, or that nothing in the topology is, which is believed to know the way.
func (sp *speaker) nextDevices(to *speaker, a, gateway netip.Addr) (nexts []*speaker, isBelieved bool) {
	switch {
	case gateway == a:
		return []*speaker{to}, false
	case !gateway.IsValid():
		return nil, true
	case gateway.Zone() != "":
		if next := sp.acrossLink(gateway); next != nil {
			return []*speaker{next}, false
		}
		return nil, false
	}
	nexts = sp.ownersOf(gateway)
	return nexts, nexts == nil && sp.node != nil && (gateway == sp.node.node.Gateway || gateway == sp.node.node.Gateway6)
}

// acrossLink is the switch at the far end of an unnumbered link.
func (sp *speaker) acrossLink(gateway netip.Addr) *speaker {
	for _, s := range sp.sessions {
		if s.remote == gateway && s.far != nil {
			return s.far.owner
		}
	}
	return nil
}

// forward returns the gateways of the kernel's route to an address, the address itself where it is on-link; none where there
// is no route.
func (sp *speaker) forward(a netip.Addr) []netip.Addr {
	if sp.sw != nil {
		return sp.lookup(a).gateways
	}
	if sp.onSubnet(a) != nil {
		return []netip.Addr{a}
	}
	var gateways []netip.Addr
	bits := -1
	for _, e := range sp.order {
		if !e.prefix.Contains(a) || e.prefix.Bits() <= bits {
			continue
		}
		metric := uint32(0)
		for _, r := range sp.rows(e) {
			metric = max(metric, r.Metric)
			if r.Kind != rib && (r.Kind == unicast || e.prefix.Bits() > bits) { // none of a blackhole
				gateways, bits = r.NextHops, e.prefix.Bits()
			}
		}
		if local := e.local(fromKernel); local != nil && e.prefix.Bits() == 0 && (bits < 0 || !local.isHidden && local.kernelMetric < metric) {
			gateways, bits = []netip.Addr{local.gateway}, 0
		}
	}
	return gateways
}
