package bgp

import "slices"

// defaultLocalPref is LOCAL_PREF of routes that are a speaker's own or were learned by eBGP (BIRD: default bgp_local_pref).
const defaultLocalPref = 100

// passage is the way of messages from one slot to another over one session.
type passage struct {
	from, to int32 // slots
	end      int32 // the sender's
	edge     int32 // where the receiver keeps what it accepts
}

// tellAll tells a slot's neighbors what it decided in this round.
func (s *Solver) tellAll(at int32) {
	slot := &s.slots[at]
	speaker := s.speakerOf(at)
	isOwner := s.isOwner(at)
	for _, end := range s.endsOf(at, speaker) {
		e := &s.plan.ends[end]
		if !s.up[end] || (e.sendsAll && !slot.newOthers) || (!e.sendsAll && !slot.newBest) {
			continue
		}
		if !isOwner && e.far != s.owner && e.far != at { // by far the most
			s.deliver(passage{from: at, to: e.far, end: end, edge: s.plan.ends[end^1].edge})
			continue
		}
		for _, way := range s.passages(at, end) {
			if way.edge >= 0 {
				s.deliver(way)
			}
		}
	}
}

// passages returns the ways by which a slot's messages leave by an end: to the far speaker, and to the owner where that is one
// of its members. Where there is no such way, its edge is -1.
func (s *Solver) passages(at, end int32) [2]passage {
	e := &s.plan.ends[end]
	owner := int32(len(s.plan.speakers))
	others := passage{from: at, to: e.far, end: end, edge: s.plan.ends[end^1].edge}
	one := passage{from: at, to: owner, end: end, edge: -1}
	switch {
	case !e.sends(end):
		others.edge = -1
		return [2]passage{others, one}
	case s.isOwner(at):
		others.edge = s.fromOwner(end)
	case e.far == s.owner && s.slots[owner].members > 0:
		one.edge = s.toOwner(end ^ 1)
	}
	if s.slots[e.far].members == 0 || e.far == at && s.slots[at].members == 1 {
		others.edge = -1
	}
	return [2]passage{others, one}
}

// deliver sends what a slot tells over one session, and wakes the receiver if that changes what it has.
func (s *Solver) deliver(way passage) {
	e, f := &s.plan.ends[way.end], &s.plan.ends[way.end^1]
	isPlain := !e.asOverride && s.decisions[e.exports] == Accept
	count := 0
	var last *Path // that was accepted
	for i, paths := 0, s.told(way); i < len(paths); i++ {
		p := &paths[i]
		if isPlain && s.isLooped(f, p.asPath, p.asBits) {
			continue // take would find the loop, but later
		}
		if !e.internal && last != nil && e.saysSame(last, p) {
			continue // eBGP carries no CLUSTER_LIST and ORIGINATOR_ID: the receiver would have one route twice
		}
		if count == len(s.out) {
			s.out = append(s.out, Path{})
		}
		sent := &s.out[count]
		if s.tell(way, p, sent) == Passed && s.take(way, sent) == Passed {
			last = p
			count++
		}
	}
	if count > 0 && s.alike.isOn && s.isHub(way.to) {
		s.doubt(way.from)
	}
	if to := &s.edges[way.edge]; !slices.Equal(*to, s.out[:count]) {
		if s.isTrial {
			s.saveEdge(way.edge)
		}
		*to = append((*to)[:0], s.out[:count]...)
		s.wake(way.to)
	}
}

// saysSame reports whether two paths leave by an end of an eBGP session as one and the same.
func (e *endPlan) saysSame(a, b *Path) bool {
	return a.asPath == b.asPath && (a.NextHop == b.NextHop || e.nextHop == Self) && a.LocalPref == b.LocalPref &&
		a.Preference == b.Preference && a.communities == b.communities && a.Incomplete == b.Incomplete &&
		a.Source == b.Source && a.Origination == b.Origination
}

// told returns what a slot tells over one session, before policies: a route made for that session alone, else its best path, or
// all of them. Valid until the next call.
func (s *Solver) told(way passage) []Path {
	slot := &s.slots[way.from]
	if o := s.madeFor(way); o >= 0 {
		s.local(o, &s.only[0])
		return s.only[:]
	}
	switch {
	case s.plan.ends[way.end].sendsAll:
		return slot.tells
	case slot.has:
		return slot.best[:]
	}
	return nil
}

// madeFor returns the origination of the sender's that is announced on some ends alone, this one among them; -1: none.
func (s *Solver) madeFor(way passage) int32 {
	for o := s.slots[way.from].localRoute; o >= 0; o = s.nextLocal[o] {
		for _, only := range s.dest.Origins[o].Only {
			if only.Index == int(way.end) {
				return o
			}
		}
	}
	return -1
}

// tell makes of a path of the sender's what leaves for the receiver, or says why nothing does.
func (s *Solver) tell(way passage, p, sent *Path) Reason {
	e := &s.plan.ends[way.end]
	if p.From >= 0 {
		if reason := s.mayTell(way, e, p); reason != Passed {
			return reason
		}
	}
	*sent = *p
	isBIRD := s.plan.speakers[e.speaker].kind == BIRD
	if isBIRD && !e.internal { // before the filter sees the route: proto/bgp/attrs.c bgp_import_control
		s.prependOwnAS(e, sent)
	}
	switch s.decisions[e.exports] {
	case Reject:
		return DeniedExport
	case Depends:
		if !s.ask(e.exports, sent) {
			return DeniedExport
		}
	}
	if !s.setNextHop(way, e, p, sent) {
		return NextHopIsReceiver
	}
	if e.internal {
		s.reflect(way, e, p, sent)
	} else {
		if !isBIRD {
			s.prependOwnAS(e, sent)
		}
		sent.clusterList, sent.originator = 0, 0
	}
	sent.Origination, sent.Source = -1, FromBGP
	return Passed
}

// prependOwnAS gives a path the AS_PATH with which it crosses eBGP.
func (s *Solver) prependOwnAS(e *endPlan, sent *Path) {
	asPath := sent.asPath
	if e.asOverride {
		asPath = s.asPaths.replace(asPath, e.farASN, e.localASN)
	}
	s.setASPath(sent, s.asPaths.prepend(e.localASN, asPath))
}

// mayTell says whether a path that was learned by BGP may be told on, before policies.
func (s *Solver) mayTell(way passage, e *endPlan, p *Path) Reason {
	kind := s.plan.speakers[e.speaker].kind
	if kind == Switch && p.Metric == Unreachable {
		return Unresolvable
	}
	if way.end>>1 == p.From>>1 && !s.hasOthers(way, p) {
		return SplitHorizon
	}
	if s.communities.holdsBack(p.communities, !e.internal) {
		return HeldBack
	}
	if !e.internal {
		return Passed
	}
	if e.holdsLoops && p.clusterList != 0 && s.clusters.count(p.clusterList, e.clusterID) > 0 {
		return ClusterLoop
	}
	from := &s.plan.ends[p.From]
	if s.isReflection(kind, from, e) && !from.client && !e.client {
		return NotReflected
	}
	return Passed
}

// hasOthers reports whether the slot that a path came from has members other than the one that told it, so that one of them
// may be told in its turn.
func (s *Solver) hasOthers(way passage, p *Path) bool {
	if way.to != s.senderOf(p) {
		return true // the owner and the others of its part have sessions of their own
	}
	others := s.slots[way.to].members - 1
	if way.to == way.from {
		others-- // the one that tells
	}
	return others > 0
}

// isReflection reports whether to tell by one end what was learned by another one is reflection. BIRD: both sessions are iBGP
// with one local AS, proto/bgp/attrs.c bgp_import_control.
func (s *Solver) isReflection(kind Kind, learned, told *endPlan) bool {
	return learned.internal && told.internal && (kind == Switch || learned.localASN == told.localASN)
}

// reflect adds what a route reflector adds (RFC 4456 section 8). BIRD adds the cluster ID of the session that the route came by
// if that is a client's, else that of the session that it leaves by, and both where they differ.
func (s *Solver) reflect(way passage, e *endPlan, p, sent *Path) {
	if p.From < 0 {
		return
	}
	from := &s.plan.ends[p.From]
	if !s.isReflection(s.plan.speakers[e.speaker].kind, from, e) {
		return
	}
	if p.originator == 0 {
		sent.originator = s.senderOf(p) + 1
	}
	id := e.clusterID
	if from.client {
		id = from.clusterID
	}
	sent.clusterList = s.clusters.prepend(id, sent.clusterList)
	if from.client && e.client && from.clusterID != e.clusterID {
		sent.clusterList = s.clusters.prepend(e.clusterID, sent.clusterList)
	}
}

// ask lets a policy judge a path, and change it.
func (s *Solver) ask(judge int32, p *Path) bool {
	r := &s.route
	*r = Route{
		Source:      p.Source,
		ASPath:      s.asPaths.at(p.asPath),
		LocalPref:   p.LocalPref,
		Communities: s.communities.at(p.communities),
		Preference:  int(p.Preference),
	}
	if p.Origination >= 0 {
		r.Interface = s.dest.Origins[p.Origination].Interface
	}
	path := r.ASPath
	if !s.plan.judges[judge].Decide(s.dest, r) {
		return false
	}
	if len(path) != len(r.ASPath) || len(path) > 0 && &path[0] != &r.ASPath[0] {
		s.setASPath(p, s.asPaths.intern(r.ASPath))
	}
	p.communities = s.communities.intern(r.Communities, p.communities)
	p.LocalPref, p.Preference = r.LocalPref, int32(r.Preference)
	return true
}
