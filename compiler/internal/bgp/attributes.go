package bgp

import (
	"cmp"
	"slices"
)

// lists is interned lists of numbers: AS paths and cluster lists. A list is known by its index; 0 is the empty list. Equal
// lists have equal indexes, so that comparing routes compares numbers. The zero value is ready to use.
type lists struct {
	numbers []uint32 // of all lists, one after the other
	spans   []span   // by index, less one
	table   []joint  // open addressing by head and tail. Its length is a power of two

	// The last answer: a speaker tells one route to all its neighbors in turn.
	lastTail, lastList int32
	lastHead           uint32
}

// span is where a list lies in numbers.
type span struct {
	start, length int32
	bits          uint32 // bitOf its numbers
}

// joint is a list taken apart: its first number, and the list of the others.
type joint struct {
	head       uint32
	tail, list int32 // list 0: the entry is free
}

// at returns a list: shared, do not modify.
func (l *lists) at(list int32) []uint32 {
	if list == 0 {
		return nil
	}
	s := l.spans[list-1]
	return l.numbers[s.start : s.start+s.length : s.start+s.length]
}

// length returns how many numbers a list has.
func (l *lists) length(list int32) uint16 {
	if list == 0 {
		return 0
	}
	return uint16(l.spans[list-1].length)
}

// bitOf returns one of 32 bits: where a list's bits lack a number's, the number is not in the list.
func bitOf(number uint32) uint32 { return 1 << (number * 0x9e3779b1 >> 27) }

// bits returns the bits of a list's numbers.
func (l *lists) bits(list int32) uint32 {
	if list == 0 {
		return 0
	}
	return l.spans[list-1].bits
}

// count returns how often a number is in a list.
func (l *lists) count(list int32, number uint32) int32 {
	if list == 0 {
		return 0
	}
	n := int32(0)
	s := l.spans[list-1]
	for _, have := range l.numbers[s.start : s.start+s.length] {
		if have == number {
			n++
		}
	}
	return n
}

// includes reports whether every number of part is in whole.
func (l *lists) includes(whole, part int32) bool {
	if whole == part || part == 0 {
		return true
	}
	for _, number := range l.at(part) {
		if l.count(whole, number) == 0 {
			return false
		}
	}
	return true
}

// prepend returns the list of head and, after it, tail.
func (l *lists) prepend(head uint32, tail int32) int32 {
	if l.lastList != 0 && l.lastHead == head && l.lastTail == tail {
		return l.lastList
	}
	if 2*len(l.spans) >= len(l.table) {
		l.grow()
	}
	at := l.find(head, tail)
	if at.list == 0 {
		rest := l.at(tail)
		start := int32(len(l.numbers))
		l.numbers = append(append(l.numbers, head), rest...)
		l.spans = append(l.spans, span{start: start, length: int32(len(rest)) + 1, bits: bitOf(head) | l.bits(tail)})
		*at = joint{head: head, tail: tail, list: int32(len(l.spans))}
	}
	l.lastHead, l.lastTail, l.lastList = head, tail, at.list
	return at.list
}

// find returns the entry of a list: to be filled where it is free.
func (l *lists) find(head uint32, tail int32) *joint {
	mask := uint32(len(l.table) - 1)
	i := spread(head, tail) & mask
	for {
		at := &l.table[i]
		if at.list == 0 || at.head == head && at.tail == tail {
			return at
		}
		i = (i + 1) & mask
	}
}

// intern returns the index of a list of numbers.
func (l *lists) intern(numbers []uint32) int32 {
	list := int32(0)
	for _, number := range slices.Backward(numbers) {
		list = l.prepend(number, list)
	}
	return list
}

// replace returns a list in which to stands for every from.
func (l *lists) replace(list int32, from, to uint32) int32 {
	if l.count(list, from) == 0 {
		return list
	}
	replaced := int32(0)
	for _, number := range slices.Backward(l.at(list)) {
		if number == from {
			number = to
		}
		replaced = l.prepend(number, replaced)
	}
	return replaced
}

func (l *lists) grow() {
	old := l.table
	l.table = make([]joint, max(32, 2*len(old)))
	for _, at := range old {
		if at.list != 0 {
			*l.find(at.head, at.tail) = at
		}
	}
}

// spread hashes the two numbers that make a key.
func spread(a uint32, b int32) uint32 {
	h := (uint64(a)<<32 | uint64(uint32(b))) * 0x9e3779b97f4a7c15
	return uint32(h >> 32)
}

// communitySets is interned sets of communities, sorted, without duplicates. 0 is the empty set. There are as many as policies
// make of them, few enough to be searched one by one. The zero value is ready to use.
type communitySets struct {
	sets [][]Community // by index, less one
	held []heldBack
}

// heldBack is what communities forbid.
type heldBack struct {
	fromAll      bool // NO_ADVERTISE
	fromExternal bool // NO_EXPORT
}

// at returns a set: shared, do not modify.
func (c *communitySets) at(set int32) []Community {
	if set == 0 {
		return nil
	}
	return c.sets[set-1]
}

// holdsBack reports whether a route with these communities stays with the speaker that has it. BIRD and switches look at the
// communities that the route came with, not at those that the export policy adds.
func (c *communitySets) holdsBack(set int32, external bool) bool {
	if set == 0 {
		return false
	}
	held := c.held[set-1]
	return held.fromAll || external && held.fromExternal
}

// intern returns the index of a set; was is the one that it may be still.
func (c *communitySets) intern(set []Community, was int32) int32 {
	if len(set) == 0 {
		return 0
	}
	if have := c.at(was); len(have) == len(set) && &have[0] == &set[0] {
		return was
	}
	sorted := slices.Clone(set)
	slices.SortFunc(sorted, compareCommunities)
	sorted = slices.Compact(sorted)
	for i, have := range c.sets {
		if slices.Equal(have, sorted) {
			return int32(i + 1)
		}
	}
	c.sets = append(c.sets, sorted)
	c.held = append(c.held, heldBack{
		fromAll:      slices.Contains(sorted, NoAdvertise),
		fromExternal: slices.Contains(sorted, NoExport),
	})
	return int32(len(c.sets))
}

func compareCommunities(a, b Community) int {
	if a.Wide != b.Wide {
		if a.Wide {
			return 1
		}
		return -1
	}
	for i := range a.Part {
		if c := cmp.Compare(a.Part[i], b.Part[i]); c != 0 {
			return c
		}
	}
	return 0
}
