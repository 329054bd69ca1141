package oracle

import (
	"net/netip"
	"slices"
)

// maxHops is how far a packet gets.
const maxHops = 32

// hasUnderlay reports whether packets of a session get from s to its far end, within the hops that it lets them take.
func (n *network) hasUnderlay(s *session) bool {
	if s.local.Zone() != "" {
		return true
	}
	if s.owner.external != nil || s.far.owner.external != nil {
		return true // on-link, or believed to be reached through the default gateway
	}
	limit := s.ttl
	if s.ttlSecurity > 0 {
		limit = s.ttlSecurity // sent with a TTL of 255, refused below 256 - hops
	}
	hops, ok := s.owner.distance(s.far.owner, s.remote)
	return ok && hops <= limit
}

// distance is how many hops it takes to a device's address: 1 on a common subnet. Of several next hops packets take the first.
func (sp *speaker) distance(to *speaker, a netip.Addr) (hops int, ok bool) {
	at := sp
	for hops = 1; hops <= maxHops; hops++ {
		next, isBelieved := at.nextDevice(to, a)
		switch {
		case isBelieved:
			return hops + 1, true
		case next == to:
			return hops, true
		case next == nil:
			return 0, false
		}
		at = next
	}
	return 0, false
}

// nextDevice is where a device sends packets to an address of another one; isBelieved: to a default gateway that nobody
// declared, which is believed to know the way.
func (sp *speaker) nextDevice(to *speaker, a netip.Addr) (next *speaker, isBelieved bool) {
	gateways := sp.forward(a)
	if len(gateways) == 0 {
		return nil, false
	}
	gateway := slices.MinFunc(gateways, netip.Addr.Compare)
	switch {
	case gateway == a:
		return to, false
	case !gateway.IsValid():
		return nil, true
	case gateway.Zone() != "":
		return sp.acrossLink(gateway), false
	}
	return sp.owner(gateway), false
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
		for _, r := range sp.rows(e) {
			if r.Kind == unicast {
				gateways, bits = r.NextHops, e.prefix.Bits()
			}
		}
		if local := e.local(fromKernel); local != nil && bits < e.prefix.Bits() && e.prefix.Bits() == 0 {
			gateways, bits = []netip.Addr{local.gateway}, 0
		}
	}
	return gateways
}
