package simulate

import (
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// workloadInterface stands for the interface of a pod, whose real name is "cali" and a hash of eleven digits.
const workloadInterface = "cali00000000000"

// blockClass is the blocks that all policies and all covers judge alike.
type blockClass struct {
	part     *Part
	pool     string
	bits     int
	cut      netip.Prefix // the smallest prefix within the pool that somebody goes by and that contains the blocks
	isFirst  bool         // they belong to the first of several members
	isSingle bool
	infra    bool
}

// pods brings in the blocks and borrowed addresses of all nodes.
func (b *destinationBuilder) pods() {
	b.cuts = b.newCuts()
	for _, p := range b.domain.parts {
		if p.rules == nil {
			continue
		}
		allocated := p.rules.allocations()
		for member, n := range p.Nodes {
			for _, h := range allocated.of[n] {
				if fabric.FamilyOf(h.prefix.Addr()) == b.domain.family {
					b.pod(p, member, &h)
				}
			}
		}
	}
}

// pod adds one prefix of a member to the class it is in. Prefixes that lie in no pool, borrowed ones and those that others
// bring in as well are destinations of their own. Of a part with several members a destination has no other origin: where two
// clusters have one block, or somebody else announces it, each is then a destination of the same prefix, as if the other did
// not exist.
func (b *destinationBuilder) pod(p *Part, member int, h *held) {
	n := p.Nodes[member]
	single := p.Size() == 1
	var d *draft
	if single && (h.pool == "" || h.borrowed || p.rules.allocations().lenders[n] || b.exact[h.prefix] != nil) {
		d = b.at(h.prefix, podsOf(p, n, h))
	} else {
		class := blockClass{part: p, pool: h.pool, bits: h.prefix.Bits(), cut: b.cuts.of(h), isFirst: !single && member == 0, isSingle: h.single,
			infra: b.result.hasDevice(h.prefix)}
		if d = b.classes[class]; d == nil {
			d = &draft{destination: podsOf(p, n, h), isFirst: class.isFirst}
			d.infra = class.infra
			if !single {
				d.owner = p
			}
			b.classes[class] = d
			b.drafts = append(b.drafts, d)
		}
		if !single {
			d.owned = append(d.owned, owned{h.prefix, member})
		} else {
			d.owned = append(d.owned, owned{prefix: h.prefix})
		}
	}
	if h.single {
		d.bring(bgp.Origination{Speaker: b.speaker(p), Source: bgp.FromKernel, Preference: kernelPreference, Interface: workloadInterface})
	} else {
		d.bring(b.blackhole(p))
	}
	if len(d.owned) == 1 { // all of a class are alike to Felix
		b.felix(d, p, d.pool)
	}
}

// podsOf is what a node holds, as a destination.
func podsOf(p *Part, n *fabric.Node, h *held) destination {
	d := destination{kind: podBlock, cluster: p.Cluster, pool: p.rules.poolNamed(h.pool)}
	if h.borrowed {
		d.kind = borrowed
	}
	if d.pool != nil && n.Model.Blocks == nil {
		d.at = d.pool.at
	} else {
		d.at = n.At().Field("blocks")
	}
	return d
}

// poolNamed returns the pool of that name, or nil.
func (r *clusterRules) poolNamed(name string) *pool {
	for _, p := range r.pools {
		if p.name == name {
			return p
		}
	}
	return nil
}

// cuts are the prefixes within pools that policies, and routes of others, tell apart from the rest of the pool.
type cuts struct {
	pools    bart.Lite    // that nodes hold blocks of
	shortest int          // length of the widest of them
	span     addressRange // all of them lie in it: most prefixes that are mentioned do not
	within   bart.Lite
	isEmpty  bool
}

// addressRange is addresses from the first to the last one. The zero addressRange is empty.
type addressRange struct{ first, last netip.Addr }

// include makes the range reach as far as a prefix does.
func (r *addressRange) include(p netip.Prefix) {
	if first := p.Masked().Addr(); !r.first.IsValid() || first.Less(r.first) {
		r.first = first
	}
	raw := p.Addr().As16()
	for bit := 128 - p.Addr().BitLen() + p.Bits(); bit < 128; bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	last := netip.AddrFrom16(raw)
	if p.Addr().Is4() {
		last = last.Unmap()
	}
	if r.last.Less(last) {
		r.last = last
	}
}

func (b *destinationBuilder) newCuts() *cuts {
	c := &cuts{shortest: b.domain.family.Bits(), isEmpty: true}
	var last *clusterRules
	for _, p := range b.domain.parts {
		if p.rules == nil || p.rules.clusterRules == last {
			continue
		}
		last = p.rules.clusterRules
		for _, pool := range last.pools {
			if fabric.FamilyOf(pool.cidr.Addr()) == b.domain.family {
				c.addPool(pool.cidr)
			}
		}
	}
	visited := map[any]bool{}
	for _, e := range b.domain.network.Ends {
		for _, policy := range []bgp.Policy{e.Import, e.Export} {
			if m, ok := policy.(mentioner); ok {
				m.mentions(visited, c.span, c.add)
			}
		}
	}
	for _, n := range b.drafts {
		c.add(n.owned[0].prefix)
	}
	return c
}

func (c *cuts) addPool(p netip.Prefix) {
	c.pools.Insert(p)
	c.span.include(p)
	c.shortest = min(c.shortest, p.Bits())
}

// add notes a prefix that lies in a pool.
func (c *cuts) add(p netip.Prefix) {
	if p.Bits() <= c.shortest {
		return
	}
	if a := p.Addr(); a.Less(c.span.first) || c.span.last.Less(a) {
		return
	}
	if pool, ok := c.pools.LookupPrefixLPM(p); ok && (pool != p || c.isNested(p)) {
		c.within.Insert(p)
		c.isEmpty = false
	}
}

// isNested reports whether a pool lies in another one.
func (c *cuts) isNested(p netip.Prefix) bool {
	wider, err := p.Addr().Prefix(p.Bits() - 1)
	return err == nil && c.pools.LookupPrefix(wider)
}

// of is the smallest cut that contains a block; the zero Prefix where there is none, or the block is in no pool, so that it
// has a class to itself anyway.
func (c *cuts) of(h *held) netip.Prefix {
	if h.pool == "" || h.borrowed {
		return h.prefix
	}
	if c.isEmpty {
		return netip.Prefix{}
	}
	cut, _ := c.within.LookupPrefixLPM(h.prefix)
	return cut
}

// blocks returns the destinations whose prefixes may contain those of others, by prefix. Made only where something lies
// within a pool that is no block.
func (b *destinationBuilder) blocks() map[netip.Prefix]*destination {
	all := map[netip.Prefix]*destination{}
	for _, n := range b.drafts {
		if n.kind != podBlock {
			continue
		}
		for _, o := range n.owned {
			all[o.prefix] = &n.destination
		}
	}
	return all
}

// coverWith adds the block that a destination lies in, where another block of the same destination stands for it.
func (n *draft) coverWith(blocks map[netip.Prefix]*destination) {
	for bits := n.Prefix.Bits() - 1; bits >= 0; bits-- {
		wider, _ := n.Prefix.Addr().Prefix(bits)
		block := blocks[wider]
		if block == nil {
			continue
		}
		if !slices.Contains(n.covers, block) {
			at, _ := slices.BinarySearchFunc(n.covers, bits, func(d *destination, bits int) int { return bits - d.Prefix.Bits() })
			n.covers = slices.Insert(n.covers, at, block)
		}
		return
	}
}
