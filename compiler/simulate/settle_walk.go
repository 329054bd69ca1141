package simulate

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// manyHops is the TTL of packets that may go far (RFC 1700's default), and of BIRD's "multihop".
const manyHops = 64

// walk follows packets of sessions through the underlay: connected subnets, static routes, gateways, and what BGP brought of
// infrastructure. Every branch must get there.
type walk struct {
	view   *view
	to     place
	dst    netip.Addr
	passed []place // that the packet went through, to find loops
}

// lost is why packets stop, as the end of a sentence, and where; the zero lost: they don't.
type lost struct {
	reason string
	at     place
}

// arrives follows packets from a device to an address of another, over at most ttl networks (0: any number).
func (v *view) arrives(from, to place, dst netip.Addr, ttl int) lost {
	if ttl == 0 {
		ttl = manyHops
	}
	w := &walk{view: v, to: to, dst: dst}
	return w.from(from, ttl)
}

func (w *walk) from(at place, ttl int) lost {
	if at.part == w.to.part && at.member == w.to.member || at.part.External != nil {
		return lost{} // a speaker outside is believed to find its way
	}
	name := at.part.Device(at.member).DeviceName()
	if slices.Contains(w.passed, at) {
		return lost{fmt.Sprintf("packets to %s go round in a loop at %s", w.dst, name), at}
	}
	act, _, d := w.view.lookupIn(at.part.underlay(w.dst), at.part, at.member, w.dst)
	switch {
	case act.kind == deliver:
		return lost{fmt.Sprintf("%s takes %s for its own address", name, w.dst), at}
	case act.kind != forward:
		return lost{fmt.Sprintf("no route to %s at %s", w.dst, name), at}
	}
	w.passed = append(w.passed, at)
	defer func() { w.passed = w.passed[:len(w.passed)-1] }()
	for _, h := range act.hops {
		networks := 1
		if h.isUnknown {
			networks = 2
		}
		if ttl < networks {
			return lost{fmt.Sprintf("packets to %s die at %s, which is as far as they may go", w.dst, name), at}
		}
		next := w.view.next(at, d, 0, h, w.dst)
		if len(next) == 0 {
			return lost{fmt.Sprintf("nothing at %s leads on to %s", name, w.dst), at}
		}
		for _, n := range next {
			if stop := w.from(n, ttl-networks); stop != (lost{}) {
				return stop
			}
		}
	}
	return lost{}
}

// underlay is the index of the destinations that lead a part's packets of sessions to an address; nil: it has none.
func (p *Part) underlay(dst netip.Addr) *prefixIndex {
	d := p.domains[familyIndex(fabric.FamilyOf(dst))]
	if d == nil {
		return nil
	}
	return d.indexes.underlay(d)
}
