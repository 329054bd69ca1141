package simulate

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

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

// membership is the parts of every device. The zero value finds them when somebody asks for them first: nodes, of which there are
// many, apart from the others.
type membership struct {
	nodesOnce, othersOnce sync.Once
	nodes                 map[*fabric.Node][]*Part // one each
	others                map[fabric.Device][]*Part
}

// partsOf returns the parts of a device, several only of a switch with several VRFs, in their order. Shared, do not modify.
func (r *Result) partsOf(d fabric.Device) []*Part {
	m := &r.members
	if n, isNode := d.(*fabric.Node); isNode {
		m.nodesOnce.Do(func() { m.nodes = partsOfNodes(r.Parts) })
		return m.nodes[n]
	}
	m.othersOnce.Do(func() {
		m.others = map[fabric.Device][]*Part{}
		for _, p := range r.Parts {
			if p.Nodes == nil {
				m.others[p.Device(0)] = append(m.others[p.Device(0)], p)
			}
		}
	})
	return m.others[d]
}

func partsOfNodes(parts []*Part) map[*fabric.Node][]*Part {
	count := 0
	for _, p := range parts {
		count += len(p.Nodes)
	}
	of := make(map[*fabric.Node][]*Part, count)
	for i, p := range parts {
		for _, n := range p.Nodes {
			of[n] = parts[i : i+1 : i+1]
		}
	}
	return of
}

// addressBook says who has an address. Ranges may be used more than once where nothing connects their networks: every lookup
// is from somewhere. Immutable but for what it makes when it is needed first.
type addressBook struct {
	once  sync.Once
	parts []*Part
	known []holder // by address; see holders
	world []int    // by Part.Index: equal for parts that anything connects, be it gateways that nobody declared
}

// holder is a device that has an address, and on which network.
type holder struct {
	address netip.Addr
	place
	on *segment // of the part's ground; the zero segment: on none, a loopback
}

// newAddressBook surveys all parts: it sets their ground.
func newAddressBook(r *Result) *addressBook {
	s := newSurveyor(r.Fabric)
	inParallel(len(r.Parts), func(i int) {
		p := r.Parts[i]
		for index, f := range families {
			p.ground[index] = s.ground(p, f)
		}
	})
	book := &addressBook{parts: r.Parts}
	inParallel(len(r.Parts), func(i int) {
		for _, g := range r.Parts[i].ground {
			g.addDefaultRoute(book)
		}
	})
	return book
}

// holders returns who has an address, some more than once, in no order. Shared, do not modify.
func (b *addressBook) holders(a netip.Addr) []holder {
	if !a.IsValid() {
		return nil
	}
	b.once.Do(b.collect)
	first, isThere := slices.BinarySearchFunc(b.known, a, func(h holder, a netip.Addr) int { return h.address.Compare(a) })
	if !isThere {
		return nil
	}
	last := first
	for last < len(b.known) && b.known[last].address == a {
		last++
	}
	return b.known[first:last]
}

// collect notes the addresses of all parts.
func (b *addressBook) collect() {
	count := 0
	for _, p := range b.parts {
		for _, g := range p.ground {
			count += len(g.attached)*p.Size() + len(g.loopbacks) + len(g.shared)
		}
	}
	b.known = make([]holder, 0, count)
	for _, p := range b.parts {
		for _, g := range p.ground {
			b.note(p, g)
		}
	}
	slices.SortFunc(b.known, func(x, y holder) int { return x.address.Compare(y.address) })
}

func (b *addressBook) note(p *Part, g *ground) {
	add := func(a netip.Addr, member int, on *segment) {
		if a.IsValid() {
			b.known = append(b.known, holder{a, place{p, member}, on})
		}
	}
	for i := range g.attached {
		at := &g.attached[i]
		for member, a := range at.addresses {
			add(a, member, &at.segment)
		}
	}
	for _, a := range g.loopbacks {
		add(a, 0, &segment{})
	}
	for i := range g.shared {
		add(g.shared[i].Addr, 0, &g.shared[i].segment)
	}
}

// worlds numbers the connected parts of the network. Networks that lie in no VRF are connected by the rest of the site, as far
// as nobody says otherwise.
func worlds(r *Result) []int {
	w := newUnion(len(r.Parts))
	site := w.add()
	segments := map[segment]int{}
	var last *segment // most parts are on that of the one before
	id := 0
	for i, p := range r.Parts {
		if p.Cluster != nil && i > 0 && r.Parts[i-1].Cluster == p.Cluster {
			w.join(i, i-1) // nodes of a cluster reach each other
		}
		for _, g := range p.ground {
			for k := range g.attached {
				at := &g.attached[k]
				if last == nil || at.segment != *last {
					known := false
					if id, known = segments[at.segment]; !known {
						id = w.add()
						segments[at.segment] = id
					}
					last = &at.segment
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
	for _, p := range r.partsOf(d) {
		if p.VRF == vrf {
			return p
		}
	}
	return nil
}

// union is a union-find structure over small numbers.
type union struct{ parent []int }

// newUnion returns n sets, of a number each.
func newUnion(n int) union {
	u := union{parent: make([]int, n)}
	for i := range u.parent {
		u.parent[i] = i
	}
	return u
}

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
	for _, h := range r.addresses.holders(a) {
		switch {
		case near == nil:
			within = append(within, h.place)
		case h.part == near || near.isOn(*h.on):
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
	for _, h := range v.result.addresses.holders(a) {
		if *h.on == on && !v.down.isDead(h.part, h.member) {
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
