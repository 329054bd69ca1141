package simulate

import (
	"iter"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// sources are the devices that a party's packets come from: one of each part, since the others are like it.
func (t *traffic) sources(from, to party, f int) []place {
	var all []place
	add := func(at place) {
		if at.part.hasAddress(f) && !t.isDead(at) && !(from.kind == partyPods && at.hasPodsOfOther(f)) {
			all = append(all, at)
		}
	}
	switch {
	case from.devices != nil:
		for _, at := range t.inNetworkOf(from.devices, to) {
			add(at)
		}
	case from.cluster != nil:
		for _, p := range t.census.parts[from.cluster] {
			if at := t.otherThan(place{part: p}, place{}); at.part != nil {
				add(at)
			}
		}
	}
	return all
}

// hasPodsOfOther reports whether a node has blocks, but of the other family alone: no pod of its sends over this one.
func (at place) hasPodsOfOther(f int) bool {
	if at.part.Nodes == nil || at.part.rules == nil {
		return false
	}
	all := at.part.rules.allocations().of[at.part.Nodes[at.member]]
	isOf := func(h held) bool { return familyIndex(fabric.FamilyOf(h.prefix.Addr())) == f }
	return len(all) > 0 && !slices.ContainsFunc(all, isOf)
}

// targets are the courses to what a party has of a family and its asker may expect to reach.
func (t *traffic) targets(to, from party, f int) []*course {
	switch to.kind {
	case partyPods:
		return t.podTargets(to, f)
	case partyServices:
		return t.serviceTargets(to, from, f)
	case partyNobody:
		if fabric.FamilyOf(to.addr) == families[f] {
			return []*course{t.courseToDevice(to.addr, place{})}
		}
		return nil
	}
	var all []*course
	for _, at := range t.inNetworkOf(to.devices, from) {
		for a := range at.ownAddresses(f) {
			if !to.addr.IsValid() || a == to.addr {
				all = append(all, t.courseToDevice(a, at))
				break // one of its addresses stands for it
			}
		}
	}
	return all
}

// podTargets are those of pods. Shared, do not modify.
func (t *traffic) podTargets(to party, f int) []*course {
	if to.devices != nil {
		return t.findPodTargets(to, f)
	}
	known := t.podTargetsOf[to.cluster]
	if known == nil {
		known = &[2][]*course{}
		t.podTargetsOf[to.cluster] = known
	}
	if known[f] == nil {
		known[f] = t.findPodTargets(to, f)
	}
	return known[f]
}

func (t *traffic) findPodTargets(to party, f int) []*course {
	var all []*course
	for _, d := range t.census.blocks[to.cluster][f] {
		if to.devices == nil {
			if w := t.courseTo(d); w != nil {
				all = append(all, w)
			}
			continue
		}
		for _, o := range d.ownedBy(to.devices[0]) {
			if !to.addr.IsValid() || o.prefix == to.devices[0].holding(to.addr) {
				all = append(all, t.courseToOwned(d, o, to.addr))
			}
		}
	}
	return append(all, t.unheard(to, f)...)
}

// unheard are the courses to pods of nodes that speak with nobody: BGP knows nothing of their blocks. A member speaks for those
// of its part.
func (t *traffic) unheard(to party, f int) []*course {
	var all []*course
	for _, p := range t.census.parts[to.cluster] {
		at := t.otherThan(place{part: p}, place{})
		if to.devices != nil {
			at = to.devices[0]
		}
		if p.domains[f] != nil || p.rules == nil || at.part != p {
			continue
		}
		for _, h := range at.held() {
			isMeant := !to.addr.IsValid() || h.prefix == at.holding(to.addr)
			if fabric.FamilyOf(h.prefix.Addr()) != families[f] || !isMeant {
				continue
			}
			key := aim{addr: someAddress(h.prefix), owner: at}
			if to.addr.IsValid() {
				key.addr = to.addr
			}
			if t.courses[key] == nil {
				t.courses[key] = &course{t: t, family: f, prefix: h.prefix, addr: key.addr, owner: at}
			}
			all = append(all, t.courses[key])
		}
	}
	return all
}

func (t *traffic) serviceTargets(to, from party, f int) []*course {
	if to.addr.IsValid() {
		if fabric.FamilyOf(to.addr) != families[f] {
			return nil
		}
		return []*course{t.courseToService(to)}
	}
	var all []*course
	for _, p := range t.census.offered(to.cluster, from) {
		if fabric.FamilyOf(p.Addr()) != families[f] {
			continue
		}
		at := slices.IndexFunc(t.census.services[to.cluster], func(d *destination) bool { return d.Prefix.Masked() == p })
		switch {
		case at >= 0:
			all = append(all, t.courseTo(t.census.services[to.cluster][at]))
		case from.isOf(to.cluster) || !t.census.isSingles(to.cluster, p):
			all = append(all, t.courseToServices(to.cluster, p))
		}
	}
	return all
}

// courseToService returns the course to one service, announced or not: over the longest of what its cluster announces.
func (t *traffic) courseToService(to party) *course {
	var longest *destination
	for _, d := range t.census.services[to.cluster] {
		if d.Prefix.Contains(to.addr) && (longest == nil || d.Prefix.Bits() > longest.Prefix.Bits()) {
			longest = d
		}
	}
	if longest == nil {
		return t.courseToServices(to.cluster, netip.PrefixFrom(to.addr, to.addr.BitLen()))
	}
	return t.courseToOwned(longest, owned{prefix: longest.Prefix}, to.addr)
}

// courseToOwned returns the course to one prefix of a destination, or to an address of it.
func (t *traffic) courseToOwned(d *destination, o owned, a netip.Addr) *course {
	w := t.newCourse(d, o)
	if a.IsValid() {
		w.addr = a
	}
	key := aim{d, w.addr, w.owner}
	if t.courses[key] == nil {
		t.courses[key] = w
	}
	return t.courses[key]
}

// ownAddresses are the addresses of a device, those that it answers from first: a loopback, then its interfaces', shared ones
// not among them. Some may come twice.
func (at place) ownAddresses(f int) iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		g := at.part.ground[f]
		if g == nil {
			return
		}
		if at.part.Nodes != nil {
			if a := at.part.Nodes[at.member].Addr(families[f]); a.IsValid() && !yield(a) {
				return
			}
		} else {
			for _, a := range g.loopbacks {
				if !yield(a) {
					return
				}
			}
		}
		for i := range g.attached {
			if a := g.attached[i].addresses[at.member]; a.IsValid() && !a.IsLinkLocalUnicast() && !yield(a) {
				return
			}
		}
	}
}

// ownAddress is the first of a device's addresses; the zero Addr: it has none.
func (at place) ownAddress(f int) netip.Addr {
	for a := range at.ownAddresses(f) {
		return a
	}
	return netip.Addr{}
}

// hasAddress reports whether members of the part have addresses of a family.
func (p *Part) hasAddress(f int) bool {
	g := p.ground[f]
	return g != nil && (len(g.attached) > 0 || len(g.loopbacks) > 0)
}

// otherThan returns the first member of a part, from at's on, that is up and not the owner; no Part: there is none.
func (t *traffic) otherThan(at, owner place) place {
	for ; at.member < at.part.Size(); at.member++ {
		if at != owner && !t.isDead(at) {
			return at
		}
	}
	return place{}
}

// inNetworkOf keeps those of a switch's VRFs that have to do with the other party: of its domain, else of its world, else all.
func (t *traffic) inNetworkOf(devices []place, other party) []place {
	if len(devices) < 2 {
		return devices
	}
	near := other.devices
	if other.cluster != nil && near == nil {
		for _, p := range t.census.parts[other.cluster] {
			near = append(near, place{part: p})
		}
	}
	for _, isNear := range []func(a, b *Part) bool{sharesDomain, t.sharesWorld} {
		var kept []place
		for _, at := range devices {
			if slices.ContainsFunc(near, func(n place) bool { return isNear(at.part, n.part) }) {
				kept = append(kept, at)
			}
		}
		if len(kept) > 0 {
			return kept
		}
	}
	return devices[:1]
}

func sharesDomain(a, b *Part) bool {
	return slices.ContainsFunc(a.domains[:], func(d *domain) bool { return d != nil && slices.Contains(b.domains[:], d) })
}

func (t *traffic) sharesWorld(a, b *Part) bool {
	world := t.r.addresses.world
	return world[a.Index] == world[b.Index]
}

// first is a device of a party, for messages.
func (t *traffic) first(p party) place {
	if len(p.devices) > 0 {
		return p.devices[0]
	}
	for _, part := range t.census.parts[p.cluster] {
		return place{part: part}
	}
	return place{}
}
