package switchconf

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "junos",
	Platform: "Juniper Junos 15.1 or later, Junos Evolved",
	Doubts: []string{
		"Nobody has loaded a whole snippet into a switch. The statements are from Juniper's references and published configurations.",
		"as-override is taken to let routes out that have the neighbor's own AS in their path, as advertise-peer-as does.",
		"graceful-restart disable is taken to end the help for neighbors that restart, too.",
		"That authentication-key of a group holds for the sessions of a subnet was not seen.",
		"Junos has no limit to the number of sessions from a subnet.",
	},
	comment:    "#",
	header:     junosHeader,
	undoHeader: junosUndoHeader,
	text:       junosText,
	write: func(s *fabric.Switch) *script {
		j := &junos{&script{}}
		j.policies(s)
		j.balance(s)
		j.statics(s)
		for _, r := range s.Routers {
			j.router(r)
		}
		return j.script
	},
})

// junos prints Juniper's language as set commands. They change the candidate, which takes effect as a whole when it is committed:
// so what is named is deleted before it is written anew, and sessions that stay the same stay up.
//
// Junos has no prefix lists with lengths that a policy could be trusted with: of the filters of one term it asks only the longest
// that holds a route. So overlapping prefixes are in terms of their own. What a switch brings in itself is no matter of the process
// there: the policy towards a neighbor says so, by protocol.
type junos struct{ *script }

// junosWord makes a string one word, without what would have to be quoted.
func junosWord(s string) string { return fold(s, "._-", 63) }

// junosText makes a string what may stand between quotes, or in a comment. Longer ones would do, were the lines not long enough.
func junosText(s string) string { return fold(s, textMarks, 60) }

// junosName makes a string the name of a policy, list or group: the model's have at most 31 characters.
func junosName(s string) string { return fold(s, "._-", 31) }

func junosHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, Junos. Copy this file to it and load it into the candidate, see what would change, commit:", n.Switch),
		"  configure exclusive",
		"  load set /var/tmp/" + n.Snippet,
		"  show | compare",
		"  commit check",
		"  commit confirmed 5",
		"  commit",
		"A warning \"statement not found\" is of a delete of what was not there yet, and does no harm.",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: load the undo file of that build before.")
	} else {
		h = append(h,
			"Policies, groups and static routes named here are replaced whole. A group or static route that an earlier",
			"build had and this one lacks stays: load the undo file of that build before, and commit both at once.",
			"",
			"Check with: show bgp summary, show route receive-protocol bgp, show route advertising-protocol bgp.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("Routing instance %s must exist (instance-type virtual-router or vrf) and have its interfaces.", junosWord(vrf)))
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { _, hold, ok := timers(c); return ok && hold < 20 }) {
		h = append(h, "For hold times below 20 seconds Juniper advises: set protocols bgp precision-timers (not on Junos Evolved).")
	}
	return append(h, notes(s, "lo0.0")...)
}

func junosUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Load it into the candidate, see what would change, commit:",
		"  configure exclusive",
		"  load set /var/tmp/" + n.Undo,
		"  show | compare",
		"  commit check",
		"  commit",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The router ID and the AS number stay: others may peer with it too.")
	}
	return h
}

// junosFamily is "inet" or "inet6".
func junosFamily(f fabric.Family) string {
	if f == fabric.IPv6 {
		return "inet6"
	}
	return "inet"
}

// junosScope is what stands before the statements of a VRF.
func junosScope(vrf string) string {
	if vrf == "" {
		return ""
	}
	return "routing-instances " + junosWord(vrf) + " "
}

// junosFilter writes what an entry permits.
func junosFilter(e fabric.PrefixEntry) string {
	low, high := e.Lengths()
	switch longest := e.Prefix.Addr().BitLen(); {
	case e.GE > 0:
		return fmt.Sprintf("route-filter %s prefix-length-range /%d-/%d", e.Prefix, low, high)
	case e.LE == longest:
		return fmt.Sprintf("route-filter %s orlonger", e.Prefix)
	case e.LE > 0:
		return fmt.Sprintf("route-filter %s upto /%d", e.Prefix, high)
	}
	return fmt.Sprintf("route-filter %s exact", e.Prefix)
}

// apart splits entries so that no two of a part overlap.
func apart(entries []fabric.PrefixEntry) [][]fabric.PrefixEntry {
	var parts [][]fabric.PrefixEntry
	for _, e := range entries {
		i := slices.IndexFunc(parts, func(part []fabric.PrefixEntry) bool {
			return !slices.ContainsFunc(part, func(other fabric.PrefixEntry) bool { return other.Prefix.Overlaps(e.Prefix) })
		})
		if i < 0 {
			i, parts = len(parts), append(parts, nil)
		}
		parts[i] = append(parts[i], e)
	}
	return parts
}

// permits reports whether a policy lets a prefix pass, whatever its tag.
func permits(p *fabric.Policy, prefix netip.Prefix) bool {
	return slices.ContainsFunc(p.Terms, func(t fabric.Term) bool {
		return t.PrefixList == nil || slices.ContainsFunc(t.PrefixList.Entries, func(e fabric.PrefixEntry) bool {
			low, high := e.Lengths()
			return e.Prefix.Contains(prefix.Addr()) && prefix.Bits() >= low && prefix.Bits() <= high
		})
	})
}

// policies prints the policies of sessions. Those for what is redistributed are not needed: the ones towards neighbors say it.
func (j *junos) policies(s *fabric.Switch) {
	j.section("Policies")
	done := map[string]bool{}
	for _, r := range s.Routers {
		for _, c := range configs(r) {
			for _, f := range c.Families {
				if !done[f.In.Name] {
					done[f.In.Name] = true
					j.policy(f.In, "", func(*part, string) {})
				}
				if !done[f.Out.Name] {
					done[f.Out.Name] = true
					j.policy(f.Out, "from protocol bgp", func(p *part, statement string) { j.originated(p, statement, s, r, f) })
				}
			}
		}
	}
}

// policy prints one policy. from is what its terms ask besides prefixes; more prints further terms.
func (j *junos) policy(policy *fabric.Policy, from string, more func(p *part, statement string)) {
	statement := "policy-options policy-statement " + junosName(policy.Name)
	p := j.in()
	p.line("delete %s", statement)
	p.undo("delete %s", statement)
	more(p, statement)
	seq := step
	for _, t := range policy.Terms {
		if t.PrefixList == nil {
			continue
		}
		for _, entries := range apart(t.PrefixList.Entries) {
			term := fmt.Sprintf("%s term %d", statement, seq)
			if from != "" {
				p.line("set %s %s", term, from)
			}
			for _, e := range entries {
				p.line("set %s from %s", term, junosFilter(e))
			}
			p.line("set %s then accept", term)
			seq += step
		}
	}
	p.line("set %s then reject", statement)
}

// originated prints the terms of what the switch brings in itself, as far as the policy permits it: networks and loopbacks that it
// has, and static routes with its tag. Before those, one makes it the next hop of what came by eBGP, where it is to be that: no term
// but one that accepts ends a policy.
func (j *junos) originated(p *part, statement string, s *fabric.Switch, r *fabric.BGPRouter, f *fabric.FamilyConfig) {
	if f.NextHopSelf && len(f.Out.Terms) > 0 {
		p.line("set %s term next-hop from protocol bgp", statement)
		p.line("set %s term next-hop from route-type external", statement)
		p.line("set %s term next-hop then next-hop self", statement)
	}
	exact := func(term, protocol string, tag uint32, prefixes []netip.Prefix) {
		prefixes = slices.DeleteFunc(prefixes, func(prefix netip.Prefix) bool {
			return fabric.FamilyOf(prefix.Addr()) != f.Family || !permits(f.Out, prefix)
		})
		if len(prefixes) == 0 {
			return
		}
		p.line("set %s term %s from protocol %s", statement, term, protocol)
		if tag > 0 {
			p.line("set %s term %s from tag %d", statement, term, tag)
		}
		for _, prefix := range prefixes {
			p.line("set %s term %s from route-filter %s exact", statement, term, prefix)
		}
		p.line("set %s term %s then accept", statement, term)
	}
	exact("direct", "direct", 0, slices.Clone(r.Networks))
	for _, d := range r.Redistribute {
		for _, t := range d.Policy.Terms {
			var prefixes []netip.Prefix
			for _, route := range s.Statics {
				if d.Family == f.Family && route.VRF == r.VRF && route.Tag == t.Tag {
					prefixes = append(prefixes, route.Prefix)
				}
			}
			exact("static", "static", t.Tag, prefixes)
		}
	}
}

func (j *junos) statics(s *fabric.Switch) {
	j.section("Static routes")
	p := j.in()
	for _, r := range s.Statics {
		table := ""
		if fabric.FamilyOf(r.Prefix.Addr()) == fabric.IPv6 {
			table = "rib inet6.0 "
			if r.VRF != "" {
				table = "rib " + junosWord(r.VRF) + ".inet6.0 "
			}
		}
		route := fmt.Sprintf("%srouting-options %sstatic route %s", junosScope(r.VRF), table, r.Prefix)
		p.line("# %s", junosText(fmt.Sprintf("%s of cluster %s", r.Kind, r.Cluster.Name)))
		p.line("delete %s", route)
		for _, hop := range r.NextHops {
			p.line("set %s next-hop %s", route, hop)
		}
		if r.Tag > 0 {
			p.line("set %s tag %d", route, r.Tag)
		}
		p.undo("delete %s", route)
	}
}
