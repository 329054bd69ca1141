package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// span is one prefix of a sweep and whose it is: an index into a slice of the caller's.
type span struct {
	prefix netip.Prefix // masked
	id     int
}

// sweep finds the overlaps of many prefixes: it calls visit with every pair of which one contains or equals the other, outer
// first. Of equal prefixes the one with the lower id counts as the outer. visit returns whether it wants to see more outer
// spans that equal this one: a caller that needs one example answers false, and no number of equal prefixes makes the
// sweep quadratic. It sorts spans.
//
// Sorted by address and then by length, everything that contains a prefix stands before it, and what contains neither it
// nor anything after it can be forgotten: the open ones form a stack of at most 33 (IPv6: 129) different prefixes.
func sweep(spans []span, visit func(outer, inner int) (more bool)) {
	slices.SortFunc(spans, compareSpans)
	var open []level
	for i, s := range spans {
		for len(open) > 0 && !contains(open[len(open)-1].prefix, s.prefix) {
			open = open[:len(open)-1]
		}
		for _, l := range open {
			for j := l.first; j < l.end && visit(spans[j].id, s.id); j++ {
			}
		}
		if top := len(open) - 1; top >= 0 && open[top].prefix == s.prefix {
			open[top].end = i + 1
		} else {
			open = append(open, level{prefix: s.prefix, first: i, end: i + 1})
		}
	}
}

// level is the spans that equal each other, among those that contain the one at hand.
type level struct {
	prefix     netip.Prefix
	first, end int
}

func compareSpans(a, b span) int {
	if c := fabric.ComparePrefix(a.prefix, b.prefix); c != 0 {
		return c
	}
	return a.id - b.id
}

// contains reports whether all of inner lies in outer; both are masked.
func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// overlap reports whether two masked prefixes have an address in common.
func overlap(a, b netip.Prefix) bool { return contains(a, b) || contains(b, a) }
