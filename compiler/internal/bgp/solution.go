package bgp

import "slices"

// NextHop is a next hop in a solution: a Hop, and whose address of it.
type NextHop struct {
	Hop int32 // in Network.Hops; -1: none, the route is local
	Who Who
}

// Who says which members of a Hop's part a NextHop is.
type Who int32 // no padding: Paths are compared as memory

const (
	Each  Who = iota // every member, but the destination's owner and the one that looks
	Owner            // the destination's owner
	First            // the first member that is not the owner: of members alike, the decision process takes it
)

// Path is one route to a destination as a speaker has it.
type Path struct {
	NextHop     NextHop
	From        int32 // End that it came in by, in Network.Ends; -1: local
	Origination int32 // in Destination.Origins of a local route; else -1
	FromOwner   bool  // the owner sent it, not the others of its part
	Source      Source
	Incomplete  bool // ORIGIN
	Internal    bool // learned by iBGP
	Preference  int32
	LocalPref   uint32
	Metric      Metric
	Count       int32 // how many next hops it stands for: the lowest addresses of NextHop

	asPath, clusterList, communities int32  // interned in the Solver
	asLength, clusterLength          uint16 // of the two lists
	asBits                           uint32 // bitOf the numbers in asPath
	originator                       int32  // slot + 1 of ORIGINATOR_ID; 0: the route has none
	lowestID                         uint32 // router ID or ORIGINATOR_ID that is compared
}

// Reason is why a route went no further.
type Reason uint8

const (
	Passed            Reason = iota
	DeniedExport             // the sender's export policy
	DeniedImport             // the receiver's import policy
	ASLoop                   // the receiver's AS is in the path
	OriginatorLoop           // the receiver is the originator
	ClusterLoop              // the receiver's cluster ID is in the list
	NotReflected             // learned by iBGP, and neither end is a client
	NextHopIsReceiver        // the next hop is the receiver itself
	HeldBack                 // a community says that it must not be told on
	NotBest                  // the sender tells its best path alone
	SessionDown
	SplitHorizon // the receiver is who told it
	Unresolvable // a switch does not tell on what it cannot reach
)

// String returns the reason in a few words.
func (r Reason) String() string { return reasonNames[r] }

var reasonNames = [...]string{
	Passed:            "passed",
	DeniedExport:      "denied by the export policy",
	DeniedImport:      "denied by the import policy",
	ASLoop:            "AS loop",
	OriginatorLoop:    "originator loop",
	ClusterLoop:       "cluster loop",
	NotReflected:      "not reflected",
	NextHopIsReceiver: "next hop is the receiver",
	HeldBack:          "held back by a community",
	NotBest:           "not the best",
	SessionDown:       "session down",
	SplitHorizon:      "split horizon",
	Unresolvable:      "unresolvable next hop",
}

// Message is one route on its way over one session, after everything has settled.
type Message struct {
	From, To int // slots
	End      *End
	Path     Path // as sent; as the sender has it where it was not sent
	Reason   Reason
}

// Solution is who has which routes to one destination. It is valid until its Solver solves another one; the slices that its
// methods return are, too. Shared, do not modify.
type Solution struct {
	Settled bool
	Cycle   []Flip // where nothing settles: who changes to what in turn; after the last the first comes again

	s *Solver
}

// Best returns the path that a slot prefers, nil where it has none. Where its NextHop is Each, the first of them is the best. A
// BIRD may prefer a path whose Metric is Unreachable.
func (x *Solution) Best(slot int) *Path {
	if at := &x.s.slots[slot]; at.has && at.members > 0 {
		return &at.best[0]
	}
	return nil
}

// Used returns the paths that a slot uses at once: the best one, and those equal to it with other next hops, ascending by next
// hop address. Their Counts sum up to at most Speaker.MaxPaths.
func (x *Solution) Used(slot int) []Path {
	s := x.s
	start := len(s.answers)
	s.answers = x.AppendUsed(s.answers, slot)
	return s.answers[start:len(s.answers):len(s.answers)]
}

// AppendUsed appends what Used returns to a slice of the caller's.
func (x *Solution) AppendUsed(to []Path, slot int) []Path {
	best := x.Best(slot)
	if best == nil {
		return to
	}
	s := x.s
	start := len(to)
	to = append(to, *best)
	if best.From < 0 || best.Metric == Unreachable {
		return to
	}
	speaker := s.speakerOf(int32(slot))
	if speaker.maxPaths > 1 {
		for _, paths := range s.heardBy(int32(slot)) {
			for i := range paths {
				if s.sharesWith(speaker, best, &paths[i]) {
					to = merge(to, start, &paths[i])
				}
			}
		}
	}
	return s.limit(to, start, int32(slot), speaker)
}

// Paths returns all paths that a slot has, best first.
func (x *Solution) Paths(slot int) []Path {
	s := x.s
	start := len(s.answers)
	at := &s.slots[slot]
	if at.members == 0 {
		return nil
	}
	for o := at.localRoute; o >= 0; o = s.nextLocal[o] {
		if s.dest.Origins[o].Only == nil {
			s.answers = append(s.answers, Path{})
			s.local(o, &s.answers[len(s.answers)-1])
		}
	}
	for _, paths := range s.heardBy(int32(slot)) {
		s.answers = append(s.answers, paths...)
	}
	all := s.answers[start:len(s.answers):len(s.answers)]
	speaker := s.speakerOf(int32(slot))
	slices.SortStableFunc(all, func(a, b Path) int { return s.compare(speaker.kind, &a, &b) })
	return all
}

// Accepts reports whether a path came in by an end and stayed, at any of the members that it stands for.
func (x *Solution) Accepts(end *End) bool {
	s := x.s
	e := &s.plan.ends[end.Index]
	return len(s.edges[e.edge]) > 0 ||
		e.speaker == s.owner && len(s.edges[s.toOwner(int32(end.Index))]) > 0 ||
		e.far == s.owner && len(s.edges[s.fromOwner(int32(end.Index)^1)]) > 0
}

// ASPath returns a path's AS_PATH, nearest first.
func (x *Solution) ASPath(p *Path) []uint32 { return x.s.asPaths.at(p.asPath) }

// ClusterList returns a path's CLUSTER_LIST, nearest first.
func (x *Solution) ClusterList(p *Path) []uint32 { return x.s.clusters.at(p.clusterList) }

// Communities returns a path's communities, sorted.
func (x *Solution) Communities(p *Path) []Community { return x.s.communities.at(p.communities) }

// Sender returns the slot that told a path; -1: it is local.
func (x *Solution) Sender(p *Path) int {
	if p.From < 0 {
		return -1
	}
	return int(x.s.senderOf(p))
}

// Decides returns the name of the step of a slot's decision process that prefers one path to the other: "shortest AS_PATH".
// It is empty where none does.
func (x *Solution) Decides(slot int, better, worse *Path) string {
	speaker := x.s.speakerOf(int32(slot))
	for _, step := range processes[speaker.kind] {
		if c := step.compare(x.s, better, worse); c != 0 {
			return step.name
		}
	}
	return ""
}
