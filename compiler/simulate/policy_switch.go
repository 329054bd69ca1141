package simulate

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// switchPolicy is the route policy of one session of a switch.
type switchPolicy struct {
	policy  *fabric.Policy
	session *Session
	family  int // index
	dir     direction
}

func newSwitchPolicies(s *Session, f fabric.Family) (imp, exp bgp.Policy) {
	config := s.familyConfig(f)
	if config == nil {
		return nil, nil
	}
	index := familyIndex(f)
	return &switchPolicy{config.In, s, index, imports}, &switchPolicy{config.Out, s, index, exports}
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
	if p.dir == imports {
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
		return cache.decisions(lists[0].Entries, all)
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
	return p.dir == exports && r.Source != bgp.FromBGP && p.makesDefault(d) || p.term(d.Prefix) != nil
}

func (p *switchPolicy) mentions(visited map[any]bool, visit func(netip.Prefix)) {
	for _, list := range p.lists() {
		if visited[list] {
			continue
		}
		visited[list] = true
		for i := range list.Entries {
			visit(list.Entries[i].Prefix)
		}
	}
}

func (p *switchPolicy) explain(d *bgp.Destination, r bgp.Route) (rule string, at source.Path) {
	name, at := p.session.Part.Switch.Name, p.session.Part.Switch.At()
	if p.dir == exports && r.Source != bgp.FromBGP && p.makesDefault(d) {
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

// permitCache remembers what prefix lists say of a domain's destinations. Lists of the same entries are judged once: those of
// switches that play the same part differ in name alone.
type permitCache struct {
	mu    sync.Mutex
	known map[permitKey][]permitted
}

// permitKey is equal for equal lists, and rarely for others.
type permitKey struct {
	length      int
	first, last fabric.PrefixEntry
}

type permitted struct {
	entries   []fabric.PrefixEntry
	of        []*bgp.Destination
	decisions []bgp.Decision
}

// decisions judges destinations by a list of at least one entry. The slice is shared, do not modify.
func (c *permitCache) decisions(entries []fabric.PrefixEntry, all []*bgp.Destination) []bgp.Decision {
	if c == nil || len(all) == 0 {
		return mergePermits(entries, all)
	}
	key := permitKey{len(entries), entries[0], entries[len(entries)-1]}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.known[key] {
		if len(k.of) == len(all) && k.of[0] == all[0] && slices.Equal(k.entries, entries) {
			return k.decisions
		}
	}
	if c.known == nil {
		c.known = map[permitKey][]permitted{}
	}
	decisions := mergePermits(entries, all)
	c.known[key] = append(c.known[key], permitted{entries, all, decisions})
	return decisions
}

// mergePermits judges destinations by entries sorted by prefix: one walk along both, with the entries around the destination
// at hand on a stack, so that the cost is the sum of the two, not the product. Destinations come sorted by prefix from
// addDestinations; others are sorted here.
func mergePermits(entries []fabric.PrefixEntry, all []*bgp.Destination) []bgp.Decision {
	sorted := all
	byPrefix := func(a, b *bgp.Destination) int {
		return cmp.Or(fabric.ComparePrefix(a.Prefix, b.Prefix), cmp.Compare(a.Index, b.Index))
	}
	if !slices.IsSortedFunc(all, byPrefix) {
		sorted = slices.SortedFunc(slices.Values(all), byPrefix)
	}
	decisions := make([]bgp.Decision, len(all))
	var around []*fabric.PrefixEntry
	next := 0
	for _, d := range sorted {
		for next < len(entries) && fabric.ComparePrefix(entries[next].Prefix, d.Prefix) <= 0 {
			e := &entries[next]
			next++
			around = append(dropBeside(around, e.Prefix), e)
		}
		around = dropBeside(around, d.Prefix)
		decisions[d.Index] = bgp.Reject
		for _, e := range around {
			if low, high := e.Lengths(); low <= d.Prefix.Bits() && d.Prefix.Bits() <= high {
				decisions[d.Index] = bgp.Accept
				break
			}
		}
	}
	return decisions
}

// dropBeside pops the entries that p does not lie in.
func dropBeside(around []*fabric.PrefixEntry, p netip.Prefix) []*fabric.PrefixEntry {
	for len(around) > 0 && !covering(around[len(around)-1].Prefix, p) {
		around = around[:len(around)-1]
	}
	return around
}
