package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// switchPolicy is the route policy of one session of a switch.
type switchPolicy struct {
	policy  *fabric.Policy
	session *Session
	family  int  // index
	makes   bool // a default route for this session; exports only
}

func newSwitchPolicies(s *Session, f fabric.Family) (imp, exp bgp.Policy) {
	config := s.familyConfig(f)
	if config == nil {
		return nil, nil
	}
	index := familyIndex(f)
	return &switchPolicy{config.In, s, index, false}, &switchPolicy{config.Out, s, index, config.DefaultOriginate}
}

// familyConfig is what a switch's session carries of a family; nil: it does not, or this is no switch's.
func (s *Session) familyConfig(f fabric.Family) *fabric.FamilyConfig {
	var families []*fabric.FamilyConfig
	switch {
	case s.neighbor != nil && s.neighbor.Group != nil:
		families = s.neighbor.Group.Families
	case s.neighbor != nil:
		families = s.neighbor.Families
	case s.listen != nil:
		families = s.listen.Group.Families
	}
	for _, c := range families {
		if c.Family == f {
			return c
		}
	}
	return nil
}

// Decisions implements bgp.Policy. The slice may be shared.
func (p *switchPolicy) Decisions(all []*bgp.Destination) []bgp.Decision {
	decisions := p.permitted(all)
	if !p.makes {
		return decisions
	}
	own := decisions
	for i, d := range all {
		if decisions[i] == bgp.Accept || !p.makesDefault(d) {
			continue
		}
		if &own[0] == &decisions[0] {
			own = slices.Clone(decisions)
		}
		own[i] = bgp.Depends
	}
	return own
}

// permitted judges all destinations by the terms alone.
func (p *switchPolicy) permitted(all []*bgp.Destination) []bgp.Decision {
	var cache *permitCache
	if d := p.session.Part.domains[p.family]; d != nil {
		cache = &d.permits
	}
	if lists := p.lists(); len(lists) == 1 {
		return cache.judge(lists[0].Entries, all)
	}
	decisions := make([]bgp.Decision, len(all))
	for i, d := range all {
		decisions[i] = bgp.Reject
		if p.term(d.Prefix) != nil {
			decisions[i] = bgp.Accept
		}
	}
	return decisions
}

// lists are the prefix lists of the terms; nil where they are not all that the terms ask for.
func (p *switchPolicy) lists() []*fabric.PrefixList {
	var all []*fabric.PrefixList
	for i := range p.policy.Terms {
		t := &p.policy.Terms[i]
		if t.PrefixList == nil || t.Tag != 0 {
			return nil
		}
		all = append(all, t.PrefixList)
	}
	return all
}

// term returns the term that permits a prefix learned by BGP, or nil. Tags are of static routes: such a term matches none.
func (p *switchPolicy) term(prefix netip.Prefix) *fabric.Term {
	for i := range p.policy.Terms {
		t := &p.policy.Terms[i]
		if t.Tag == 0 && (t.PrefixList == nil || permits(t.PrefixList.Entries, prefix)) {
			return t
		}
	}
	return nil
}

// permits reports whether some entry permits a prefix.
func permits(entries []fabric.PrefixEntry, p netip.Prefix) bool {
	return slices.ContainsFunc(entries, func(e fabric.PrefixEntry) bool { return entryPermits(&e, p) })
}

func entryPermits(e *fabric.PrefixEntry, p netip.Prefix) bool {
	low, high := e.Lengths()
	return low <= p.Bits() && p.Bits() <= high && covering(e.Prefix, p)
}

// makesDefault reports whether the switch makes a default route for this session. Such a route passes no policy: "neighbor
// default-originate" sends it past the outbound prefix list (FRR, bgpd/bgp_route.c subgroup_default_originate).
func (p *switchPolicy) makesDefault(d *bgp.Destination) bool {
	end := p.session.ends[p.family]
	return end != nil && d.Prefix.Bits() == 0 && slices.ContainsFunc(d.Origins, func(o bgp.Origination) bool {
		return o.Speaker == end.Speaker && slices.Contains(o.Only, end)
	})
}

// Decide implements bgp.Policy.
func (p *switchPolicy) Decide(d *bgp.Destination, r *bgp.Route) bool {
	return p.makes && r.Source != bgp.FromBGP && p.makesDefault(d) || p.term(d.Prefix) != nil
}

func (p *switchPolicy) mentions(visited map[any]bool, within addressRange, visit func(netip.Prefix)) {
	for _, list := range p.lists() {
		first := &list.Entries[0] // many lists share their entries
		if visited[first] {
			continue
		}
		visited[first] = true
		from, _ := slices.BinarySearchFunc(list.Entries, within.first, func(e fabric.PrefixEntry, a netip.Addr) int {
			return e.Prefix.Addr().Compare(a)
		})
		for i := from; i < len(list.Entries) && !within.last.Less(list.Entries[i].Prefix.Addr()); i++ {
			visit(list.Entries[i].Prefix)
		}
	}
}

func (p *switchPolicy) explain(d *bgp.Destination, r bgp.Route) (rule string, at source.Path) {
	name, at := p.session.Part.Switch.Name, p.session.Part.Switch.At()
	if p.makes && r.Source != bgp.FromBGP && p.makesDefault(d) {
		return name + " makes a default route for this session", at.Fields("bgp", "defaultOriginate")
	}
	if t := p.term(d.Prefix); t != nil {
		if t.PrefixList == nil {
			return "policy " + p.policy.Name + " of " + name + " permits everything", at
		}
		return "prefix list " + t.PrefixList.Name + " of " + name + " permits it", at
	}
	if lists := p.lists(); len(lists) == 1 {
		return "prefix list " + lists[0].Name + " of " + name + " does not permit it", at
	}
	return "policy " + p.policy.Name + " of " + name + " does not permit it", at
}
