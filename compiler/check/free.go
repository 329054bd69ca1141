package check

import (
	"net/netip"

	"github.com/gaissmai/bart"

	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// freeRanges knows what a topology uses, in all of its domains, to propose a range in hints.
type freeRanges struct {
	used      bart.Lite
	addresses map[netip.Addr]bool // of devices and gateways
	proposals map[source.Path]netip.Prefix
	exhausted map[[2]int]bool // sizes (of the family, of the prefix) that were searched for in vain
}

// maxProposals bounds the search for a free range: what is further away than this is no better than any other range.
const maxProposals = 1 << 12

// free proposes a private range for the value at a path, of the size of like, that nothing in the topology uses: the next one
// after like where that is private itself. One value gets one proposal, and no two values the same. It returns false where
// there is none.
func (p *Pass) free(at source.Path, like netip.Prefix) (netip.Prefix, bool) {
	f := p.freeRanges()
	proposal, known := f.proposals[at]
	if size := [2]int{like.Addr().BitLen(), like.Bits()}; !known && !f.exhausted[size] {
		var ok bool
		proposal, ok = f.take(like)
		f.proposals[at], f.exhausted[size] = proposal, !ok
	}
	return proposal, proposal.IsValid()
}

// freeAddress proposes an address in the subnet of a, the next one after it that no device has. None is proposed twice.
func (p *Pass) freeAddress(a netip.Prefix) (netip.Prefix, bool) {
	f := p.freeRanges()
	for next := a.Addr().Next(); next.IsValid() && a.Masked().Contains(next); next = next.Next() {
		if free := netip.PrefixFrom(next, a.Bits()); !f.addresses[next] && edge(free) == "" {
			f.addresses[next] = true
			return free, true
		}
	}
	return netip.Prefix{}, false
}

func (p *Pass) freeRanges() *freeRanges {
	if p.shared.free == nil {
		p.shared.free = newFreeRanges(p)
	}
	return p.shared.free
}

func newFreeRanges(p *Pass) *freeRanges {
	f := &freeRanges{addresses: map[netip.Addr]bool{}, proposals: map[source.Path]netip.Prefix{}, exhausted: map[[2]int]bool{}}
	for _, r := range p.space().ranges {
		f.used.Insert(r.prefix)
	}
	for _, a := range p.space().addresses {
		f.used.Insert(a.prefix.Masked())
		f.addresses[a.prefix.Addr()] = true
	}
	for _, r := range p.Fabric.Reserved {
		f.used.Insert(r.Prefix.Masked())
	}
	for _, h := range p.Fabric.Hosts {
		f.addresses[h.Gateway], f.addresses[h.Gateway6] = true, true
	}
	for _, c := range p.Fabric.Clusters {
		for _, n := range c.Nodes {
			f.addresses[n.Gateway], f.addresses[n.Gateway6] = true, true
		}
		for _, pool := range c.Pools {
			f.used.Insert(pool.CIDR.Masked())
		}
	}
	for _, r := range dockerDefaults {
		f.used.Insert(r.prefix)
	}
	return f
}

func (f *freeRanges) take(like netip.Prefix) (netip.Prefix, bool) {
	homes := privateV4
	if like.Addr().Is6() {
		homes = []netip.Prefix{netip.MustParsePrefix("fd00::/8")} // the half of uniqueLocal that sites assign themselves
	}
	for _, home := range homes {
		if contains(home, like) {
			if free, ok := f.takeFrom(home, like); ok {
				return free, true
			}
		}
	}
	for _, home := range homes {
		if free, ok := f.takeFrom(home, netip.PrefixFrom(home.Addr(), like.Bits())); ok {
			return free, true
		}
	}
	return netip.Prefix{}, false
}

// takeFrom goes through the prefixes of home that are as long as start, from start on and around.
func (f *freeRanges) takeFrom(home, start netip.Prefix) (netip.Prefix, bool) {
	candidate := start
	for range maxProposals {
		if !contains(home, candidate) {
			candidate = netip.PrefixFrom(home.Addr(), start.Bits())
		}
		if contains(home, candidate) && !f.used.OverlapsPrefix(candidate) {
			f.used.Insert(candidate)
			return candidate, true
		}
		candidate = next(candidate)
	}
	return netip.Prefix{}, false
}

// next returns the prefix of the same length that follows p, the zero Prefix after the last one.
func next(p netip.Prefix) netip.Prefix {
	bytes := p.Addr().AsSlice()
	carry := byte(1) << ((8 - p.Bits()%8) % 8)
	for i := (p.Bits() - 1) / 8; i >= 0 && p.Bits() > 0; i-- {
		bytes[i] += carry
		if bytes[i] >= carry {
			addr, _ := netip.AddrFromSlice(bytes)
			return netip.PrefixFrom(addr, p.Bits())
		}
		carry = 1
	}
	return netip.Prefix{}
}

// hintFree proposes another range for the one that is to blame, which lies where the other one is.
func (p *Pass) hintFree(d *diag.Diagnostic, blame *claim, other netip.Prefix) {
	if free, ok := p.free(blame.at, blame.prefix); ok {
		d.WithHint("write %q, which nothing here uses", free)
	} else {
		d.WithHint("write a range that does not overlap %s", other)
	}
}
