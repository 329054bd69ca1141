package bgp

import (
	"cmp"
	"slices"
)

// step is one step of a decision process.
type step struct {
	name     string
	compare  func(s *Solver, a, b *Path) int // below 0: a is preferred
	tieBreak bool                            // paths that differ in this step alone may be used side by side
}

// processes is RFC 4271 sections 9.1.1 and 9.1.2.2 and RFC 4456 section 9, in order, as each Kind has it. The first step in which
// two paths differ decides. Nothing here is MULTI_EXIT_DISC, which no speaker sends: so "is better than" is transitive, and
// comparing pairs finds the best of all.
var processes = [...][]step{
	BIRD: {
		{name: "highest preference", compare: func(_ *Solver, a, b *Path) int { return cmp.Compare(b.Preference, a.Preference) }},
		ownRoute, resolvable, localPref, shortestPath, origin, external, metric, routerID, clusterList, peerAddress, arrival,
	},
	Switch: {
		ownRoute, resolvable, localPref, shortestPath, origin, external, metric, routerID, clusterList, peerAddress, arrival,
	},
}

var (
	ownRoute = step{name: "own route", compare: func(_ *Solver, a, b *Path) int {
		return compareFlags(b.From < 0, a.From < 0)
	}}
	resolvable = step{name: "resolvable next hop", compare: func(_ *Solver, a, b *Path) int {
		return compareFlags(a.Metric == Unreachable, b.Metric == Unreachable)
	}}
	localPref = step{name: "highest LOCAL_PREF", compare: func(_ *Solver, a, b *Path) int {
		return cmp.Compare(b.LocalPref, a.LocalPref)
	}}
	shortestPath = step{name: "shortest AS_PATH", compare: func(_ *Solver, a, b *Path) int {
		return cmp.Compare(a.asLength, b.asLength)
	}}
	origin = step{name: "lowest ORIGIN", compare: func(_ *Solver, a, b *Path) int {
		return compareFlags(a.Incomplete, b.Incomplete)
	}}
	external = step{name: "eBGP over iBGP", compare: func(_ *Solver, a, b *Path) int {
		return compareFlags(a.Internal, b.Internal)
	}}
	metric = step{name: "lowest metric to the next hop", compare: func(_ *Solver, a, b *Path) int {
		return cmp.Compare(a.Metric, b.Metric)
	}}
	routerID = step{name: "lowest router ID", tieBreak: true, compare: func(_ *Solver, a, b *Path) int {
		return cmp.Compare(a.lowestID, b.lowestID)
	}}
	clusterList = step{name: "shortest CLUSTER_LIST", tieBreak: true, compare: func(_ *Solver, a, b *Path) int {
		return cmp.Compare(a.clusterLength, b.clusterLength)
	}}
	peerAddress = step{name: "lowest peer address", tieBreak: true, compare: func(s *Solver, a, b *Path) int {
		if a.From < 0 || a.From == b.From && a.FromOwner == b.FromOwner {
			return 0
		}
		return s.peerAddress(a).Compare(s.peerAddress(b))
	}}

	// Paths of one peer that are equal so far stay in the order in which they came, which is chance. So that the same input
	// gives the same result, the order of what they say stands in for it.
	arrival = step{name: "order of arrival", tieBreak: true, compare: func(s *Solver, a, b *Path) int {
		c := cmp.Or(
			s.compareNextHops(a.NextHop, b.NextHop),
			cmp.Compare(a.NextHop.Who, b.NextHop.Who),
			cmp.Compare(a.Origination, b.Origination),
		)
		if c != 0 {
			return c
		}
		if a.From >= 0 && (a.asPath != b.asPath || a.clusterList != b.clusterList) {
			s.doubt(s.plan.ends[a.From].speaker) // numbers of others are among them
		}
		return cmp.Or(
			slices.Compare(s.asPaths.at(a.asPath), s.asPaths.at(b.asPath)),
			slices.Compare(s.clusters.at(a.clusterList), s.clusters.at(b.clusterList)),
			cmp.Compare(a.originator, b.originator),
			slices.CompareFunc(s.communities.at(a.communities), s.communities.at(b.communities), compareCommunities),
			cmp.Compare(a.From, b.From),
		)
	}}
)

// compareNextHops compares the first addresses of two next hops, then their Hops. Local routes have none, and come first.
func (s *Solver) compareNextHops(a, b NextHop) int {
	if a.Hop == b.Hop || a.Hop < 0 || b.Hop < 0 {
		return cmp.Compare(a.Hop, b.Hop)
	}
	return cmp.Or(s.network.Hops[a.Hop].Addrs[0].Compare(s.network.Hops[b.Hop].Addrs[0]), cmp.Compare(a.Hop, b.Hop))
}

// compareFlags is below 0 where a is false and b is true.
func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compare is below 0 where a speaker of this kind prefers a.
func (s *Solver) compare(kind Kind, a, b *Path) int {
	isTie := isTie(a, b)
	process := processes[kind]
	for i := range process {
		if isTie && !process[i].tieBreak {
			continue
		}
		if c := process[i].compare(s, a, b); c != 0 {
			return c
		}
	}
	return 0
}

// isTie reports whether two paths are equal in all steps before those that break ties, as most that are compared are.
func isTie(a, b *Path) bool {
	return a.LocalPref == b.LocalPref && a.asLength == b.asLength && a.Metric == b.Metric && a.Internal == b.Internal &&
		a.Preference == b.Preference && a.Incomplete == b.Incomplete && a.From < 0 == (b.From < 0)
}

// sharesWith reports whether a speaker uses p beside its best path. BIRD: proto/bgp/attrs.c bgp_rte_mergable.
func (s *Solver) sharesWith(speaker *speakerPlan, best, p *Path) bool {
	return best.From >= 0 && p.Metric != Unreachable && isTie(best, p) && (speaker.relaxAS || s.haveLikeASPaths(best, p))
}

// haveLikeASPaths reports whether two paths of equal length are equal for multipath where nobody relaxed that: by iBGP the same
// AS path, by eBGP from neighbors of one AS. FRR: bgpd/bgp_route.c bgp_path_info_cmp, step 11.
func (s *Solver) haveLikeASPaths(a, b *Path) bool {
	if a.Internal {
		return a.asPath == b.asPath
	}
	return s.plan.ends[a.From].farASN == s.plan.ends[b.From].farASN
}
