package bgp

// setNextHop gives a path the NEXT_HOP with which it leaves (RFC 4271 section 5.1.3) and reports whether it leaves: not with
// the receiver's own address, which BIRD calls an invalid NEXT_HOP (proto/bgp/attrs.c bgp_get_bucket).
func (s *Solver) setNextHop(way passage, e *endPlan, p, sent *Path) bool {
	nh := NextHop{Hop: e.hop, Who: Each}
	if s.isOwner(way.from) {
		nh.Who = Owner
	}
	if kept, ok := s.keptNextHop(e, p); ok {
		nh = kept
		if !e.sendsAll && nh.Who == Each && s.membersOf(nh.Hop) > 1 {
			nh.Who = First
		}
	}
	sent.NextHop = nh
	sent.Count = s.countFor(nh, way.to)
	isReceiver := s.plan.ends[way.end^1].hop == nh.Hop
	if p.From < 0 && s.plan.speakers[e.speaker].kind == Switch {
		return true // FRR sends a static route with the receiver's address for next hop
	}
	return !isReceiver || sent.Count > 0 && s.plan.hops[nh.Hop].speaker >= 0
}

// keptNextHop returns the next hop that a path already has, where it keeps it.
func (s *Solver) keptNextHop(e *endPlan, p *Path) (NextHop, bool) {
	nh := p.NextHop
	if p.From < 0 {
		o := &s.dest.Origins[p.Origination]
		gateway := o.Gateway
		if gateway == nil || o.Tunneled && e.nextHop == ThirdParty {
			return nh, false
		}
		nh = NextHop{Hop: int32(gateway.Index), Who: Each}
		if gateway.Speaker != nil && gateway.Speaker == s.dest.Owner {
			nh.Who = Owner
		}
	}
	switch e.nextHop {
	case Unchanged:
		return nh, true
	case ThirdParty:
		// BIRD goes by the interface (proto/bgp/attrs.c bgp_update_attrs): a gateway is behind that of the session.
		if s.plan.speakers[e.speaker].kind == BIRD && p.From >= 0 && p.Metric == ViaGateway {
			return nh, true
		}
		subnet := s.plan.hops[nh.Hop].subnet
		return nh, subnet != 0 && subnet == e.subnet
	case SelfOnExternal:
		return nh, p.From >= 0 && p.Internal
	}
	return nh, false // Self
}

// membersOf returns how many members of a Hop's part NextHops of it by Each or First can be.
func (s *Solver) membersOf(hop int32) int32 {
	speaker := s.plan.hops[hop].speaker
	if speaker < 0 || s.plan.hops[hop].single {
		return 1
	}
	return s.slots[speaker].members
}

// countFor returns how many next hops a NextHop is for one member of a slot: its own address is none.
func (s *Solver) countFor(nh NextHop, at int32) int32 {
	hop := &s.plan.hops[nh.Hop]
	speaker := hop.speaker
	if speaker < 0 || hop.single && speaker != at && nh.Who != Owner {
		return 1
	}
	switch {
	case nh.Who == Owner && s.isOwner(at):
		return 0
	case nh.Who == Owner:
		return 1
	}
	others := s.slots[speaker].members
	if at == speaker {
		others--
	} else {
		others = max(1, others) // a gateway that is gone: resolving finds out
	}
	if nh.Who == First {
		return min(1, others)
	}
	return others
}
