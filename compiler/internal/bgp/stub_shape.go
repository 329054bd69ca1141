package bgp

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// shapeWriter writes down what a stub is without destinations, so that stubs of which it is equal are alike: whatever is told
// to one of them by the hubs, with the names of the other put in their place, makes the same of it there. Names are AS numbers,
// cluster IDs, subnets and hops that belong to one stub; they count as equal by place. So does the order of addresses, hops and
// router IDs, while that of AS numbers and cluster IDs raises a doubt where it comes to it. All other numbers are equal only to
// themselves.
type shapeWriter struct {
	l *layout
	p *plan
	n *Network

	numbers owners // AS numbers
	subnets owners
	at      []int32 // by end of a stub's: where it is in stub.ends
	key     []byte

	// Of the stub at hand, in the order in which they come.
	ownNumbers, ownSubnets, ownClusters []uint32
}

// owners is whose names numbers are, by number; -1: of several stubs, or of the hubs.
type owners map[uint32]int32

func (o owners) add(number uint32, stub int32) {
	if was, known := o[number]; known && was != stub {
		stub = -1
	}
	o[number] = stub
}

func newShapeWriter(l *layout, p *plan, n *Network) *shapeWriter {
	w := &shapeWriter{l: l, p: p, n: n, numbers: owners{}, subnets: owners{}, at: make([]int32, len(p.ends))}
	for i := range p.ends {
		e := &p.ends[i]
		stub := l.stubOf[e.speaker]
		if stub < 0 {
			stub = l.stubOf[e.far]
		}
		w.numbers.add(e.localASN, stub)
		w.numbers.add(e.farASN, stub)
		w.subnets.add(uint32(p.hops[e.hop].subnet), stub)
		w.subnets.add(uint32(e.subnet), stub)
	}
	for i := range p.hops {
		if hop := n.Hops[i]; hop.Speaker == nil || l.hops[i].stub < 0 {
			w.subnets.add(uint32(hop.Subnet), -1) // a gateway may be told of anywhere
		}
	}
	for i := range l.stubs {
		for at, end := range l.stubs[i].ends {
			w.at[end] = int32(at)
		}
	}
	return w
}

// shape returns all that decides of what a stub makes of what it is told.
func (w *shapeWriter) shape(of int32) string {
	s := &w.l.stubs[of]
	w.key = w.key[:0]
	w.ownNumbers, w.ownSubnets, w.ownClusters = w.ownNumbers[:0], w.ownSubnets[:0], w.ownClusters[:0]
	for _, at := range s.speakers {
		w.speaker(at)
	}
	for end := range s.all() {
		w.end(end, of)
	}
	w.routerIDs(s)
	w.addresses(s)
	return string(w.key)
}

func (w *shapeWriter) number(n uint32) { w.key = binary.LittleEndian.AppendUint32(w.key, n) }

func (w *shapeWriter) flags(flags ...bool) {
	for _, flag := range flags {
		b := byte(0)
		if flag {
			b = 1
		}
		w.key = append(w.key, b)
	}
}

func (w *shapeWriter) speaker(at int32) {
	s := w.n.Speakers[at]
	w.key = append(w.key, byte(s.Kind))
	for _, n := range []int{len(s.RouterIDs), s.MaxPaths, s.Group, len(w.p.speakers[at].ends)} {
		w.number(uint32(n))
	}
	w.flags(w.p.speakers[at].relaxAS)
}

// end writes down one end of a stub's, or one that faces it.
func (w *shapeWriter) end(end, of int32) {
	e := &w.p.ends[end]
	if hub, isOfHub := slices.BinarySearch(w.l.hubs, e.speaker); isOfHub {
		w.number(uint32(hub))
		w.number(uint32(w.at[end^1]))
	} else if hub, isToHub := slices.BinarySearch(w.l.hubs, e.far); isToHub {
		w.number(uint32(hub))
		if e.internal || w.p.ends[end^1].internal { // what hubs tell then has names of other stubs: CLUSTER_LIST, ORIGINATOR_ID
			w.number(uint32(of))
		}
	} else {
		w.number(uint32(w.at[end^1]))
	}
	w.flags(end&1 == 1, e.internal, e.client, e.sendsAll, e.asOverride, e.onLinkOnly, e.checksList, e.holdsLoops)
	w.number(uint32(e.nextHop))
	w.number(uint32(e.allowOwnAS))
	w.name(e.localASN, w.numbers[e.localASN] == of, &w.ownNumbers)
	w.name(e.farASN, w.numbers[e.farASN] == of, &w.ownNumbers)
	w.name(e.clusterID, true, &w.ownClusters) // they do not leave the stub
	w.name(e.loopID, true, &w.ownClusters)
	for _, subnet := range []uint32{uint32(w.p.hops[e.hop].subnet), uint32(e.subnet)} {
		w.name(subnet, subnet != 0 && w.subnets[subnet] == of, &w.ownSubnets)
	}
	w.hop(e.hop, of)
}

// name writes down a number: as itself, or by its place among the stub's own.
func (w *shapeWriter) name(n uint32, isOwn bool, own *[]uint32) {
	w.flags(isOwn)
	if isOwn {
		at := slices.Index(*own, n)
		if at < 0 {
			at = len(*own)
			*own = append(*own, n)
		}
		n = uint32(at)
	}
	w.number(n)
}

func (w *shapeWriter) hop(hop, of int32) {
	owner := w.l.hops[hop]
	w.flags(owner.stub == of)
	if owner.stub != of {
		w.number(uint32(hop))
		return
	}
	w.number(uint32(owner.at))
	w.number(uint32(len(w.n.Hops[hop].Addrs)))
}

// order writes down how numbers follow each other.
func (w *shapeWriter) order(numbers []uint32) {
	writeOrder(w, numbers, func(a, b uint32) int { return cmp.Compare(a, b) })
}

// routerIDs writes down the order of the router IDs of a stub and of the hubs.
func (w *shapeWriter) routerIDs(s *stub) {
	var all []uint32
	for _, speakers := range [][]int32{s.speakers, w.l.hubs} {
		for _, at := range speakers {
			all = append(all, numberOf(w.n.Speakers[at].RouterIDs[0]))
		}
	}
	w.order(all)
}

// addresses writes down the order of the addresses that are compared within a stub, of a hop the first one and that which the
// first member sees, and of their hops.
func (w *shapeWriter) addresses(s *stub) {
	var all []netip.Addr
	var hops []uint32
	for end := range s.all() {
		if hop := w.p.ends[end].hop; !slices.Contains(hops, uint32(hop)) {
			hops = append(hops, uint32(hop))
			addrs := w.n.Hops[hop].Addrs
			all = append(all, addrs[0], addrs[min(1, len(addrs)-1)])
		}
	}
	writeOrder(w, all, netip.Addr.Compare)
	w.order(hops)
}

// writeOrder writes down which place in a list comes first, second and so on, and which ones are equal.
func writeOrder[T any](w *shapeWriter, list []T, compare func(a, b T) int) {
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return compare(list[a], list[b]) })
	w.number(uint32(len(places)))
	for i, at := range places {
		w.number(uint32(at))
		w.flags(i > 0 && compare(list[places[i-1]], list[at]) == 0)
	}
}
