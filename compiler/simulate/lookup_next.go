package simulate

import (
	"net/netip"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// next returns the devices that a hop hands a packet to dst to, those that have failed left out: none, and it is lost. d and
// owner are the destination and the member of its owner that the route is to; d is nil for routes without BGP. What a tunnel
// leads to is its far end. A gateway of which the topology knows nothing is believed to know every device's address.
func (v *view) next(at place, d *destination, owner int, h hop, dst netip.Addr) []place {
	switch {
	case h.isUnknown:
		return v.living(v.result.owner(dst, at.part))
	case h.gateway.IsValid():
		return v.neighbors(at, h.gateway)
	case h.Hop < 0:
		return v.neighbors(at, dst)
	}
	of := d.domain.network.Hops[h.Hop]
	if of.Speaker == nil {
		return v.neighbors(at, of.Addrs[0])
	}
	var all []place
	for _, member := range v.members(at, d, owner, h) {
		all = append(all, place{d.domain.parts[of.Speaker.Index], member})
	}
	return all
}

// neighbors returns the devices that answer for an address on a network that the device is on.
func (v *view) neighbors(at place, a netip.Addr) []place {
	g := at.part.ground[familyIndex(fabric.FamilyOf(a))]
	if g == nil {
		return nil
	}
	on := g.attachmentTo(a, v.down)
	if on == nil {
		return nil
	}
	return v.onNetwork(a, on.segment)
}

// living leaves out the places that have failed.
func (v *view) living(all []place) []place {
	var living []place
	for _, at := range all {
		if !v.down.isDead(at.part, at.member) {
			living = append(living, at)
		}
	}
	return living
}

// members expands a next hop to the members of its part that a device sends to, ascending, those that have failed left out.
// owner is which member of the destination's owner has the prefix at hand.
func (v *view) members(at place, d *destination, owner int, h hop) []int {
	of := d.domain.network.Hops[h.Hop]
	if of.Speaker == nil {
		return []int{0}
	}
	p := d.domain.parts[of.Speaker.Index]
	if h.Who == bgp.Owner {
		if v.down.isDead(p, owner) {
			return nil
		}
		return []int{owner}
	}
	var all []int
	for member := range of.Addrs {
		isOwner, isSelf := d.Owner == of.Speaker && member == owner, p == at.part && member == at.member
		if isOwner || isSelf || v.down.isDead(p, member) {
			continue
		}
		all = append(all, member)
		if h.Who == bgp.First || h.count > 0 && len(all) == int(h.count) {
			break
		}
	}
	return all
}
