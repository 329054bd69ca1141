package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// exchange is packets from a device or its pods to a target, and the answers.
type exchange struct {
	from place
	to   *course
	at   place   // where it answers; no Part: it is lost on the way there
	pods *course // those behind a service that its node does not reach; nil: none, or no service
	back *course // the way back that is lost; nil: none
}

// lost returns the first exchange between two parties that fails over some branch, there or back; nil where none does. Every
// node of a cluster sends, and every node that has pods gets the answers.
func (t *traffic) lost(from, to party) *exchange {
	if from.isCluster() && to.isCluster() && to.kind == pods {
		key := [2]*fabric.Cluster{from.cluster, to.cluster}
		found, known := t.pods[key]
		if !known {
			found = t.findLost(from, to)
			t.pods[key] = found
		}
		return found
	}
	return t.findLost(from, to)
}

// isCluster reports whether the party is all pods of a cluster.
func (p party) isCluster() bool { return p.cluster != nil && p.devices == nil && !p.addr.IsValid() }

func (t *traffic) findLost(from, to party) *exchange {
	if from.cluster != nil && from.kind != device && to.kind == services && from.cluster == to.cluster {
		return t.lost(from, party{kind: pods, cluster: to.cluster}) // answered on the spot, by a pod anywhere
	}
	isAsked, isCommon := false, false
	for f := range families {
		targets := t.targets(to, from, f)
		sources := t.sources(from, to, f)
		isAsked = isAsked || len(targets) > 0
		if len(targets) == 0 || len(sources) == 0 {
			continue
		}
		isCommon = true
		for _, w := range targets {
			if x := t.lostThere(from, sources, w); x != nil {
				return x
			}
		}
		if from.cluster != nil && from.isCluster() && from.cluster == to.cluster {
			continue // the answers are among what was just asked
		}
		for _, w := range targets {
			if x := t.lostBack(from, sources, w); x != nil {
				return x
			}
		}
	}
	if isAsked && !isCommon {
		return &exchange{from: t.first(from)}
	}
	return nil
}

// lostThere returns the first way to a target that fails.
func (t *traffic) lostThere(from party, sources []place, w *course) *exchange {
	for _, s := range sources {
		if s = t.sender(from, s, w); s.part != nil && w.from(s) != arrives {
			return &exchange{from: s, to: w}
		}
	}
	return nil
}

// sender is the device that speaks for a source: where a part does, a member that does not have the target itself; no Part:
// there is none.
func (t *traffic) sender(from party, s place, w *course) place {
	if from.devices != nil || s != w.owner {
		return s
	}
	return t.otherThan(s, w.owner)
}

// lostBack returns the first way that fails on from where a target's packets arrive: from the node that took those of a
// service to pods, or back.
func (t *traffic) lostBack(from party, sources []place, w *course) *exchange {
	for _, s := range sources {
		for _, d := range t.departures(from, s, w) {
			for _, at := range w.arrivals(d.next) {
				x := exchange{from: s, to: w, at: at}
				if w.services != nil {
					x.pods = t.lostPods(at, w)
				}
				if i := slices.IndexFunc(d.backs, func(b *course) bool { return b.from(at) != arrives }); i >= 0 {
					x.from, x.back = d.backs[i].asker(s), d.backs[i]
				}
				if x.pods != nil || x.back != nil {
					return &x
				}
			}
		}
		if w.services == nil && from.kind == pods {
			break // wherever they come from, they arrive at the owner
		}
	}
	return nil
}

// arrivals is where packets of a source arrive; those to a block or device only there.
func (w *course) arrivals(s place) []place {
	if w.services == nil && w.owner.part != nil {
		return []place{w.owner}
	}
	return w.ends(s)
}

// asker is who waits for the answers that a course takes back.
func (w *course) asker(otherwise place) place {
	if w.owner.part != nil {
		return w.owner
	}
	return otherwise
}

// lostPods returns the first pods that the node which took a service's packets does not reach.
func (t *traffic) lostPods(at place, service *course) *course {
	for _, w := range t.targets(party{kind: pods, cluster: service.services}, party{}, service.family) {
		if w.from(at) != arrives {
			return w
		}
	}
	return nil
}

// found returns the first exchange between two parties that gets there and back over some branch; nil where none does.
func (t *traffic) found(from, to party) *exchange {
	for f := range families {
		targets := t.targets(to, from, f)
		for _, s := range t.sources(from, to, f) {
			for _, w := range targets {
				s := t.sender(from, s, w)
				if s.part == nil {
					continue
				}
				if x := t.foundBack(from, s, w); x != nil {
					return x
				}
			}
		}
	}
	return nil
}

// foundBack returns an exchange that gets to a target and back over some branch, or nil. Where the asker has no address to
// answer to, nothing is known against it.
func (t *traffic) foundBack(from party, s place, w *course) *exchange {
	for _, d := range t.departures(from, s, w) {
		for _, at := range w.ends(d.next) {
			if len(d.backs) == 0 {
				return &exchange{from: s, to: w, at: at}
			}
			for _, back := range d.backs {
				if back.owner.part == s.part && len(back.ends(at)) > 0 {
					return &exchange{from: s, to: w, at: at, back: back}
				}
			}
		}
	}
	return nil
}

// sources are the devices that a party's packets come from: one of each part, since the others are like it.
func (t *traffic) sources(from, to party, f int) []place {
	var all []place
	add := func(at place) {
		if at.part.hasAddress(f) && !t.isDead(at) {
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

// targets are the courses to what a party has of a family and its asker may expect to reach.
func (t *traffic) targets(to, from party, f int) []*course {
	switch to.kind {
	case pods:
		return t.podTargets(to, f)
	case services:
		return t.serviceTargets(to, from, f)
	case nobody:
		if fabric.FamilyOf(to.addr) == families[f] {
			return []*course{t.courseToDevice(to.addr, place{})}
		}
		return nil
	}
	var all []*course
	for _, at := range t.inNetworkOf(to.devices, from) {
		for _, a := range at.ownAddresses(f) {
			if !to.addr.IsValid() || a == to.addr {
				all = append(all, t.courseToDevice(a, at))
				break // one of its addresses stands for it
			}
		}
	}
	return all
}

func (t *traffic) podTargets(to party, f int) []*course {
	var all []*course
	for _, d := range t.census.blocks[to.cluster][f] {
		if to.devices == nil {
			if w := t.courseTo(d); w != nil {
				all = append(all, w)
			}
			continue
		}
		for _, o := range d.ownedBy(to.devices[0]) {
			if !to.addr.IsValid() || o.prefix.Contains(to.addr) {
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
			isMeant := !to.addr.IsValid() || h.prefix.Contains(to.addr)
			if fabric.FamilyOf(h.prefix.Addr()) != families[f] || !isMeant {
				continue
			}
			key := aim{addr: someAddress(h.prefix), owner: at}
			if t.courses[key] == nil {
				t.courses[key] = &course{t: t, family: f, prefix: h.prefix, addr: key.addr, owner: at}
			}
			all = append(all, t.courses[key])
		}
	}
	return all
}

func (t *traffic) serviceTargets(to, from party, f int) []*course {
	var all []*course
	for _, p := range t.census.offered(to.cluster, from) {
		isMeant := !to.addr.IsValid() || p.Contains(to.addr)
		if fabric.FamilyOf(p.Addr()) != families[f] || !isMeant {
			continue
		}
		at := slices.IndexFunc(t.census.services[to.cluster], func(d *destination) bool { return d.Prefix.Masked() == p })
		switch {
		case at >= 0 && to.addr.IsValid():
			all = append(all, t.courseToOwned(t.census.services[to.cluster][at], owned{prefix: p}, to.addr))
		case at >= 0:
			all = append(all, t.courseTo(t.census.services[to.cluster][at]))
		case to.addr.IsValid():
			all = append(all, t.courseToServices(to.cluster, netip.PrefixFrom(to.addr, to.addr.BitLen())))
		case !t.census.isSingles(to.cluster, p):
			all = append(all, t.courseToServices(to.cluster, p))
		}
	}
	return all
}

// courseToOwned returns the course to one prefix of a destination, or to an address of it.
func (t *traffic) courseToOwned(d *destination, o owned, a netip.Addr) *course {
	w := t.newWalk(d, o)
	if a.IsValid() {
		w.addr = a
	}
	key := aim{d, w.addr, w.owner}
	if t.courses[key] == nil {
		t.courses[key] = w
	}
	return t.courses[key]
}

// departure is how a source's packets set out: from it, or from where its first next hop leads; and the ways of answers.
type departure struct {
	next  place
	backs []*course
}

// departures are how packets set out. Pods are answered at their blocks, or at their node where that puts its own address in the
// place of theirs. A device is answered at its address: the one asked for; a switch's announced loopback; else that of the
// interface by which the packet leaves, which is another one for each next hop.
func (t *traffic) departures(from party, s place, w *course) []departure {
	if from.kind != device {
		return []departure{{s, t.podBacks(from, w)}}
	}
	own := s.ownAddresses(w.family)
	switch {
	case from.addr.IsValid():
		return []departure{{s, []*course{t.courseToDevice(from.addr, s)}}}
	case len(own) == 0:
		return []departure{{next: s}}
	case s.part.Switch == nil, s.part.announces(own[0]):
		return []departure{{s, []*course{t.courseToDevice(own[0], s)}}}
	}
	var all []departure
	var room [8]branch
	for _, b := range w.branches(room[:0], s) {
		if b.end != onward {
			continue
		}
		d := departure{next: b.to}
		if at := s.part.ground[w.family].attachmentTo(b.via, t.v.down); at != nil && at.addresses[s.member].IsValid() {
			d.backs = []*course{t.courseToDevice(at.addresses[s.member], s)}
		}
		all = append(all, d)
	}
	return all
}

// podBacks are the ways of answers to a party's pods.
func (t *traffic) podBacks(from party, w *course) []*course {
	var all []*course
	for _, back := range t.podTargets(from, w.family) {
		if rules := back.owner.part.rules; rules != nil {
			if _, isNAT := rules.natsTo(back.addr, w.addr); isNAT {
				if addresses := back.owner.ownAddresses(w.family); len(addresses) > 0 {
					back = t.courseToDevice(addresses[0], back.owner)
				}
			}
		}
		all = append(all, back)
	}
	return all
}

// announces reports whether the switch tells others of an address of its own that lies on no subnet.
func (p *Part) announces(a netip.Addr) bool {
	return p.Router != nil && slices.Contains(p.Router.Networks, netip.PrefixFrom(a, a.BitLen()))
}

// ownAddresses are the addresses of a device, those that it answers from first: a loopback, then its interfaces', shared ones
// not among them.
func (at place) ownAddresses(f int) []netip.Addr {
	g := at.part.ground[f]
	if g == nil {
		return nil
	}
	var all []netip.Addr
	if at.part.Nodes != nil {
		if a := at.part.Nodes[at.member].Addr(families[f]); a.IsValid() {
			all = append(all, a)
		}
	} else {
		all = append(all, g.loopbacks...)
	}
	for i := range g.attached {
		if a := g.attached[i].addresses[at.member]; a.IsValid() && !slices.Contains(all, a) && !a.IsLinkLocalUnicast() {
			all = append(all, a)
		}
	}
	return all
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
