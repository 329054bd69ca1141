package simulate

import (
	"slices"

	"topoc/compiler/fabric"
)

// precedent is packets to pods while nothing has failed, and what their ways lead over. Where all of them arrive, they arrive
// after a failure too as long as they do from those devices where something has changed: whoever does not meet one of these goes
// as before. Immutable.
type precedent struct {
	traffic *traffic
	leading map[*domain]*leading
}

// leading is which slots of a domain send packets to pods over something. Slots may be there more than once.
type leading struct {
	parts  [][]int // by Part.Index
	links  map[*fabric.SwitchLink][]int
	always []int // slots of which that is not known, or more than one network away
}

// newPrecedent surveys the ways of packets while nothing has failed. The traffic is not used for anything new from now on.
func newPrecedent(t *traffic) *precedent {
	p := &precedent{traffic: t, leading: map[*domain]*leading{}}
	for _, c := range t.r.Fabric.Clusters {
		for _, dests := range t.census.blocks[c] {
			for _, d := range dests {
				if p.leading[d.domain] == nil {
					p.leading[d.domain] = newLeading(t.v, d.domain)
				}
			}
		}
	}
	return p
}

func newLeading(v *view, of *domain) *leading {
	l := &leading{parts: make([][]int, len(v.result.Parts)), links: map[*fabric.SwitchLink][]int{}}
	type sending struct {
		slot   int
		action *action
	}
	seen := map[sending]bool{}
	last := make([]*action, of.network.OwnerSlot()+1)
	for _, d := range of.dests {
		if d.kind != podBlock && d.kind != borrowed {
			continue
		}
		for slot := range v.routes[of][d.Index].actions {
			a := v.toward(d, slot)
			if a == last[slot] || seen[sending{slot, a}] {
				continue
			}
			last[slot], seen[sending{slot, a}] = a, true
			for i := range a.hops {
				l.add(v, d, slot, &a.hops[i])
			}
		}
	}
	return l
}

// add notes what a slot's next hop leads over.
func (l *leading) add(v *view, d *destination, slot int, h *hop) {
	near := h.gateway
	switch {
	case h.tunnel != "" || h.isUnknown || h.Hop < 0 && !near.IsValid():
		l.always = append(l.always, slot)
		return
	case near.IsValid():
	case d.domain.network.Hops[h.Hop].Speaker != nil:
		p := d.domain.parts[d.domain.network.Hops[h.Hop].Speaker.Index]
		l.parts[p.Index] = append(l.parts[p.Index], slot)
		return
	default:
		near = d.domain.network.Hops[h.Hop].Addrs[0]
	}
	at := place{part: d.part(slot)}
	for _, to := range v.neighbors(at, near) {
		l.parts[to.part.Index] = append(l.parts[to.part.Index], slot)
	}
	if on := at.part.ground[familyIndex(d.domain.family)].attachmentTo(near, nil); on != nil && on.link != nil {
		l.links[on.link] = append(l.links[on.link], slot)
	}
}

// after returns the traffic after a failure.
func (p *prover) after(f *failure) *traffic {
	t := newTraffic(p.r.after(f), p.census)
	t.precedent = p.precedent
	return t
}

// arrivedBefore reports whether all packets between two parties arrived while nothing had failed.
func (t *traffic) arrivedBefore(from, to party) bool {
	if t.precedent == nil || !from.isCluster() || !to.isCluster() || to.kind != partyPods {
		return false
	}
	lost, known := t.precedent.traffic.pods[[2]*fabric.Cluster{from.cluster, to.cluster}]
	return known && lost == nil
}

// stillArrives reports whether packets that arrived from everywhere do so from where the failure has changed something. It
// reports false too where that is not clear.
func (w *course) stillArrives() bool {
	t := w.t
	if w.dest == nil {
		return false
	}
	was := t.precedent.traffic.courses[aim{dest: w.dest}]
	if was == nil || was.slots == nil || was.owner != w.owner || len(was.others) > 0 {
		return false
	}
	arrivesAt := func(slot int) bool {
		at := w.owner
		if slot != w.dest.domain.network.OwnerSlot() {
			at = t.otherThan(place{part: w.dest.domain.parts[slot]}, w.owner)
		}
		return !was.arrivedFrom(slot) || at.part == nil || t.isDead(at) || w.from(at) == arrives
	}
	for _, slot := range t.changedSlots(w.dest.domain) {
		if !arrivesAt(slot) {
			return false
		}
	}
	arrivesAtPatches := func(d *destination) bool {
		now, base := &t.v.routes[d.domain][d.Index], &t.r.base.routes[d.domain][d.Index]
		return now.shares(base) && !slices.ContainsFunc(now.patches, func(p patch) bool { return !arrivesAt(p.slot) })
	}
	return arrivesAtPatches(w.dest) && !slices.ContainsFunc(w.dest.covers, func(d *destination) bool { return !arrivesAtPatches(d) })
}

// arrivedFrom reports whether packets arrived from a slot, as far as any that were followed came by there.
func (w *course) arrivedFrom(slot int) bool {
	if w.slots[slot] != unseen {
		return w.slots[slot] == arrives
	}
	return w.mirrored != nil && w.mirrored[slot] > 0 && w.slots[w.mirrored[slot]-1] == arrives
}

// changedSlots are the slots of a domain whose next hops to pods the failure concerns by itself. Shared, do not modify.
func (t *traffic) changedSlots(of *domain) []int {
	if slots, known := t.changed[of]; known {
		return slots
	}
	l := t.precedent.leading[of]
	slots := slices.Clone(l.always)
	for p := range t.v.down.members {
		slots = append(slots, l.parts[p.Index]...)
	}
	for link := range t.v.down.links {
		slots = append(slots, l.links[link]...)
	}
	for p := range t.v.unlinked() {
		if s := p.speakers[familyIndex(of.family)]; s != nil && p.domains[familyIndex(of.family)] == of {
			slots = append(slots, s.Index)
		}
	}
	slices.Sort(slots)
	slots = slices.Compact(slots)
	if t.changed == nil {
		t.changed = map[*domain][]int{}
	}
	t.changed[of] = slots
	return slots
}
