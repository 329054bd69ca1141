package simulate

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// permitCache remembers what prefix lists say of a domain's destinations. Lists of the same entries are judged once: those of
// switches that play the same part differ in name alone.
type permitCache struct {
	mu     sync.Mutex
	of     []*bgp.Destination
	sorted []ordered // of of
	known  map[uint64][]permitted
	spans  []span                                 // scratch
	same   map[*fabric.PrefixEntry][]bgp.Decision // by first entry: many lists are one slice
}

// permitted is what one list says.
type permitted struct {
	entries   []fabric.PrefixEntry
	decisions []bgp.Decision
}

// judge judges destinations by a list. The slice is shared, do not modify.
func (c *permitCache) judge(entries []fabric.PrefixEntry, all []*bgp.Destination) []bgp.Decision {
	if c == nil || len(all) == 0 {
		return mergePermits(spansOf(nil, entries), inOrder(all))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.of) != len(all) || c.of[0] != all[0] {
		c.of, c.sorted, c.known = all, inOrder(all), map[uint64][]permitted{}
		c.same = map[*fabric.PrefixEntry][]bgp.Decision{}
	}
	decisions, isKnown := c.same[&entries[0]]
	if !isKnown {
		decisions = c.find(entries)
		c.same[&entries[0]] = decisions
	}
	return decisions
}

// find judges by a list that has not been seen yet, but perhaps another one with the same entries. Long ones with the same
// entries share them.
func (c *permitCache) find(entries []fabric.PrefixEntry) []bgp.Decision {
	const long = 64
	if len(entries) > long {
		return mergePermits(c.spansOf(entries), c.sorted)
	}
	hash := hashOf(entries)
	for _, k := range c.known[hash] {
		if slices.Equal(k.entries, entries) {
			return k.decisions
		}
	}
	decisions := mergePermits(c.spansOf(entries), c.sorted)
	c.known[hash] = append(c.known[hash], permitted{entries, decisions})
	return decisions
}

// ordinal is an address as a number of 128 bits; IPv4 ones are those that IPv6 maps them to.
type ordinal struct{ high, low uint64 }

func ordinalOf(a netip.Addr) ordinal {
	if a.Is4() {
		raw := a.As4()
		return ordinal{low: 0xffff<<32 | uint64(binary.BigEndian.Uint32(raw[:]))}
	}
	raw := a.As16()
	return ordinal{binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])}
}

// ordinalsOf are the first and the last address of a masked prefix.
func ordinalsOf(p netip.Prefix) (first, last ordinal) {
	first = ordinalOf(p.Addr())
	last = first
	if host := uint(p.Addr().BitLen() - p.Bits()); host >= 64 {
		last.low = ^uint64(0)
		last.high |= 1<<(host-64) - 1
	} else {
		last.low |= 1<<host - 1
	}
	return first, last
}

func (o ordinal) isBefore(other ordinal) bool {
	return o.high < other.high || o.high == other.high && o.low < other.low
}

// ordered is a destination as mergePermits compares it.
type ordered struct {
	ordinal
	length int // of the prefix
	index  int // of the destination
}

// inOrder returns destinations sorted by prefix, as addDestinations leaves them.
func inOrder(all []*bgp.Destination) []ordered {
	byPrefix := func(a, b *bgp.Destination) int { return fabric.ComparePrefix(a.Prefix, b.Prefix) }
	if !slices.IsSortedFunc(all, byPrefix) {
		all = slices.SortedStableFunc(slices.Values(all), byPrefix)
	}
	sorted := make([]ordered, len(all))
	for i, d := range all {
		sorted[i] = ordered{ordinalOf(d.Prefix.Addr()), d.Prefix.Bits(), d.Index}
	}
	return sorted
}

// span is an entry of a prefix list as mergePermits compares it: the addresses and the lengths that it permits.
type span struct {
	first, last ordinal
	low, high   int
}

// spansOf appends the spans of entries.
func spansOf(spans []span, entries []fabric.PrefixEntry) []span {
	for i := range entries {
		e := &entries[i]
		low, high := e.Lengths()
		first, last := ordinalsOf(e.Prefix)
		spans = append(spans, span{first, last, max(low, e.Prefix.Bits()), high})
	}
	return spans
}

// spansOf returns the spans of entries, until it is called again.
func (c *permitCache) spansOf(entries []fabric.PrefixEntry) []span {
	c.spans = spansOf(slices.Grow(c.spans[:0], len(entries)), entries)
	return c.spans
}

// hashOf is equal for equal lists, and rarely for others (FNV-1a, a number at a time).
func hashOf(entries []fabric.PrefixEntry) uint64 {
	hash := uint64(14695981039346656037)
	for i := range entries {
		e := &entries[i]
		at := ordinalOf(e.Prefix.Addr())
		for _, n := range [...]uint64{at.high, at.low, uint64(e.Prefix.Bits())<<32 | uint64(e.GE)<<16 | uint64(e.LE)} {
			hash = (hash ^ n) * 1099511628211
			hash ^= hash >> 29
		}
	}
	return hash
}

// mergePermits judges destinations by entries, both sorted by prefix. What an entry permits lies in one stretch of the
// destinations, and one walk along both finds where each begins: the cost is the sum of the two and of what entries cover, not
// the product.
func mergePermits(spans []span, sorted []ordered) []bgp.Decision {
	decisions := make([]bgp.Decision, len(sorted))
	for i := range decisions {
		decisions[i] = bgp.Reject
	}
	next := 0
	for i := range spans {
		s := &spans[i]
		for next < len(sorted) && sorted[next].isBefore(s.first) {
			next++
		}
		for k := next; k < len(sorted) && !s.last.isBefore(sorted[k].ordinal); k++ {
			if d := &sorted[k]; s.low <= d.length && d.length <= s.high {
				decisions[d.index] = bgp.Accept
			}
		}
	}
	return decisions
}
