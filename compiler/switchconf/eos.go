package switchconf

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "eos",
	Platform: "Arista EOS 4.23 or later, routing protocols model multi-agent",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a switch. Most commands were seen in running configurations of EOS 4.21 to 4.34.",
		"dynamic peer max was not seen below a VRF, and its highest value is not known.",
		"maximum-routes is taken to count the routes of all families of a session.",
	},
	comment:    "!",
	indent:     "   ",
	header:     eosHeader,
	undoHeader: eosUndoHeader,
	text:       ciscoText,
	write: func(s *fabric.Switch) *script {
		e := &eos{&script{}}
		e.lists(s)
		e.policies(s)
		e.statics(s)
		for i, r := range s.Routers {
			e.router(r, i == 0)
		}
		return e.script
	},
})

// eos prints the language of Arista EOS. A snippet is meant for a configuration session, which takes effect as a whole when it
// is committed: so lists and policies are removed before they are written anew, and nothing is ever without them.
//
// A peer group belongs to the whole process, its families too; a VRF below the process names the members.
type eos struct{ *script }

func eosHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, Arista EOS 4.23 or later. Paste it into a session, see what would change, commit, save:", n.Switch),
		"  configure session topoc",
		"  ... this file ...",
		"  show session-config diffs",
		"  commit",
		"  write memory",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: commit the undo file of that build first.")
	} else {
		h = append(h,
			"Prefix lists and route maps named here are replaced whole. A neighbor, network or static route that an",
			"earlier build had and this one lacks stays: commit the undo file of that build first, which ends its sessions.",
			"",
			"Check with: show bgp summary vrf all, show route-map.")
	}
	return append(h, slices.Concat(eosNeeds(s), notes(s, "Loopback0"))...)
}

// eosNeeds is what must be there before the snippet.
func eosNeeds(s *fabric.Switch) []string {
	needs := []string{"ip routing"}
	if speaks(s, fabric.IPv6) {
		needs = append(needs, "ipv6 unicast-routing")
	}
	links := linkInterfaces(s)
	if len(links) > 0 {
		needs = append(needs, "ip routing ipv6 interfaces")
	}
	all := []string{"It needs: " + strings.Join(needs, ", ") + "."}
	for _, name := range links {
		all = append(all, fmt.Sprintf("%s must have ipv6 enable.", name))
	}
	for _, vrf := range vrfsOf(s) {
		all = append(all, fmt.Sprintf("VRF %s must exist (vrf instance) and route (ip routing vrf).", ciscoWord(vrf)))
	}
	return all
}

func eosUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Paste it into a session, see what would change, commit, save:",
		"  configure session topoc-undo",
		"  ... this file ...",
		"  show session-config diffs",
		"  commit",
		"  write memory",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID and \"no bgp default ipv4-unicast\": others may peer with it too.")
	}
	return h
}

func (e *eos) lists(s *fabric.Switch) {
	e.section("Prefix lists")
	for _, l := range prefixLists(s) {
		list := fmt.Sprintf("%s prefix-list %s", ipWord(l.Family), ciscoWord(l.Name))
		whole := e.in()
		whole.line("no %s", list)
		whole.undo("no %s", list)
		p, before := whole, list+" "
		if l.Family == fabric.IPv6 { // on one line EOS takes those of IPv4 only
			p, before = e.in(view{list, "exit"}), ""
		}
		for _, entry := range prefixEntries(l, lengthsEQ) {
			p.line("%s%s", before, entry)
		}
	}
}

// policies prints route maps. EOS understands next-hop-self of what it reflects, too: so where only what came by eBGP is to
// change its next hop, the policy says it.
func (e *eos) policies(s *fabric.Switch) {
	e.section("Route maps")
	self := selfPolicies(s)
	for _, policy := range policies(s) {
		name := ciscoWord(policy.Name)
		whole := e.in()
		whole.line("no route-map %s", name)
		whole.undo("no route-map %s", name)
		for _, t := range policy.Terms {
			if self[policy.Name] {
				p := e.in(view{fmt.Sprintf("route-map %s permit %d", name, t.Seq-step/2), "exit"})
				matches(p, t)
				p.line("match route-type external")
				p.line("set %s next-hop peer-address", ipWord(policy.Family))
			}
			matches(e.in(view{fmt.Sprintf("route-map %s permit %d", name, t.Seq), "exit"}), t)
		}
		e.in(view{fmt.Sprintf("route-map %s deny %d", name, lastSeq(policy)), "exit"})
	}
}

// selfPolicies names the outbound policies of sessions on which the switch is the next hop of what it learned by eBGP.
func selfPolicies(s *fabric.Switch) map[string]bool {
	self := map[string]bool{}
	for _, r := range s.Routers {
		for _, c := range configs(r) {
			for _, f := range c.Families {
				if f.NextHopSelf {
					self[f.Out.Name] = true
				}
			}
		}
	}
	return self
}

func (e *eos) statics(s *fabric.Switch) {
	e.section("Static routes")
	p := e.in()
	for _, r := range s.Statics {
		for _, hop := range r.NextHops {
			route := ipWord(fabric.FamilyOf(hop)) + " route "
			if r.VRF != "" {
				route += "vrf " + ciscoWord(r.VRF) + " "
			}
			route += fmt.Sprintf("%s %s", r.Prefix, hop)
			p.undo("no %s", route)
			if r.Tag > 0 {
				route += fmt.Sprintf(" tag %d", r.Tag)
			}
			p.line("%s name %s", route, ciscoWord(fmt.Sprintf("%s-%s", r.Cluster.Name, strings.ReplaceAll(r.Kind.String(), " ", "-"))))
		}
	}
}
