package birdcfg

import (
	"net/netip"
	"slices"
)

// value is a value of BIRD's language: nil (undefined), bool, uint32, string, netip.Addr, netip.Prefix, Source, Community,
// LargeCommunity, asPath, communities, largeCommunities, itemSet, prefixSet or pathMask.
type value any

type (
	asPath           []uint32
	communities      []Community
	largeCommunities []LargeCommunity
	prefixSet        []prefixPattern
	itemSet          []setItem
	pathMask         []maskItem
)

// setItem is a range of a set.
type setItem struct{ low, high value } // both uint32, or the same Source

func (i setItem) isNumber() bool {
	_, ok := i.low.(uint32)
	return ok
}

// maskItem is one item of a path mask: any number of AS numbers, any one, or one certain.
type maskItem struct {
	isAny, isOne bool
	asn          uint32
}

// kindOf is the name of a value's type, for messages and parameters.
func kindOf(v value) string {
	switch v.(type) {
	case bool:
		return "bool"
	case uint32:
		return "int"
	case string:
		return "string"
	case netip.Addr:
		return "ip"
	case netip.Prefix:
		return "prefix"
	case nil:
		return "undefined"
	}
	return "other"
}

// within is the operator ~ (filter/filter.c, val_in_range); false as second result: the types don't go together.
func within(left, right value) (isIn, isKnown bool) {
	switch r := right.(type) {
	case string:
		l, ok := left.(string)
		return ok && Match(r, l), ok
	case netip.Prefix:
		switch l := left.(type) {
		case netip.Addr:
			return r.Contains(l), true
		case netip.Prefix:
			return r.Bits() <= l.Bits() && r.Contains(l.Addr()), true
		}
	case prefixSet:
		l, ok := left.(netip.Prefix)
		return ok && slices.ContainsFunc(r, func(m prefixPattern) bool { return m.has(l) }), ok
	case itemSet:
		return inItems(left, r)
	case communities:
		l, ok := left.(Community)
		return ok && slices.Contains(r, l), ok
	case largeCommunities:
		l, ok := left.(LargeCommunity)
		return ok && slices.Contains(r, l), ok
	case asPath:
		l, ok := left.(uint32)
		return ok && slices.Contains(r, l), ok
	case pathMask:
		l, ok := left.(asPath)
		return ok && r.matches(l), ok
	}
	return false, false
}

// inItems looks for a number or source in a set of such, or for any number of an AS path.
func inItems(left value, set itemSet) (isIn, isKnown bool) {
	switch l := left.(type) {
	case Source:
		return slices.ContainsFunc(set, func(i setItem) bool { return i.low == l }), !set[0].isNumber()
	case uint32:
		return slices.ContainsFunc(set, func(i setItem) bool { return i.hasNumber(l) }), set[0].isNumber()
	case asPath:
		return slices.ContainsFunc(l, func(asn uint32) bool {
			return slices.ContainsFunc(set, func(i setItem) bool { return i.hasNumber(asn) })
		}), set[0].isNumber()
	}
	return false, false
}

func (i setItem) hasNumber(n uint32) bool {
	low, isNumber := i.low.(uint32)
	high, _ := i.high.(uint32)
	return isNumber && low <= n && n <= high
}

func (m pathMask) matches(path asPath) bool {
	if len(m) == 0 {
		return len(path) == 0
	}
	first, rest := m[0], m[1:]
	if first.isAny {
		return rest.matches(path) || len(path) > 0 && m.matches(path[1:])
	}
	return len(path) > 0 && (first.isOne || first.asn == path[0]) && rest.matches(path[1:])
}

// Match matches a name as BIRD does (lib/patmatch.c): * is any text, the empty one too, ? any one character, and a backslash
// takes the meaning from the character after it.
func Match(pattern, name string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '?' && name != "":
			pattern, name = pattern[1:], name[1:]
			continue
		case pattern[0] == '*':
			for i := range len(name) + 1 {
				if Match(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		case pattern[0] == '\\' && len(pattern) > 1:
			pattern = pattern[1:]
		}
		if name == "" || pattern[0] != name[0] {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return name == ""
}
