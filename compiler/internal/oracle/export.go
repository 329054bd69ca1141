package oracle

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// maxPriority is what LOCAL_PREF and kernel metric add up to, normalPriority the metric of routes that nothing sets apart
// (Calico 3.32, ipv4NormalRoutePriority).
const (
	maxPriority    = 2147483647
	normalPriority = 1024
)

const defaultLocalPref = 100

// accept returns a received route's attributes after the checks for loops and the import policy, or nil.
func (sp *speaker) accept(r *route, p netip.Prefix) *attributes {
	in, a := r.in, *r.received
	if !in.isInternal {
		a.originator, a.clusterList, a.localPref = 0, nil, defaultLocalPref
	}
	own := 0
	for _, asn := range a.asPath {
		if asn == in.localASN {
			own++
		}
	}
	if own > in.allowOwnAS || a.originator != 0 && a.originator == sp.routerID {
		return nil
	}
	switch {
	case sp.node != nil:
		if in.isClient && slices.Contains(a.clusterList, in.clusterID) {
			return nil // BIRD looks for its cluster ID only where it reflects
		}
		return sp.acceptBIRD(r, p, &a)
	case sp.router != nil:
		id := sp.routerID
		if in.clusterID != 0 {
			id = in.clusterID
		}
		if slices.Contains(a.clusterList, id) || sp.has(a.nextHop) || !permits(in.config[fabric.FamilyOf(p.Addr())].In, p) {
			return nil
		}
	}
	return &a
}

// acceptBIRD applies the import rules of BGPFilters; what none matches is accepted.
func (sp *speaker) acceptBIRD(r *route, p netip.Prefix, a *attributes) *attributes {
	for _, f := range r.in.peering.filters {
		switch f.judge(f.imports, &judged{prefix: p, attributes: a, session: r.in, isLearned: true, iface: r.iface}) {
		case refused:
			return nil
		case accepted:
			return sp.elevate(r, a)
		}
	}
	return sp.elevate(r, a)
}

// elevate prefers routes of a priority above the normal one to static ones.
func (sp *speaker) elevate(r *route, a *attributes) *attributes {
	if sp.node.atLeast(32, 0) && a.localPref > maxPriority-normalPriority {
		r.preference = 200
	}
	return a
}

// export returns the attributes that a session sends a route with, or nil where it doesn't send it. r may be nil.
func (s *session) export(r *route, p netip.Prefix) *attributes {
	var a *attributes
	c := s.config[fabric.FamilyOf(p.Addr())]
	switch {
	case s.owner.external != nil:
		return nil
	case c != nil && c.DefaultOriginate && p.Bits() == 0:
		return s.ownDefault()
	case r == nil || r.attributes == nil || r.isHidden || r.in == s:
		return nil
	case s.owner.node != nil:
		a = s.exportBIRD(r, p)
	default:
		a = s.exportSwitch(r, p, c)
	}
	isOwnStatic := s.owner.sw != nil && r.in == nil        // FRR does not ask
	if a == nil || a.nextHop == s.remote && !isOwnStatic { // a route is never sent to its own next hop (RFC 4271 section 5.1.3)
		return nil
	}
	if !s.isInternal {
		a.localPref, a.originator, a.clusterList = 0, 0, nil
	}
	return a
}

// ownDefault is the default route that a switch makes for a session, whatever its policy and its table.
func (s *session) ownDefault() *attributes {
	a := &attributes{nextHop: s.local}
	if s.isInternal {
		a.localPref = defaultLocalPref
	} else {
		a.asPath = []uint32{s.localASN}
	}
	return a
}

// mayPassOn reports whether a learned route may be sent over a session at all, and whether that is reflection (RFC 4456).
func (s *session) mayPassOn(r *route) (ok, reflected bool) {
	if slices.Contains(r.communities, noAdvertise) ||
		!s.isInternal && (slices.Contains(r.communities, noExport) || slices.Contains(r.communities, noExportSubconfed)) {
		return false, false
	}
	if s.isInternal && r.in.isInternal && s.localASN == r.in.localASN {
		return s.isClient || r.in.isClient, true
	}
	return true, false
}

// reflect adds what RFC 4456 section 8 asks of a reflector. The cluster ID is that of the session with the client.
func (s *session) reflect(a *attributes, r *route) {
	if a.originator == 0 {
		a.originator = r.in.far.owner.routerID
	}
	id := s.clusterID
	if r.in.isClient {
		id = r.in.clusterID
	}
	a.clusterList = slices.Concat([]uint32{id}, a.clusterList)
}

// exportBIRD is what BIRD does before and while it runs Calico's export filter (proto/bgp/attrs.c bgp_import_control).
func (s *session) exportBIRD(r *route, p netip.Prefix) *attributes {
	a := *r.attributes
	if r.in == nil {
		a = attributes{localPref: defaultLocalPref, nextHop: s.ownNextHop(r)}
	} else {
		ok, reflected := s.mayPassOn(r)
		if !ok || s.isClient && slices.Contains(a.clusterList, s.clusterID) {
			return nil
		}
		if !s.keepsNextHop(r) {
			a.nextHop = s.local
		}
		if reflected {
			s.reflect(&a, r)
		}
	}
	if !s.isInternal {
		a.asPath = slices.Concat([]uint32{s.localASN}, a.asPath)
	}
	if !s.exportFilter(r, p, &a) {
		return nil
	}
	return &a
}

// keepsNextHop reports whether BIRD leaves the next hop of a learned route (bgp_update_attrs).
func (s *session) keepsNextHop(r *route) bool {
	return s.nextHop != self && (s.nextHop == keep || s.isInternal || s.onSameInterface(r))
}

// ownNextHop is the next hop of a route of the node's own (bgp_create_attrs).
func (s *session) ownNextHop(r *route) netip.Addr {
	if s.nextHop == self || r.to != via || !r.gateway.IsValid() || r.gateway.IsLinkLocalUnicast() ||
		!s.isInternal && s.nextHop != keep && !s.onSameInterface(r) {
		return s.local
	}
	return r.gateway
}

// onSameInterface reports whether a session of one hop and a route lead out of one interface.
func (s *session) onSameInterface(r *route) bool {
	c := s.owner.onSubnet(s.remote)
	return !s.isMultihop && c != nil && c.name == r.iface
}

// exportSwitch is what a switch sends: what its policy permits, with itself as next hop on eBGP, unless the next hop is on the
// subnet that it shares with the neighbor (RFC 4271 section 5.1.3).
func (s *session) exportSwitch(r *route, p netip.Prefix, c *fabric.FamilyConfig) *attributes {
	a := *r.attributes
	if !permits(c.Out, p) {
		return nil
	}
	isUnchanged := false
	if r.in != nil {
		ok, reflected := s.mayPassOn(r)
		if !ok {
			return nil
		}
		if reflected {
			s.reflect(&a, r)
		}
	}
	if a.nextHop.IsValid() {
		isUnchanged = s.keepsNextHopOfSwitch(r, c)
	}
	if !isUnchanged {
		a.nextHop = s.local
	}
	if s.isInternal {
		return &a
	}
	if c.ASOverride {
		a.asPath = slices.Clone(a.asPath)
		for i, asn := range a.asPath {
			if asn == s.far.localASN {
				a.asPath[i] = s.localASN
			}
		}
	}
	a.asPath = slices.Concat([]uint32{s.localASN}, a.asPath)
	return &a
}

func (s *session) keepsNextHopOfSwitch(r *route, c *fabric.FamilyConfig) bool {
	if s.isInternal {
		return r.in != nil && r.in.isInternal || !c.NextHopSelf
	}
	shared := s.owner.onSubnet(s.remote)
	return shared != nil && shared.prefix.Masked().Contains(r.attributes.nextHop)
}

// permits judges a prefix by the prefix lists of a policy; terms for static routes are no session's.
func permits(policy *fabric.Policy, p netip.Prefix) bool {
	for _, t := range policy.Terms {
		if t.PrefixList == nil {
			return true
		}
		for _, e := range t.PrefixList.Entries {
			low, high := e.Prefix.Bits(), e.Prefix.Bits()
			if e.GE > 0 {
				low, high = e.GE, p.Addr().BitLen()
			}
			if e.LE > 0 {
				high = e.LE
			}
			if within(p, e.Prefix) && low <= p.Bits() && p.Bits() <= high {
				return true
			}
		}
	}
	return false
}
