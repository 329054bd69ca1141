package simulate

import (
	"cmp"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// place is one device: a member of a part. A switch is one for each of its VRFs.
type place struct {
	part   *Part
	member int
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.part.Index, b.part.Index), cmp.Compare(a.member, b.member))
}

// addressBook says who has an address. Ranges may be used more than once where nothing connects their networks: every lookup
// is from somewhere. Immutable.
type addressBook struct {
	owners map[netip.Addr][]holder
	world  []int // by Part.Index: equal for parts that anything connects, be it gateways that nobody declared
}

// holder is a device that has an address, and on which network.
type holder struct {
	place
	segment segment // the zero segment: on none, a loopback
}

// newAddressBook surveys all parts: it sets their ground, and notes their addresses.
func newAddressBook(r *Result) *addressBook {
	s := newSurveyor(r.Fabric)
	book := &addressBook{owners: map[netip.Addr][]holder{}}
	for _, p := range r.Parts {
		for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
			p.ground[familyIndex(f)] = s.ground(p, f)
			book.note(p, p.ground[familyIndex(f)])
		}
	}
	for _, p := range r.Parts {
		for _, g := range p.ground {
			g.addDefaultRoute(book.owners)
		}
	}
	book.world = worlds(r)
	return book
}

func (b *addressBook) note(p *Part, g *ground) {
	for i := range g.attached {
		at := &g.attached[i]
		for member, a := range at.addresses {
			b.add(a, holder{place{p, member}, at.segment})
		}
	}
	for _, a := range g.loopbacks {
		b.add(a, holder{place: place{part: p}})
	}
	for _, s := range g.shared {
		b.add(s.Addr, holder{place{part: p}, s.segment})
	}
}

func (b *addressBook) add(a netip.Addr, h holder) {
	if a.IsValid() && !slices.Contains(b.owners[a], h) {
		b.owners[a] = append(b.owners[a], h)
	}
}

// worlds numbers the connected parts of the network. Networks that lie in no VRF are connected by the rest of the site, as far
// as nobody says otherwise.
func worlds(r *Result) []int {
	w := union{parent: make([]int, len(r.Parts), 2*len(r.Parts)+1)}
	for i := range w.parent {
		w.parent[i] = i
	}
	site := w.add()
	segments := map[segment]int{}
	clusters := map[*fabric.Cluster]int{} // the first part of each: its nodes reach each other
	for _, p := range r.Parts {
		if first, known := clusters[p.Cluster]; p.Cluster != nil && known {
			w.join(p.Index, first)
		} else if p.Cluster != nil {
			clusters[p.Cluster] = p.Index
		}
		for _, g := range p.ground {
			for _, at := range g.attached {
				id, known := segments[at.segment]
				if !known {
					id = w.add()
					segments[at.segment] = id
				}
				w.join(p.Index, id)
				if at.vrf == "" && at.alone == nil {
					w.join(id, site)
				}
			}
		}
		if p.External != nil || p.Switch != nil && p.VRF == "" {
			w.join(p.Index, site)
		}
	}
	for _, l := range r.Fabric.Links {
		a, b := r.partOf(l.Ends[0].Switch, l.Ends[0].VRF), r.partOf(l.Ends[1].Switch, l.Ends[1].VRF)
		if a != nil && b != nil {
			w.join(a.Index, b.Index)
		}
	}
	world := make([]int, len(r.Parts))
	for i := range world {
		world[i] = w.root(i)
	}
	return world
}

// partOf returns the part of a device, of a switch that in one VRF; nil where there is none.
func (r *Result) partOf(d fabric.Device, vrf string) *Part {
	for _, p := range r.parts[d] {
		if p.VRF == vrf {
			return p
		}
	}
	return nil
}

// union is a union-find structure over small numbers.
type union struct{ parent []int }

func (u *union) add() int {
	u.parent = append(u.parent, len(u.parent))
	return len(u.parent) - 1
}

func (u *union) root(x int) int {
	for u.parent[x] != x {
		u.parent[x] = u.parent[u.parent[x]]
		x = u.parent[x]
	}
	return x
}

// join makes one set of two. The lower number stands for both, whatever the order of joining.
func (u *union) join(a, b int) {
	a, b = u.root(a), u.root(b)
	u.parent[max(a, b)] = min(a, b)
}

// owner returns the devices that have an address, as seen from near: those on a network that both are on, else those that
// near is connected with at all. Several have a shared address. near nil: everybody. In order of parts and members.
func (r *Result) owner(a netip.Addr, near *Part) []place {
	var on, within []place
	for _, h := range r.addresses.owners[a] {
		switch {
		case near == nil:
			within = append(within, h.place)
		case h.part == near || near.isOn(h.segment):
			on = append(on, h.place)
		case isLinkLocal(a): // elsewhere it is another one
		case r.addresses.world[h.part.Index] == r.addresses.world[near.Index]:
			within = append(within, h.place)
		}
	}
	if near != nil && near.Cluster != nil && near.Cluster.Model.Isolated { // what others have of its ranges is out of its reach
		ofOthers := func(at place) bool { return at.part.Cluster != near.Cluster }
		if slices.ContainsFunc(within, func(at place) bool { return !ofOthers(at) }) {
			within = slices.DeleteFunc(within, ofOthers)
		}
	}
	if on == nil {
		on = within
	}
	slices.SortFunc(on, comparePlaces)
	return slices.Compact(on)
}

// onNetwork returns the devices that have an address on one network, those that have failed left out.
func (v *view) onNetwork(a netip.Addr, on segment) []place {
	var all []place
	for _, h := range v.result.addresses.owners[a] {
		if h.segment == on && !v.down.isDead(h.part, h.member) {
			all = append(all, h.place)
		}
	}
	slices.SortFunc(all, comparePlaces)
	return slices.Compact(all)
}

// isOn reports whether the members of the part are on a network.
func (p *Part) isOn(s segment) bool {
	if !s.subnet.IsValid() {
		return false
	}
	g := p.ground[familyIndex(fabric.FamilyOf(s.subnet.Addr()))]
	return g != nil && slices.ContainsFunc(g.attached, func(at attachment) bool { return at.segment == s })
}
