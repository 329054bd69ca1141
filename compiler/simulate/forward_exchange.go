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
	pods *course // those behind a service that its node does not reach, or that do not reach it; nil: none, or no service
	hear *course // the way back from those pods to that node, where it is the one that is lost
	back *course // the way back that is lost; nil: none
}

// lostCourse is the way that is lost, and where it sets out.
func (x *exchange) lostCourse() (*course, place) {
	switch {
	case x.hear != nil:
		return x.hear, x.pods.owner
	case x.pods != nil:
		return x.pods, x.at
	case x.back != nil:
		return x.back, x.at
	}
	return x.to, x.from
}

// lost returns the first exchange between two parties that fails over some branch, there or back; nil where none does. Every
// node of a cluster sends, and every node that has pods gets the answers.
func (t *traffic) lost(from, to party) *exchange {
	if from.isCluster() && to.isCluster() && to.kind == partyPods {
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
	if from.cluster != nil && from.kind != partyDevice && to.kind == partyServices && from.cluster == to.cluster {
		return t.lost(from, party{kind: partyPods, cluster: to.cluster}) // answered on the spot, by a pod anywhere
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
		arrived := t.arrivedBefore(from, to)
		for _, w := range targets {
			if arrived && w.stillArrives() {
				continue
			}
			if x := t.lostThere(from, sources, w); x != nil {
				return x
			}
		}
		if from.isCluster() && to.isCluster() && from.cluster == to.cluster {
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
		if w.arrivesLikeModel(s.part) {
			continue
		}
		if s = t.sender(from, s, w); s.part != nil && w.from(s) != arrives {
			return &exchange{from: s, to: w}
		}
	}
	return nil
}

// arrivesLikeModel reports whether a part mirrors another one from which packets are known to arrive.
func (w *course) arrivesLikeModel(p *Part) bool {
	if w.mirrored == nil || w.slots == nil || p.domains[w.family] != w.dest.domain {
		return false
	}
	model := w.mirrored[p.speakers[w.family].Index]
	return model > 0 && w.slots[model-1] == arrives
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
					x.pods, x.hear = t.lostPods(at, w)
				}
				if i := slices.IndexFunc(d.backs, func(b *course) bool { return b.from(at) != arrives }); i >= 0 {
					x.from, x.back = d.backs[i].asker(s), d.backs[i]
				}
				if x.pods != nil || x.back != nil {
					return &x
				}
			}
		}
		if w.services == nil && from.kind == partyPods {
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

// lostPods returns the first pods that the node which took a service's packets does not reach, or that do not reach it, and in the
// second case the way to it.
func (t *traffic) lostPods(at place, service *course) (pods, hear *course) {
	for _, w := range t.targets(party{kind: partyPods, cluster: service.services}, party{}, service.family) {
		if w.from(at) != arrives {
			return w, nil
		}
		if w.owner.part == nil || w.owner == at {
			continue
		}
		for _, hear := range t.hearing(at, w) {
			if hear.from(w.owner) != arrives {
				return w, hear
			}
		}
	}
	return nil, nil
}

// hearing is how a node hears from the pods to which it hands a service's packets: at the address of the interface by which it does,
// as kube-proxy puts that in the place of the caller's. What it sends through a tunnel is answered at the tunnel's address, which is
// one among its pods'.
func (t *traffic) hearing(at place, pods *course) []*course {
	var all []*course
	var room [8]branch
	for _, b := range pods.branches(room[:0], at) {
		if b.end != onward && b.end != arrived || b.over == nil || b.over.tunnel != "" {
			continue
		}
		if own := at.addressTo(b.via, pods.family, t.v.down); own.IsValid() {
			all = append(all, t.courseToDevice(own, at))
		}
	}
	return all
}

// addressTo is the address of the interface by which a device sends to a next hop; the zero Addr: nobody declared it.
func (at place) addressTo(via netip.Addr, f int, down *failure) netip.Addr {
	if a := at.part.ground[f].attachmentTo(via, down); a != nil {
		return a.addresses[at.member]
	}
	return netip.Addr{}
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

// departure is how a source's packets set out: from it, or from where its first next hop leads; and the ways of answers.
type departure struct {
	next  place
	backs []*course
}

// departures are how packets set out. Pods are answered at their blocks, or at their node where that puts its own address in the
// place of theirs. A device is answered at its address: the one asked for; a switch's announced loopback; else that of the
// interface by which the packet leaves, which is another one for each next hop.
func (t *traffic) departures(from party, s place, w *course) []departure {
	if from.kind != partyDevice {
		return []departure{{s, t.podBacks(from, w)}}
	}
	own := s.ownAddress(w.family)
	switch {
	case from.addr.IsValid():
		return []departure{{s, []*course{t.courseToDevice(from.addr, s)}}}
	case !own.IsValid():
		return []departure{{next: s}}
	case s.part.Switch == nil, s.part.announces(own):
		return []departure{{s, []*course{t.courseToDevice(own, s)}}}
	}
	var all []departure
	var room [8]branch
	for _, b := range w.branches(room[:0], s) {
		if b.end != onward && b.end != arrived {
			continue
		}
		d := departure{next: b.to}
		if own := s.addressTo(b.via, w.family, t.v.down); own.IsValid() {
			d.backs = []*course{t.courseToDevice(own, s)}
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
				if own := back.owner.ownAddress(w.family); own.IsValid() {
					back = t.courseToDevice(own, back.owner)
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
