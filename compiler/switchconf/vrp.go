package switchconf

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "vrp",
	Platform: "Huawei CloudEngine, VRP 8",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a switch. Commands are from Huawei's command references of CloudEngine switches.",
		"peer substitute-as outside VPN instances is missing from older releases.",
		"That a group of a VPN instance needs no peer enable was seen in configurations, and is not in the references.",
	},
	comment:    "#",
	indent:     " ",
	header:     vrpHeader,
	undoHeader: vrpUndoHeader,
	text:       vrpText,
	write: func(s *fabric.Switch) *script {
		v := &vrp{&script{}}
		v.bfd(s)
		v.lists(s)
		v.policies(s)
		v.statics(s)
		v.listenLimit(s)
		for _, r := range s.Routers {
			v.router(r)
		}
		return v.script
	},
})

// vrp prints the language of Huawei's VRP 8. Commands are collected and take effect together when they are committed; a policy
// or list that does not exist cannot be named.
//
// Everything about a VPN instance is said within its address families, where peers are enabled without being told.
type vrp struct{ *script }

// vrpWord makes a string one word; 63 is shorter than the longest name of a policy or list.
func vrpWord(s string) string { return fold(s, wordMarks, 63) }

// vrpText makes a string the free end of a line. A peer's description has at most 80 characters, and a question mark would ask
// for help.
func vrpText(s string) string { return fold(s, textMarks, 79) }

func vrpHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, VRP 8. Paste it into system-view, see what would change, commit, save:", n.Switch),
		"  system-view",
		"  ... this file ...",
		"  display configuration candidate changes",
		"  commit",
		"  return",
		"  save",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: commit the undo file of that build first.")
	} else {
		h = append(h,
			"Entries of lists and nodes of policies are numbered from 10 and the last one denies the rest, so that what an",
			"earlier build left behind it is never reached. A peer, network or static route that an earlier build had and",
			"this one lacks stays: commit the undo file of that build first, which ends its sessions.",
			"",
			"Where it changes graceful restart, every BGP session of the switch ends once when it is committed.",
			"Check with: display bgp peer (or display bgp ipv6 peer), display route-policy.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VPN instance %s must exist, with its address families and route distinguishers.", vrpWord(vrf)))
	}
	return append(h, notes(s, "LoopBack0")...)
}

func vrpUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Paste it into system-view, commit, save:",
		"  system-view",
		"  ... this file ...",
		"  commit",
		"  return",
		"  save",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID, graceful restart and BFD: others may peer with it too.")
	}
	return h
}

// bfd turns on BFD, which stays: others may use it.
func (v *vrp) bfd(s *fabric.Switch) {
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		v.section("BFD")
		v.in(view{"bfd", "quit"})
	}
}

// lists prints prefix lists. An entry takes the place of the one that had its index.
func (v *vrp) lists(s *fabric.Switch) {
	v.section("Prefix lists")
	p := v.in()
	for _, l := range prefixLists(s) {
		list := "ip ip-prefix " + vrpWord(l.Name)
		if l.Family == fabric.IPv6 {
			list = "ip ipv6-prefix " + vrpWord(l.Name)
		}
		for i, e := range l.Entries {
			lengths := ""
			if e.GE > 0 {
				lengths += fmt.Sprintf(" greater-equal %d", e.GE)
			}
			if e.LE > 0 {
				lengths += fmt.Sprintf(" less-equal %d", e.LE)
			}
			p.line("%s index %d permit %s%s", list, step*(i+1), lengthApart(e.Prefix), lengths)
		}
		all := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		if l.Family == fabric.IPv6 {
			all = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		}
		p.line("%s index %d deny %s less-equal %d", list, step*(len(l.Entries)+1), lengthApart(all), l.Family.Bits())
		p.undo("undo %s", list)
	}
}

func (v *vrp) policies(s *fabric.Switch) {
	v.section("Route policies")
	for _, policy := range policies(s) {
		name := vrpWord(policy.Name)
		for _, t := range policy.Terms {
			p := v.in(view{fmt.Sprintf("route-policy %s permit node %d", name, t.Seq), "quit"})
			if t.PrefixList != nil && t.PrefixList.Family == fabric.IPv6 {
				p.line("if-match ipv6 address prefix-list %s", vrpWord(t.PrefixList.Name))
			} else if t.PrefixList != nil {
				p.line("if-match ip-prefix %s", vrpWord(t.PrefixList.Name))
			}
			if t.Tag > 0 {
				p.line("if-match tag %d", t.Tag)
			}
		}
		v.in(view{fmt.Sprintf("route-policy %s deny node %d", name, lastSeq(policy)), "quit"})
		v.in().undo("undo route-policy %s", name)
	}
}

func (v *vrp) statics(s *fabric.Switch) {
	v.section("Static routes")
	p := v.in()
	for _, r := range s.Statics {
		for i, hop := range r.NextHops {
			route := ipWord(fabric.FamilyOf(hop)) + " route-static "
			if r.VRF != "" {
				route += fmt.Sprintf("vpn-instance %s ", vrpWord(r.VRF))
			}
			route += fmt.Sprintf("%s %s", lengthApart(r.Prefix), hop)
			p.undo("undo %s", route)
			if r.Tag > 0 {
				route += fmt.Sprintf(" tag %d", r.Tag)
			}
			about := fold(fmt.Sprintf("%s of %s via %s", r.Kind, r.Cluster.Name, r.Nodes[i].Name), textMarks, 60)
			p.line("%s description %s", route, about)
		}
	}
}

// listenLimit prints the one limit for the ranges of all VPN instances, which by default is 100.
func (v *vrp) listenLimit(s *fabric.Switch) {
	const most = 16000
	limit := 0
	for _, r := range s.Routers {
		for _, l := range r.Listens {
			limit += l.Limit
		}
	}
	if limit == 0 {
		return
	}
	v.section("Sessions from subnets")
	p := v.in(view{fmt.Sprintf("bgp %d", s.Routers[0].ASN), "quit"})
	if limit > most {
		p.line("# Up to %d nodes are planned, VRP takes %d sessions from subnets.", limit, most)
	}
	p.line("bgp dynamic-session-limit %d", min(limit, most))
	p.undo("undo bgp dynamic-session-limit %d", min(limit, most))
}

func (v *vrp) router(r *fabric.BGPRouter) {
	process := []view{{fmt.Sprintf("bgp %d", r.ASN), "quit"}}
	title := "BGP"
	if r.VRF != "" {
		title += " in VPN instance " + vrpWord(r.VRF)
	}
	v.section(title)
	first := v.in(process...) // what holds for all VPN instances
	if r.GracefulRestart {
		first.line("graceful-restart")
	} else {
		first.line("undo graceful-restart")
	}
	if r.VRF == "" {
		first.line("router-id %s", r.RouterID)
		for _, f := range r.Families {
			v.sessions(process, r, f)
		}
	}
	for _, f := range r.Families {
		within := afWord(f) + "-family unicast"
		if r.VRF != "" {
			within = afWord(f) + "-family vpn-instance " + vrpWord(r.VRF)
		}
		at := slices.Concat(process, []view{{within, "quit"}})
		if r.VRF != "" {
			v.in(at...).line("router-id %s", r.RouterID)
			v.sessions(at, r, f)
		}
		v.family(v.in(at...), r, f)
	}
}

// sessions prints the groups, peers and ranges of a family; what takes them back goes the other way.
func (v *vrp) sessions(at []view, r *fabric.BGPRouter, f fabric.Family) {
	v.groups(v.in(at...), r, f)
	v.peers(v.in(at...), r, f)
	v.listens(v.in(at...), r, f)
}

// listening reports whether sessions of a group come from subnets.
func listening(r *fabric.BGPRouter, g *fabric.PeerGroup) bool {
	return slices.ContainsFunc(r.Listens, func(l *fabric.Listen) bool { return l.Group == g })
}

// groups prints the groups of a family. One that listens is of another kind, and names the AS number that may come.
func (v *vrp) groups(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, g := range r.Groups {
		if carried(&g.SessionConfig, family) == nil {
			continue
		}
		name, kind := vrpWord(g.Name), "external"
		if g.Internal {
			kind = "internal"
		}
		switch {
		case listening(r, g) && g.Internal:
			p.line("group %s listen internal", name)
		case listening(r, g):
			p.line("group %s listen external", name)
			if g.RemoteASN != 0 { // else fabric.Unsupported reports it
				p.line("peer %s listen-as %d", name, g.RemoteASN)
			}
		default:
			p.line("group %s %s", name, kind)
			if g.RemoteASN != 0 && !g.Internal {
				p.line("peer %s as-number %d", name, g.RemoteASN)
			}
		}
		v.session(p, name, &g.SessionConfig)
		p.undo("undo group %s", name)
	}
}

func (v *vrp) peers(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, n := range r.Neighbors {
		if n.Interface != "" || fabric.FamilyOf(n.Address) != family {
			continue // what has no address fabric.Unsupported reports
		}
		if n.Group == nil || n.Group.RemoteASN == 0 {
			p.line("peer %s as-number %d", n.Address, n.RemoteASN)
		}
		if n.Group != nil {
			p.line("peer %s group %s", n.Address, vrpWord(n.Group.Name))
		}
		if n.Description != "" {
			p.line("peer %s description %s", n.Address, vrpText(n.Description))
		}
		if n.Group == nil {
			v.session(p, n.Address.String(), &n.SessionConfig)
		}
		p.undo("undo peer %s", n.Address)
	}
}

// session prints what a group and a peer can both say.
func (v *vrp) session(p *part, name string, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		source := "LoopBack0"
		if c.UpdateSourceInterface != "" {
			source = vrpWord(c.UpdateSourceInterface)
		}
		p.line("peer %s connect-interface %s", name, source)
	}
	if c.TTLSecurity > 0 { // VRP refuses both on one peer
		p.line("peer %s valid-ttl-hops %d", name, c.TTLSecurity)
	} else if c.Multihop > 0 {
		p.line("peer %s ebgp-max-hop %d", name, c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("peer %s timer keepalive %d hold %d", name, keepalive, hold)
	}
	if c.BFD {
		p.line("peer %s bfd enable", name)
	}
	if c.Password != nil {
		p.line("# Key %s of Secret %s:", vrpWord(c.Password.Key), vrpWord(c.Password.Secret))
		p.line("# peer %s password cipher <...>", name)
	}
}

func (v *vrp) listens(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, l := range r.Listens {
		if fabric.FamilyOf(l.Prefix.Addr()) == family {
			p.line("peer %s listen-net %s", vrpWord(l.Group.Name), lengthApart(l.Prefix))
			p.undo("undo peer %s listen-net %s", vrpWord(l.Group.Name), lengthApart(l.Prefix))
		}
	}
}
