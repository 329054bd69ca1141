package bgp

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Solver computes solutions of one Network, one destination after the other, in memory of its own that it uses again each time.
// It is for one goroutine; several Solvers may share a Network.
//
// The computation goes in rounds. In a round every speaker that heard something new decides, then those that changed their
// minds tell their neighbors. As all decide before any tells, the order within a round does not matter.
type Solver struct {
	network *Network
	plan    *plan

	up   []bool   // by End.Index: both ends are, and there is somebody at both
	dead [][]bool // by Speaker.Index, then member; nil: all live

	asPaths, clusters lists
	communities       communitySets
	metrics           metricTable
	lastMetrics       []lastMetric // by End.Index

	state           // of the destination that is being solved
	waiting []int32 // slots that heard something new
	changed []int32 // slots that changed their minds in this round
	rounds  int

	used    []int32 // speakers of which slots and edges are, since begin
	usedAll bool    // all of them are

	losses losses
	trial  // of a kept destination
	alike  alike

	list, out []Path // what is being put together
	gathered  []edge
	only      [1]Path
	answers   []Path // of Solution.Used and Paths
	chains    hopChains
	route     Route // for policies
	solution  Solution

	// schedule, if set, puts the waiting slots into another order and says how many of them decide now, the others later.
	schedule func(waiting []int32) int
	keepsAll bool // duplicates stay: see dropDuplicates
}

// state is what everybody has of one destination.
type state struct {
	dest      *Destination
	decisions []Decision // by judge
	owner     int32      // Speaker.Index of its owner; -1: none
	slots     []slot     // of speakers, then of the owner
	edges     []edge     // by endPlan.edge of the receiving end; then, by position of the owner's ends, what it sends and what it gets
	nextLocal []int32    // by origination: the next one of the same slot; -1: none
}

// slot is a speaker, all of its members alike, or the destination's owner.
type slot struct {
	members    int32 // alive
	first      int32 // the first of them, among the speaker's
	routerID   uint32
	localRoute int32 // the first origination; -1: none

	heard, fresh       bool // something new; nothing told yet
	newBest, newOthers bool // what this round's decision changed
	nearOwner          bool // has sessions with the owner
	has                bool // a best path
	best               [1]Path
	tells              []Path // over sessions that take all paths
}

// edge is what one slot has accepted of another one's over one session.
type edge []Path

// NewSolver returns a solver. The first one of a Network asks its policies.
func NewSolver(n *Network) *Solver {
	p := n.prepare()
	s := &Solver{
		network: n,
		plan:    p,
		usedAll: true,
		up:      make([]bool, len(p.ends)),

		lastMetrics: make([]lastMetric, len(p.ends)),
		state:       state{owner: -1, slots: make([]slot, len(p.speakers)+1), edges: make([]edge, len(p.ends)+2*p.maxEnds)},
	}
	s.solution.s = s
	room := make([]Path, len(s.edges)) // most edges carry one path
	for i := range s.edges {
		s.edges[i] = room[i : i : i+1]
	}
	lists := make([]int32, 2*len(s.slots))
	s.waiting, s.changed = lists[:0:len(s.slots)], lists[len(s.slots):len(s.slots)]
	s.Fail(nil, nil)
	return s
}

// Reset forgets what was remembered of Network.Resolve's answers and of End.Up: they may have changed.
func (s *Solver) Reset() {
	s.metrics.clear()
	clear(s.lastMetrics)
	clear(s.alike.isApart)
	s.Fail(nil, nil)
}

// Fail takes members away, by index (all of them: the speaker is gone), and the sessions of ends that are down, by End.Index
// and beside End.Up. What an earlier call took away is back. Nil takes nothing away.
func (s *Solver) Fail(dead map[*Speaker][]int, down []bool) {
	s.release()
	s.alike.isJudged = false
	s.dead = nil
	if len(dead) > 0 {
		s.dead = make([][]bool, len(s.network.Speakers))
	}
	for speaker, members := range dead {
		gone := make([]bool, len(speaker.RouterIDs))
		for _, m := range members {
			gone[m] = true
		}
		s.dead[speaker.Index] = gone
	}
	for i := range s.plan.speakers {
		s.populate(int32(i), int32(i), -1)
	}
	for i, e := range s.plan.ends {
		far := i ^ 1
		isUp := s.network.Ends[i].Up && s.network.Ends[far].Up && (down == nil || !down[i] && !down[far])
		s.up[i] = isUp && s.slots[e.speaker].members > 0 && s.slots[e.far].members > 0
	}
	s.lose()
}

// populate fills a slot with the living members of a speaker but one (-1: all).
func (s *Solver) populate(slot, speaker, without int32) {
	members := s.network.Speakers[speaker].RouterIDs
	to := &s.slots[slot]
	to.members, to.first = 0, 0
	for i := len(members) - 1; i >= 0; i-- {
		if int32(i) != without && s.lives(speaker, i) {
			to.members++
			to.first = int32(i)
		}
	}
	to.routerID = numberOf(members[to.first])
}

func (s *Solver) lives(speaker int32, member int) bool {
	return s.dead == nil || s.dead[speaker] == nil || !s.dead[speaker][member]
}

// numberOf returns a router ID as it is compared (RFC 4271 section 9.1.2.2 f).
func numberOf(id netip.Addr) uint32 {
	b := id.As16()
	return binary.BigEndian.Uint32(b[12:])
}

// Solve returns who has which routes to a destination once all messages have been exchanged. The Solution is valid until the
// next Solve or Messages.
func (s *Solver) Solve(d *Destination) *Solution {
	s.solveAll()
	s.begin(d)
	s.settle()
	return &s.solution
}

// settle lets messages travel until there is no news any more, or until it is clear that there always will be.
func (s *Solver) settle() {
	s.solution.Settled, s.solution.Cycle = true, nil
	watch := watch{next: patience}
	for s.rounds = 0; len(s.waiting) > 0 && !s.alike.isUnsure; s.rounds++ {
		s.round()
		if s.rounds >= patience && watch.repeats(s) {
			s.solution.Settled, s.solution.Cycle = false, s.traceCycle(watch.period)
			break
		}
	}
}

// begin forgets the last destination and puts the origins of this one in their slots.
func (s *Solver) begin(d *Destination) {
	s.release()
	if s.owner >= 0 {
		s.populate(s.owner, s.owner, -1)
	}
	judges := len(s.plan.judges)
	s.dest, s.owner = d, -1
	s.decisions = s.plan.decisions[d.Index*judges : (d.Index+1)*judges]
	s.empty()
	s.waiting, s.answers = s.waiting[:0], s.answers[:0]
	s.slots[s.network.OwnerSlot()].members = 0
	if d.Owner != nil {
		s.setOwner(d)
	}
	s.nextLocal = slices.Grow(s.nextLocal[:0], len(d.Origins))[:len(d.Origins)]
	for i := len(d.Origins) - 1; i >= 0; i-- {
		at := int32(d.Origins[i].Speaker.Index)
		if at == s.owner && !d.Origins[i].Others {
			at = int32(s.network.OwnerSlot())
		}
		s.nextLocal[i], s.slots[at].localRoute = s.slots[at].localRoute, int32(i)
		s.wake(at)
	}
}

// empty forgets what is in all slots and edges that were in use, and notes which ones will be.
func (s *Solver) empty() {
	forget := func(at int32, edges []edge) {
		for i := range edges {
			edges[i] = edges[i][:0]
		}
		slot := &s.slots[at]
		slot.has, slot.heard, slot.fresh, slot.nearOwner, slot.localRoute = false, false, true, false, -1
		slot.tells = slot.tells[:0]
	}
	ofSpeakers := len(s.plan.ends)
	forget(int32(s.network.OwnerSlot()), s.edges[ofSpeakers:])
	if s.usedAll {
		for i := range s.plan.speakers {
			forget(int32(i), s.plan.speakers[i].heard(s.edges))
		}
	}
	for _, at := range s.used {
		forget(at, s.plan.speakers[at].heard(s.edges))
	}
	s.used, s.usedAll = s.used[:0], !s.alike.isOn
	if s.alike.isOn {
		s.used = append(s.used, s.alike.solved...)
	}
}

// setOwner gives the owner its slot, and leaves the part's own slot to the others. Where the destination is not the first
// member's, the last one stands for all that it may be: the first of the others is then before it, as it is for all but one.
func (s *Solver) setOwner(d *Destination) {
	s.owner = int32(d.Owner.Index)
	owner := 0
	if !d.First {
		owner = len(d.Owner.RouterIDs) - 1
		for owner > 1 && !s.lives(s.owner, owner) {
			owner--
		}
	}
	at := &s.slots[s.network.OwnerSlot()]
	at.first = int32(owner)
	at.routerID = numberOf(d.Owner.RouterIDs[owner])
	if s.lives(s.owner, owner) {
		at.members = 1
	}
	s.populate(s.owner, s.owner, int32(owner))
	for _, end := range s.plan.speakers[s.owner].ends {
		s.slots[s.plan.ends[end].far].nearOwner = true
	}
}

// wake lets a slot decide in the next round.
func (s *Solver) wake(at int32) {
	if slot := &s.slots[at]; !slot.heard && slot.members > 0 {
		if s.isTrial {
			s.saveSlot(at)
		}
		slot.heard = true
		s.waiting = append(s.waiting, at)
	}
}

// round lets the waiting slots decide, and those that changed their minds tell.
func (s *Solver) round() {
	now := len(s.waiting)
	if s.schedule != nil {
		now = s.schedule(s.waiting)
	}
	s.changed = s.changed[:0]
	for _, at := range s.waiting[:now] {
		s.slots[at].heard = false
		if s.decide(at) {
			s.changed = append(s.changed, at)
		}
	}
	s.waiting = slices.Delete(s.waiting, 0, now)
	for _, at := range s.changed {
		s.tellAll(at)
	}
}
