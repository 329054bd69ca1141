package simulate

import (
	"iter"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// PoolName is the name of the pool that its blocks are of; empty: they are in no pool of their cluster's, or these are no blocks.
func (d Destination) PoolName() string {
	if d.of.pool == nil {
		return ""
	}
	return d.of.pool.name
}

// HolderPart is the part whose nodes have the pods, whoever else announces their blocks; of what are no pods, the first that
// brings it in; nil: nobody does.
func (d Destination) HolderPart() *Part {
	switch {
	case d.of.Owner != nil:
		return d.OwnerPart()
	case len(d.of.Origins) > 0:
		return d.of.domain.parts[d.of.Origins[0].Speaker.Index]
	}
	return nil
}

// NextParts yields the parts that are next hops of a part's route to a destination, those of gateways left out. It is what
// Standing tells of them, without its cost.
func (r *Result) NextParts(d Destination, p *Part) iter.Seq[*Part] {
	return func(yield func(*Part) bool) {
		a := r.base.at(d.of, d.of.slot(p, 0, -1))
		if a == nil || a.kind != forward {
			return
		}
		for i := range a.hops {
			h := &a.hops[i]
			if h.Hop < 0 || h.gateway.IsValid() {
				continue
			}
			if s := d.of.domain.network.Hops[h.Hop].Speaker; s != nil && !yield(d.of.domain.parts[s.Index]) {
				return
			}
		}
	}
}

// HearsFromNodes reports whether nodes have learned a route to the destination from nodes of their own cluster, perhaps over
// reflectors: a route that came over a switch has that as its next hop, unless the switch is their reflector.
func (r *Result) HearsFromNodes(d Destination, p *Part) bool {
	a := r.base.at(d.of, d.of.slot(p, 0, -1))
	return a != nil && a.best && slices.ContainsFunc(a.hops, func(h hop) bool {
		if h.Hop < 0 {
			return false
		}
		s := d.of.domain.network.Hops[h.Hop].Speaker
		return s != nil && d.of.domain.parts[s.Index].Nodes != nil && d.of.domain.parts[s.Index].Cluster == p.Cluster
	})
}

// Carries reports whether the part of a session has taken a route to the destination over it.
func (r *Result) Carries(d Destination, over *Session) bool {
	end := over.ends[familyIndex(d.Family())]
	carried := d.of.domain.carriers(r.base)[d.of.Index]
	return end != nil && d.of.domain.has(end) && end.Index/64 < len(carried) && carried[end.Index/64]&(1<<(end.Index%64)) != 0
}

// Arrives reports whether packets from any node of a cluster get to any of these destinations, over one branch at least.
func (r *Result) Arrives(from *fabric.Cluster, at []Destination) bool {
	t := newTraffic(r.base, &census{r: r})
	for _, d := range at {
		w := t.courseTo(d.of)
		for _, p := range r.Parts {
			if p.Cluster == from && p.Nodes != nil && w != nil && len(w.ends(place{part: p})) > 0 {
				return true
			}
		}
	}
	return false
}

// towards is what the members of a part do with packets to a destination, all their routes considered.
func (r *Result) towards(d *destination, p *Part) *action {
	if slot := d.slot(p, 0, -1); slot >= 0 {
		return r.base.toward(d, slot)
	}
	a, _, _ := r.base.lookup(p, 0, someAddress(d.Prefix))
	return a
}

func isKnownWay(a *action) bool {
	switch a.kind {
	case deliver:
		return true
	case forward:
		for i := range a.hops {
			if !a.hops[i].isUnknown || a.hops[i].tunnel != "" {
				return true
			}
		}
	}
	return false
}

// Stranded is where packets are lost that go without encapsulation over a gateway.
type Stranded struct {
	Gateway netip.Addr // zero: nobody declared one
	At      *Part      // that the gateway is and that has no route; nil: the topology knows nothing of it
}

// Stranded returns where packets to a destination are lost because a part sends them to their next hop over a gateway, and not
// through a tunnel, and the gateway has no route for them; nil: nowhere.
func (r *Result) Stranded(d Destination, p *Part) *Stranded {
	a := r.base.at(d.of, d.of.slot(p, 0, -1))
	if a == nil || a.kind != forward {
		return nil
	}
	for i := range a.hops {
		h := &a.hops[i]
		switch {
		case h.tunnel != "":
		case h.isUnknown:
			if r.base.outside(place{part: p}, d.of) == nil {
				return &Stranded{Gateway: h.gateway}
			}
		case h.gateway.IsValid():
			for _, at := range r.base.neighbors(place{part: p}, h.gateway) {
				if !isKnownWay(r.towards(d.of, at.part)) && r.base.outside(at, d.of) == nil {
					return &Stranded{h.gateway, at.part}
				}
			}
		}
	}
	return nil
}

// Detour is a node that packets from outside come to though the pods are elsewhere, and how it sends them on.
type Detour struct {
	Node   *fabric.Node
	Tunnel string       // tunl0, vxlan.calico
	Prefix netip.Prefix // of the pods
	Pool   string       // of the prefix; empty: none
}

// Detours yields the nodes that send packets from a device to pods of a cluster on through a tunnel: one for each destination
// and way at most.
func (r *Result) Detours(from fabric.Device, to *fabric.Cluster) iter.Seq[Detour] {
	return func(yield func(Detour) bool) {
		t := newTraffic(r.base, &census{r: r})
		for d := range r.Destinations() {
			if !d.IsPods() || d.Cluster() != to || len(d.of.Origins) == 0 {
				continue
			}
			w := t.courseTo(d.of)
			if w == nil {
				continue
			}
			for _, at := range r.places(from) {
				if found := w.tunneled(at); found != nil && !yield(*found) {
					return
				}
			}
		}
	}
}

// tunneled returns the first node of the target's cluster that puts packets of a device into a tunnel, over any branch; nil: none.
func (w *course) tunneled(from place) *Detour {
	seen := map[place]bool{}
	queue := []place{from}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		if key := w.key(at); seen[key] {
			continue
		}
		seen[w.key(at)] = true
		var room [8]branch
		for _, b := range w.branches(room[:0], at) {
			if b.over != nil && b.over.tunnel != "" && at.node() != nil && at.part.Cluster == w.dest.cluster {
				found := &Detour{Node: at.node(), Tunnel: b.over.tunnel, Prefix: w.prefix}
				if w.dest.pool != nil {
					found.Pool = w.dest.pool.name
				}
				return found
			}
			if b.end == onward {
				queue = append(queue, b.to)
			}
		}
	}
	return nil
}

// ReturnedBy returns the device that would send packets to an address back to a node that has sent them to it, as its gateway;
// nil: none would, or the node takes them itself.
func (r *Result) ReturnedBy(n *fabric.Node, dst netip.Addr) fabric.Device {
	for _, at := range r.places(n) {
		a, _, d := r.base.lookup(at.part, at.member, dst)
		if a.kind != forward || d != nil && r.base.at(d, d.slot(at.part, at.member, -1)).takesPackets() {
			continue
		}
		for i := range a.hops {
			h := a.hops[i]
			if h.isUnknown || !h.gateway.IsValid() {
				continue
			}
			for _, gateway := range r.base.neighbors(at, h.gateway) {
				if r.sendsTo(gateway, dst, at.part.Cluster) {
					return gateway.part.Device(gateway.member)
				}
			}
		}
	}
	return nil
}

// sendsTo reports whether a device sends packets to an address on to a node of a cluster.
func (r *Result) sendsTo(from place, dst netip.Addr, to *fabric.Cluster) bool {
	a, _, d := r.base.lookup(from.part, from.member, dst)
	if a.kind != forward {
		return false
	}
	for _, h := range a.hops {
		for _, next := range r.base.next(from, d, -1, h, dst) {
			if next.part.Cluster == to {
				return true
			}
		}
	}
	return false
}
