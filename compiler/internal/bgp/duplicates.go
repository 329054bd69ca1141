package bgp

import "slices"

// dropDuplicates leaves out of list[own:] what a speaker need not tell on although its neighbors take all paths: path counts
// would else multiply from reflector to reflector. A path goes if two others from different senders, or one from its own,
// dominate it. No packet goes another way for that:
//
//   - A neighbor that did not tell the path itself gets one that dominates it at least, as it can be the sender of one of two
//     only, and of none where it sent the path.
//   - Wherever the one that dominates is refused or held back as a loop, the one that goes would have been too: it has the
//     same AS_PATH and ORIGINATOR_ID, and all of the other's CLUSTER_LIST. Policies see no difference between the two.
//   - Where both arrive, the first has the same next hop and wins every comparison with the second, further on too: router ID
//     (as ORIGINATOR_ID), list length and sender are told on, or equal for both.
//
// Dominating is transitive, so it does not matter that those that dominate may go themselves: others then dominate both.
func (s *Solver) dropDuplicates(kind Kind, own int) {
	learned := s.list[own:]
	if len(learned) < 2 || s.keepsAll {
		return
	}
	c := &s.chains
	c.link(learned, len(s.plan.hops))
	c.goes = slices.Grow(c.goes[:0], len(learned))[:len(learned)]
	for i := range learned {
		c.goes[i] = s.isDominated(kind, learned, i)
	}
	kept := own
	for i := range learned {
		if !c.goes[i] {
			s.list[kept] = learned[i]
			kept++
		}
	}
	s.list = s.list[:kept]
}

// isDominated reports whether other paths dominate a path so that it need not be told on.
func (s *Solver) isDominated(kind Kind, paths []Path, i int) bool {
	p := &paths[i]
	var first *Path
	for k := s.chains.head[p.NextHop.Hop]; k >= 0; k = s.chains.next[k] {
		q := &paths[k]
		if int(k) == i || !s.dominates(kind, q, p) {
			continue
		}
		if sameSender(p, q) || first != nil && !sameSender(first, q) {
			return true
		}
		if first == nil {
			first = q
		}
	}
	return false
}

func sameSender(a, b *Path) bool { return a.From == b.From && a.FromOwner == b.FromOwner }

// dominates reports whether q says all that p says, and is preferred.
func (s *Solver) dominates(kind Kind, q, p *Path) bool {
	if q.NextHop != p.NextHop || q.asPath != p.asPath || q.LocalPref != p.LocalPref ||
		q.Preference != p.Preference || q.Incomplete != p.Incomplete || q.communities != p.communities ||
		q.Internal != p.Internal || q.lowestID > p.lowestID {
		return false
	}
	a, b := &s.plan.ends[q.From], &s.plan.ends[p.From]
	if a.client != b.client || a.localASN != b.localASN || a.clusterID != b.clusterID {
		return false
	}
	// ORIGINATOR_ID that the path has, or will be given when it is reflected.
	if q.Internal && s.originatorOf(q) != s.originatorOf(p) {
		return false
	}
	return s.clusters.includes(p.clusterList, q.clusterList) && s.compare(kind, q, p) < 0
}

// originatorOf returns slot + 1 of the speaker that ORIGINATOR_ID names once the path is reflected (RFC 4456 section 8).
func (s *Solver) originatorOf(p *Path) int32 {
	if p.originator != 0 {
		return p.originator
	}
	return s.senderOf(p) + 1
}

// senderOf returns the slot that told a path.
func (s *Solver) senderOf(p *Path) int32 {
	if p.FromOwner {
		return int32(len(s.plan.speakers))
	}
	return s.plan.ends[p.From^1].speaker
}

// hopChains is paths by the Hop of their next hops, as lists of indexes. The zero value is ready to use.
type hopChains struct {
	head []int32 // by Hop.Index; -1: none
	next []int32 // by path
	goes []bool  // by path
	used []int32 // heads that are set
}

// link makes the lists of paths anew.
func (c *hopChains) link(paths []Path, hops int) {
	if len(c.head) != hops {
		c.head = slices.Repeat([]int32{-1}, hops)
	}
	for _, hop := range c.used {
		c.head[hop] = -1
	}
	c.used = c.used[:0]
	c.next = slices.Grow(c.next[:0], len(paths))[:len(paths)]
	for i := range paths {
		hop := paths[i].NextHop.Hop
		c.next[i] = c.head[hop]
		if c.head[hop] < 0 {
			c.used = append(c.used, hop)
		}
		c.head[hop] = int32(i)
	}
}
