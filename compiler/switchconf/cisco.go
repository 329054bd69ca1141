package switchconf

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// What EOS, NX-OS, IOS XE, OS10 and AOS-CX have in common, all of which speak a language after Cisco's.

// ciscoWord makes a string one word; 63 is the longest name of a list or policy on NX-OS, the others take no shorter ones.
func ciscoWord(s string) string { return fold(s, wordMarks, 63) }

// ciscoText makes a string the free end of a line. A neighbor's description has at most 80 characters, and a question mark
// would ask for help.
func ciscoText(s string) string { return fold(s, textMarks, 79) }

// prefixEntries returns the entries of a prefix list, behind its name: "seq 10 permit 10.0.0.0/8 le 26". The last one denies the
// rest. lengths writes which lengths an entry permits.
func prefixEntries(l *fabric.PrefixList, lengths func(fabric.PrefixEntry) string) []string {
	var all []string
	for i, e := range l.Entries {
		all = append(all, fmt.Sprintf("seq %d permit %s%s", step*(i+1), e.Prefix, lengths(e)))
	}
	rest := "0.0.0.0/0 le 32"
	if l.Family == fabric.IPv6 {
		rest = "::/0 le 128"
	}
	return append(all, fmt.Sprintf("seq %d deny %s", step*(len(l.Entries)+1), rest))
}

// lengthsGE writes lengths where "ge 32 le 32" is shown as "ge 32", or refused.
func lengthsGE(e fabric.PrefixEntry) string {
	words := ""
	if e.GE > 0 {
		words += fmt.Sprintf(" ge %d", e.GE)
	}
	if e.LE > 0 && e.GE < e.Prefix.Addr().BitLen() {
		words += fmt.Sprintf(" le %d", e.LE)
	}
	return words
}

// lengthsEQ writes lengths where one length has a word of its own.
func lengthsEQ(e fabric.PrefixEntry) string {
	if e.GE > 0 && e.GE == e.LE {
		return fmt.Sprintf(" eq %d", e.GE)
	}
	return lengthsGE(e)
}

// matches prints what a term of a policy asks for.
func matches(p *part, t fabric.Term) {
	if t.PrefixList != nil {
		p.line("match %s address prefix-list %s", ipWord(t.PrefixList.Family), ciscoWord(t.PrefixList.Name))
	}
	if t.Tag > 0 {
		p.line("match tag %d", t.Tag)
	}
}

// routeMaps prints policies where commands act at once: nothing removes a route map, whose entries are numbered, the last of
// which denies the rest. before stands before the numbers.
func (s *script) routeMaps(sw *fabric.Switch, before string) {
	s.section("Route maps")
	for _, policy := range policies(sw) {
		name := ciscoWord(policy.Name)
		for _, t := range policy.Terms {
			matches(s.in(view{fmt.Sprintf("route-map %s permit %s%d", name, before, t.Seq), "exit"}), t)
		}
		s.in(view{fmt.Sprintf("route-map %s deny %s%d", name, before, lastSeq(policy)), "exit"})
		s.in().undo("no route-map %s", name)
	}
}

// untagged returns a switch whose static routes have no tags, for dialects that have none: what is passed on by BGP is then named
// by a prefix list of the policy's own name.
func untagged(s *fabric.Switch) *fabric.Switch {
	plain := *s
	plain.Routers, plain.Statics = nil, nil
	for _, r := range s.Routers {
		other := *r
		other.PrefixLists, other.Policies, other.Redistribute = slices.Clone(r.PrefixLists), slices.Clone(r.Policies), nil
		for _, d := range r.Redistribute {
			list := &fabric.PrefixList{Name: d.Policy.Name, Family: d.Family}
			for _, route := range s.Statics {
				if route.VRF == r.VRF && route.Tag > 0 && fabric.FamilyOf(route.Prefix.Addr()) == d.Family {
					list.Entries = append(list.Entries, fabric.PrefixEntry{Prefix: route.Prefix})
				}
			}
			policy := &fabric.Policy{Name: d.Policy.Name, Family: d.Family, Terms: []fabric.Term{{Seq: step, PrefixList: list}}}
			other.PrefixLists = append(other.PrefixLists, list)
			other.Policies[slices.Index(r.Policies, d.Policy)] = policy
			other.Redistribute = append(other.Redistribute, &fabric.Redistribution{Family: d.Family, Policy: policy})
		}
		plain.Routers = append(plain.Routers, &other)
	}
	for _, route := range s.Statics {
		other := *route
		other.Tag = 0
		plain.Statics = append(plain.Statics, &other)
	}
	return &plain
}

// maximumPaths prints how many equal-cost paths a family uses; external and internal stand before the numbers.
func maximumPaths(p *part, r *fabric.BGPRouter, external, internal string) {
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		p.line("! Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths)
	}
	words := []string{external}
	if slices.ContainsFunc(configs(r), func(c *fabric.SessionConfig) bool { return c.Internal }) {
		words = append(words, internal)
	}
	for _, word := range words {
		p.line("maximum-paths %s%d", word, r.MaximumPaths)
		p.undo("no maximum-paths %s%d", word, r.MaximumPaths)
	}
}

// familyView is a family where a neighbor or a process has a view for it.
func familyView(f fabric.Family) view {
	return view{"address-family " + afWord(f) + " unicast", "exit"}
}

// linkInterfaces returns the interfaces that sessions without addresses run over.
func linkInterfaces(s *fabric.Switch) []string {
	var all []string
	for _, r := range s.Routers {
		for _, n := range r.Neighbors {
			if n.Interface != "" {
				all = append(all, ciscoWord(n.Interface))
			}
		}
	}
	return all
}

// notes is what a header has to say about loopbacks and passwords.
func notes(s *fabric.Switch, loopback string) []string {
	var all []string
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		address := s.LoopbackOf(f)
		if anySession(s, func(c *fabric.SessionConfig) bool {
			return c.UpdateSource.IsValid() && c.UpdateSource == address && c.UpdateSourceInterface == ""
		}) {
			all = append(all, fmt.Sprintf("%s must have the address %s.", loopback, address))
		}
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.Password != nil }) {
		all = append(all, "Sessions with a password come up when you have set it: see the lines with <...>.")
	}
	return all
}

// speaks reports whether some router of the switch, or some static route of it, is of a family.
func speaks(s *fabric.Switch, f fabric.Family) bool {
	return slices.ContainsFunc(s.Routers, func(r *fabric.BGPRouter) bool { return slices.Contains(r.Families, f) }) ||
		slices.ContainsFunc(s.Statics, func(r *fabric.StaticRoute) bool { return fabric.FamilyOf(r.Prefix.Addr()) == f })
}

// vrfsOf returns the VRFs that the snippet of a switch names, sorted.
func vrfsOf(s *fabric.Switch) []string {
	var all []string
	for _, r := range s.Routers {
		all = append(all, r.VRF)
	}
	for _, r := range s.Statics {
		all = append(all, r.VRF)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(vrf string) bool { return vrf == "" })
}

// originates reports whether a router brings something into a family itself.
func originates(r *fabric.BGPRouter, f fabric.Family) bool {
	return slices.ContainsFunc(r.Networks, func(p netip.Prefix) bool { return fabric.FamilyOf(p.Addr()) == f }) ||
		slices.ContainsFunc(r.Redistribute, func(d *fabric.Redistribution) bool { return d.Family == f })
}

// membersOf returns the neighbors of a group.
func membersOf(r *fabric.BGPRouter, g *fabric.PeerGroup) []*fabric.Neighbor {
	var all []*fabric.Neighbor
	for _, n := range r.Neighbors {
		if n.Group == g {
			all = append(all, n)
		}
	}
	return all
}
