package simulate

import (
	"net/netip"
	"slices"
	"sync"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// Actions that are alike everywhere.
var (
	delivered = &action{kind: deliver}
	onLink    = &action{kind: forward, proto: "kernel", hops: []hop{{NextHop: bgp.NextHop{Hop: -1}}}}
	nothing   = &action{kind: noRoute}
)

// takesPackets reports whether packets follow the action, where its prefix is the longest that fits.
func (a *action) takesPackets() bool { return a != nil && a.kind != noRoute && !a.isShadowed }

// lookup is what a device does with packets to an address: the longest prefix of all that it has in the kernel, connected
// subnets before static routes before BGP, else its default gateway. The Prefix is of the route, the zero Prefix for a default
// route that nobody announced; the destination is nil where BGP has no part in it. Where nothing fits, the action is noRoute
// with the reason of the longest destination that contains the address, if there is one.
//
// A hop that is not of the network (Hop -1) leads to its gateway, or to the address itself where that is zero.
func (v *view) lookup(p *Part, member int, dst netip.Addr) (*action, netip.Prefix, *destination) {
	f := familyIndex(fabric.FamilyOf(dst))
	var ix *prefixIndex
	if d := p.domains[f]; d != nil {
		ix = d.indexes.every(d)
	}
	return v.lookupIn(ix, p, member, dst)
}

// lookupIn is lookup among the destinations of an index; nil: none.
func (v *view) lookupIn(ix *prefixIndex, p *Part, member int, dst netip.Addr) (*action, netip.Prefix, *destination) {
	g := p.ground[familyIndex(fabric.FamilyOf(dst))]
	if g == nil {
		return nothing, netip.Prefix{}, nil
	}
	if g.has(member, dst, v.down) {
		return delivered, netip.PrefixFrom(dst, dst.BitLen()), nil
	}
	ground, prefix := g.toward(netip.PrefixFrom(dst, dst.BitLen()), v.down)
	act, found, dest := v.longest(ix, p, member, dst, prefix)
	switch {
	case act.takesPackets():
		return act, found, dest
	case ground != nil:
		return ground, prefix, nil
	case g.onGateway != nil:
		return g.onGateway, netip.Prefix{}, dest
	}
	return act, netip.Prefix{}, dest
}

// has reports whether an address is a member's own. That of a link that has failed is not.
func (g *ground) has(member int, a netip.Addr, down *failure) bool {
	for i := range g.attached {
		if at := &g.attached[i]; at.addresses[member] == a && !down.hasLink(at.link) {
			return true
		}
	}
	return slices.Contains(g.loopbacks, a) || slices.ContainsFunc(g.shared, func(s sharedAddress) bool { return s.Addr == a })
}

// toward is the route to what lies in p that does not come from BGP: the longest connected subnet or static route that
// contains it; nil where there is none. Of equal length the connected subnet counts.
func (g *ground) toward(p netip.Prefix, down *failure) (*action, netip.Prefix) {
	var act *action
	var prefix netip.Prefix
	if at := g.attachmentTo(p.Addr(), down); at != nil && at.subnet.Bits() <= p.Bits() {
		act, prefix = onLink, at.subnet
	}
	for _, r := range g.statics {
		if act != nil && r.prefix.Bits() <= prefix.Bits() {
			break
		}
		if r.prefix.Bits() <= p.Bits() && r.prefix.Contains(p.Addr()) && g.leads(r.action, down) {
			return r.action, r.prefix
		}
	}
	return act, prefix
}

// leads reports whether a static route has a link left that it leads over. The death of what is behind it does not move it.
func (g *ground) leads(a *action, down *failure) bool {
	return slices.ContainsFunc(a.hops, func(h hop) bool { return g.attachmentTo(h.gateway, down) != nil })
}

// longest returns the longest route that BGP brought to an address, if longer than the prefix of another route. Where there is
// none it returns noRoute, with the reason of the longest destination.
func (v *view) longest(ix *prefixIndex, p *Part, member int, dst netip.Addr, other netip.Prefix) (*action, netip.Prefix, *destination) {
	refused, of := nothing, (*destination)(nil)
	if ix == nil {
		return refused, netip.Prefix{}, nil
	}
	for _, bits := range ix.lengths {
		if other.IsValid() && bits <= other.Bits() {
			break
		}
		prefix, _ := dst.Prefix(bits)
		t, ok := ix.targets[prefix]
		if !ok {
			continue
		}
		act := v.at(t.destination, t.destination.slot(p, member, t.member))
		if act.takesPackets() {
			return act, prefix, t.destination
		}
		if of == nil && act != nil {
			refused, of = act, t.destination
		}
	}
	return refused, netip.Prefix{}, of
}

// at returns what a slot has of a destination in BGP; nil: not computed yet.
func (v *view) at(d *destination, slot int) *action {
	tables := v.routes[d.domain]
	if d.Index >= len(tables) || slot < 0 {
		return nil
	}
	return tables[d.Index].at(slot)
}

// at returns the action of a slot, nil where there is none.
func (t *table) at(slot int) *action {
	if slot >= len(t.actions) {
		return nil
	}
	if len(t.patches) > 0 {
		i, ok := slices.BinarySearchFunc(t.patches, slot, func(p patch, slot int) int { return p.slot - slot })
		if ok {
			return t.patches[i].action
		}
	}
	return t.actions[slot]
}

// slot returns the slot of a member of a part in solutions for a destination of which another, or the same, member has the
// prefix at hand; -1 where the part does not speak BGP.
func (d *destination) slot(p *Part, member, owner int) int {
	speaker := p.speakers[familyIndex(d.domain.family)]
	switch {
	case speaker == nil || p.domains[familyIndex(d.domain.family)] != d.domain:
		return -1
	case d.Owner == speaker && member == owner:
		return d.domain.network.OwnerSlot()
	}
	return speaker.Index
}

// part returns the part behind a slot.
func (d *destination) part(slot int) *Part {
	if slot == d.domain.network.OwnerSlot() {
		return d.domain.parts[d.Owner.Index]
	}
	return d.domain.parts[slot]
}

// toward is what a slot does with packets to any prefix of a destination: as lookup finds it, at the cost of its covers.
func (v *view) toward(d *destination, slot int) *action {
	own := v.at(d, slot)
	if own.takesPackets() {
		return own
	}
	p := d.part(slot)
	g := p.ground[familyIndex(d.domain.family)]
	act, prefix := g.toward(d.Prefix, v.down)
	for _, c := range d.covers {
		if act != nil && c.Prefix.Bits() <= prefix.Bits() {
			break
		}
		if a := v.at(c, c.slot(p, 0, -1)); a.takesPackets() {
			return a
		}
	}
	switch {
	case act != nil:
		return act
	case g.onGateway != nil:
		return g.onGateway
	case own != nil:
		return own
	}
	return nothing
}

// prefixIndex finds the destination of an address. Immutable.
type prefixIndex struct {
	targets map[netip.Prefix]target
	lengths []int // that prefixes have, descending
}

// target is a destination that a prefix is of, and which member of its owner has it.
type target struct {
	*destination
	member int
}

// prefixIndexes are those of one domain, made when they are needed first.
type prefixIndexes struct {
	allOnce, infraOnce sync.Once
	all, infra         *prefixIndex
}

// every indexes all destinations of a domain.
func (x *prefixIndexes) every(d *domain) *prefixIndex {
	x.allOnce.Do(func() { x.all = newPrefixIndex(d.dests) })
	return x.all
}

// underlay indexes the destinations that next hops and peers may have addresses in.
func (x *prefixIndexes) underlay(d *domain) *prefixIndex {
	x.infraOnce.Do(func() {
		x.infra = newPrefixIndex(slices.DeleteFunc(slices.Clone(d.dests), func(d *destination) bool { return !d.infra }))
	})
	return x.infra
}

func newPrefixIndex(dests []*destination) *prefixIndex {
	x := &prefixIndex{targets: map[netip.Prefix]target{}}
	has := [129]bool{}
	for _, d := range dests {
		for _, o := range d.owned {
			if _, known := x.targets[o.prefix]; !known {
				x.targets[o.prefix] = target{d, o.member}
				has[o.prefix.Bits()] = true
			}
		}
	}
	for bits := len(has) - 1; bits >= 0; bits-- {
		if has[bits] {
			x.lengths = append(x.lengths, bits)
		}
	}
	return x
}
