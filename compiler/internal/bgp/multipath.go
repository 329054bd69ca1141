package bgp

import (
	"net/netip"
	"slices"
)

// merge adds a path to all[start:] unless its next hops are there already. Each includes First.
func merge(all []Path, start int, p *Path) []Path {
	for i := range all[start:] {
		have := &all[start+i]
		switch {
		case have.NextHop.Hop != p.NextHop.Hop, (have.NextHop.Who == Owner) != (p.NextHop.Who == Owner):
			continue
		case have.NextHop.Who == First && p.NextHop.Who == Each:
			have.NextHop.Who, have.Count = Each, p.Count
		}
		return all
	}
	return append(all, *p)
}

// limit sorts all[start:] by next hop address and leaves as many next hops as the speaker uses at once, the lowest. A switch
// keeps its best one in any case.
func (s *Solver) limit(all []Path, start int, at int32, speaker *speakerPlan) []Path {
	used := all[start:]
	total := int32(0)
	for i := range used {
		total += used[i].Count
	}
	if total > speaker.maxPaths {
		used = s.lowest(used, at, speaker)
	}
	if len(used) > 1 {
		slices.SortFunc(used, func(a, b Path) int {
			return s.compareHops(a.NextHop, b.NextHop, at)
		})
	}
	return all[:start+len(used)]
}

// lowest leaves of paths the lowest next hops, as many as the speaker uses at once: Count says how many of each path.
func (s *Solver) lowest(paths []Path, at int32, speaker *speakerPlan) []Path {
	taken := make([]int32, len(paths)) // rare: not worth memory that stays
	if slices.ContainsFunc(paths, func(p Path) bool { return !s.plan.hops[p.NextHop.Hop].single }) {
		s.doubt(at) // goes by addresses of all members
	}
	left := speaker.maxPaths
	if speaker.kind == Switch {
		taken[0], left = 1, left-1 // the first path is the best
	}
	for ; left > 0; left-- {
		next := -1
		var lowest netip.Addr
		for i := range paths {
			if taken[i] == paths[i].Count {
				continue
			}
			if a := s.address(paths[i].NextHop, at, taken[i]); next < 0 || a.Less(lowest) {
				next, lowest = i, a
			}
		}
		taken[next]++
	}
	kept := paths[:0]
	for i, p := range paths {
		if taken[i] == 0 {
			continue
		}
		if p.Count = taken[i]; p.Count == 1 && p.NextHop.Who == Each && s.countFor(p.NextHop, at) > 1 {
			p.NextHop.Who = First
		}
		kept = append(kept, p)
	}
	return kept
}

// compareHops compares next hops by their first addresses.
func (s *Solver) compareHops(a, b NextHop, at int32) int {
	if s.plan.hops[a.Hop].single && s.plan.hops[b.Hop].single {
		return s.network.Hops[a.Hop].Addrs[0].Compare(s.network.Hops[b.Hop].Addrs[0])
	}
	return s.address(a, at, 0).Compare(s.address(b, at, 0))
}

// address returns one of a NextHop's addresses as a slot sees them, by rank among its members in use. Where a part's members
// look at each other, they are those that its first member sees.
func (s *Solver) address(nh NextHop, at, rank int32) netip.Addr {
	hop := s.network.Hops[nh.Hop]
	if hop.Speaker == nil {
		return hop.Addrs[0]
	}
	speaker := int32(hop.Speaker.Index)
	if nh.Who == Owner {
		return hop.Addrs[s.slots[len(s.plan.speakers)].first]
	}
	from := int(s.slots[speaker].first)
	if at == speaker && s.slots[speaker].members > 1 {
		rank++
	}
	owner := -1
	if speaker == s.owner {
		owner = int(s.slots[len(s.plan.speakers)].first)
	}
	for m := from; m < len(hop.Addrs); m++ {
		if m == owner || !s.lives(speaker, m) {
			continue
		}
		if rank == 0 {
			return hop.Addrs[m]
		}
		rank--
	}
	return hop.Addrs[from] // all that could be are dead
}

// peerAddress returns the address of the one who told a path: of several alike, the first.
func (s *Solver) peerAddress(p *Path) netip.Addr {
	hop := s.network.Hops[s.plan.ends[p.From^1].hop]
	return hop.Addrs[min(int(s.slots[s.senderOf(p)].first), len(hop.Addrs)-1)]
}
