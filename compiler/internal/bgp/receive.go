package bgp

// take turns what was sent into what the receiver has of it, or says why it has nothing.
func (s *Solver) take(way passage, p *Path) Reason {
	f := &s.plan.ends[way.end^1]
	if s.isLooped(f, p.asPath, p.asBits) {
		return ASLoop
	}
	if p.originator == way.to+1 && s.slots[way.to].members == 1 {
		return OriginatorLoop
	}
	if f.checksList && s.clusters.count(p.clusterList, f.loopID) > 0 {
		return ClusterLoop
	}
	p.Internal = f.internal
	if !f.internal {
		p.LocalPref = defaultLocalPref
	}
	p.Preference = bgpPreference
	switch s.decisions[f.imports] {
	case Reject:
		return DeniedImport
	case Depends:
		if !s.ask(f.imports, p) {
			return DeniedImport
		}
	}
	kind := s.plan.speakers[f.speaker].kind
	if kind == Switch {
		p.Preference = bgpPreference // not a thing of switches
	}
	switch {
	case p.Count > 0:
		p.Metric = s.metricTo(way.end^1, p.NextHop.Hop)
		if f.onLinkOnly && p.Metric != Unreachable && !s.isOnLink(f, p.NextHop.Hop) {
			p.Metric = Unreachable
		}
	case kind == Switch: // refuses its own addresses as next hops, whichever session they come by
		return NextHopIsReceiver
	default: // BIRD keeps the route: nest/rt-table.c rta_apply_hostentry, a way to oneself is none
		p.Metric, p.Count = Unreachable, 1
	}
	p.From = way.end ^ 1
	p.FromOwner = s.isOwner(way.from)
	if p.originator == 0 {
		p.lowestID = s.slots[way.from].routerID
	}
	p.clusterLength = s.clusters.length(p.clusterList)
	return Passed
}

// isOnLink reports whether a next hop is on a network of the own of the speaker that an end belongs to.
func (s *Solver) isOnLink(f *endPlan, hop int32) bool {
	if subnet := s.plan.hops[hop].subnet; subnet != 0 && subnet == f.subnet {
		return true // as by far the most
	}
	return s.network.OnLink != nil && s.network.OnLink(s.network.Speakers[f.speaker], s.network.Hops[hop])
}

// bgpPreference is BIRD's preference of routes learned by BGP (nest/protocol.h DEF_PREF_BGP).
const bgpPreference = 100

// isLooped reports whether the AS of an end is in an AS path more often than it may be (RFC 4271 section 9.1.2).
func (s *Solver) isLooped(f *endPlan, asPath int32, bits uint32) bool {
	return bits&f.localBit != 0 && s.asPaths.count(asPath, f.localASN) > f.allowOwnAS
}

// setASPath gives a path another AS_PATH.
func (s *Solver) setASPath(p *Path, list int32) {
	p.asPath = list
	p.asLength, p.asBits = s.asPaths.length(list), s.asPaths.bits(list)
}
