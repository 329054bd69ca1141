package simulate

import (
	"slices"

	"topoc/compiler/internal/bgp"
)

// programmer turns what BGP speakers of one domain know into what they have in their kernels, one destination after the other.
// Equal actions are mostly one pointer. Not safe for concurrent use.
type programmer struct {
	domain   *domain
	resolver *resolver
	peers    []*bgp.Hop         // by speaker of nodes: the node addresses that Felix sends to; nil: none is known
	speakers []int32            // by Hop.Index: whose it is; -1: nobody's
	last     []memory           // by slot: of the last destination
	known    map[string]*action // by situation and uses
	key      []byte             // scratch

	// Of the destination at hand.
	dest     *destination
	owner    int32         // Speaker.Index; -1: none
	felixHop bgp.NextHop   // the address of the node that has it; Hop -1: it is not known
	classes  []kernelClass // by part
	isSingle bool
	isOrigin []bool // by slot: it has the destination itself
	origins  []int  // the slots of which isOrigin holds
}

func newProgrammer(d *domain) *programmer {
	slots := d.network.OwnerSlot() + 1
	k := &programmer{domain: d, peers: make([]*bgp.Hop, len(d.parts)), speakers: make([]int32, len(d.network.Hops)),
		last: make([]memory, slots), known: map[string]*action{}, isOrigin: make([]bool, slots)}
	for i, h := range d.network.Hops {
		k.speakers[i] = -1
		if h.Speaker == nil {
			continue
		}
		k.speakers[i] = int32(h.Speaker.Index)
		p := d.parts[h.Speaker.Index]
		if k.peers[h.Speaker.Index] == nil && p.Nodes != nil && h.Addrs[0] == p.Nodes[0].Addr(d.family) {
			k.peers[h.Speaker.Index] = h
		}
	}
	return k
}

// restart forgets what was decided with another resolver.
func (k *programmer) restart(r *resolver) {
	k.resolver = r
	clear(k.last)
	clear(k.known)
}

// begin takes the destination that is to be programmed.
func (k *programmer) begin(d *destination) {
	parts := len(k.domain.parts)
	k.dest, k.owner, k.isSingle = d, -1, d.Prefix.IsSingleIP()
	k.classes = k.domain.kernelClasses()[d.Index*parts : (d.Index+1)*parts]
	if d.Owner != nil {
		k.owner = int32(d.Owner.Index)
	}
	k.felixHop = bgp.NextHop{Hop: -1}
	if owner, who := k.ownerOf(d); owner != nil {
		k.felixHop = bgp.NextHop{Hop: int32(owner.Index), Who: who}
	}
	for _, slot := range k.origins {
		k.isOrigin[slot] = false
	}
	k.origins = k.origins[:0]
	if d.Owner != nil {
		k.origins = append(k.origins, k.domain.network.OwnerSlot())
	} else {
		for _, o := range d.Origins {
			if o.Gateway == nil {
				k.origins = append(k.origins, o.Speaker.Index)
			}
		}
	}
	for _, slot := range k.origins {
		k.isOrigin[slot] = true
	}
}

// class is what the destination at hand is to a slot's part.
func (k *programmer) class(slot int) kernelClass {
	if slot == k.domain.network.OwnerSlot() {
		slot = int(k.owner)
	}
	return k.classes[slot]
}

// route is what a speaker has of a destination: its best path, and the next hops in use.
type route struct {
	best *bgp.Path  // nil: none
	used []bgp.Path // the best one and those beside it
}

// action is what a slot does with packets to the destination at hand.
func (k *programmer) action(slot int, r route) *action {
	d := k.dest
	p := d.part(slot)
	s, isAll := k.situate(slot, p, r)
	if !isAll {
		return k.decide(d, slot, p, r)
	}
	last := &k.last[slot]
	if !k.recalls(last, &s, r.used) {
		*last = k.recall(&s, r.used, func() *action { return k.decide(d, slot, p, r) })
	}
	return last.action
}

func (k *programmer) decide(d *destination, slot int, p *Part, r route) *action {
	act := action{best: r.best != nil}
	switch {
	case p.Nodes != nil:
		k.atNode(&act, d, slot, p, r)
	case p.Switch != nil:
		k.atSwitch(&act, d, p, r)
	case r.best != nil && r.best.Origination < 0:
		k.forward(&act, d, p, r) // outside the topology
	case r.best != nil:
		act.kind = deliver
	}
	return &act
}

// forward makes the action send over the next hops of a route, as far as they resolve: each gateway once, at the lowest of
// the next hops behind it. It reports whether any does.
func (k *programmer) forward(act *action, d *destination, p *Part, r route) bool {
	speaker := p.speakers[familyIndex(k.domain.family)]
	for i := range r.used {
		via := r.used[i].NextHop
		if via.Hop < 0 {
			continue
		}
		of := k.domain.network.Hops[via.Hop]
		w := k.resolver.way(speaker, of)
		h := hop{NextHop: via, isUnknown: w.isUnknown}
		if n := r.used[i].Count; int(n) < k.width(h, d, p) {
			h.count = n
		}
		switch {
		case w.metric == bgp.Unreachable:
		case w.gateways != nil || w.links != nil:
			for _, h.gateway = range w.gateways {
				act.add(h)
			}
			for _, link := range w.links {
				act.add(link)
			}
		default:
			act.add(h)
		}
	}
	if len(act.hops) == 0 {
		return false
	}
	act.kind = forward
	return true
}

// add adds a next hop, unless another one is through the same gateway.
func (a *action) add(h hop) {
	isThere := func(o hop) bool {
		if h.gateway.IsValid() || h.isUnknown {
			return o.gateway == h.gateway && o.isUnknown == h.isUnknown
		}
		return o == h
	}
	if !slices.ContainsFunc(a.hops, isThere) {
		a.hops = append(a.hops, h)
	}
}

// switchMetric is the metric of a switch's BGP and static routes in the kernel (FRR, zebra/rt_netlink.c NL_DEFAULT_ROUTE_METRIC).
const switchMetric = 20

// atSwitch programs a switch: connected routes before static ones before BGP.
func (k *programmer) atSwitch(act *action, d *destination, p *Part, r route) {
	g := p.ground[familyIndex(k.domain.family)]
	if own, prefix := g.toward(d.Prefix, k.resolver.view.down); own != nil && prefix == d.Prefix {
		isBest := act.best
		*act = *own
		act.best = isBest
		return
	}
	switch {
	case r.best == nil:
	case r.best.Origination < 0:
		act.proto, act.metric = "bgp", switchMetric
		if !k.forward(act, d, p, r) {
			*act = action{best: true, note: "no next hop is reachable"}
		}
	case slices.Contains(g.loopbacks, d.Prefix.Addr()) && d.Prefix.IsSingleIP():
		act.kind = deliver
	default:
		act.note = "originated, and no route of the switch itself"
	}
}
