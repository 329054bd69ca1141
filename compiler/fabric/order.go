package fabric

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
)

// names returns the keys of a map of the model, sorted: the only way this package walks one.
func names[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	names := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m)) // slices.Sorted would let it grow, and each node has maps
	slices.Sort(names)
	return names
}

// find looks a name up in a slice that is sorted by it.
func find[T any](sorted []*T, name string, nameOf func(*T) string) *T {
	i, ok := slices.BinarySearchFunc(sorted, name, func(item *T, name string) int { return cmp.Compare(nameOf(item), name) })
	if !ok {
		return nil
	}
	return sorted[i]
}

// ComparePrefix orders IPv4 before IPv6, then by address, then shorter before longer.
func ComparePrefix(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return a.Bits() - b.Bits()
}
