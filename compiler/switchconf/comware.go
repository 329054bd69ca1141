package switchconf

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:    "comware",
	Platform:   "H3C and HPE Comware 7",
	comment:    "#",
	indent:     " ",
	header:     comwareHeader,
	undoHeader: comwareUndoHeader,
	text:       comwareText,
	write: func(s *fabric.Switch) *script {
		c := &comware{&script{}}
		c.lists(s)
		c.policies(s)
		c.statics(s)
		for _, r := range s.Routers {
			c.router(r)
		}
		return c.script
	},
})

// comware prints the language of H3C's and HPE's Comware 7, as the command references of its switches have it. Commands act
// at once, and what is referred to and does not exist lets everything pass: so lists come before policies, policies before
// the sessions, and the undo takes the sessions first.
type comware struct{ *script }

// comwareWord makes a string one word; 63 is the longest name of a policy or list.
func comwareWord(s string) string { return fold(s, wordMarks, 63) }

// comwareText makes a string the free end of a line. A peer's description has at most 79 characters, and a question mark
// would ask for help.
func comwareText(s string) string { return fold(s, textMarks, 79) }

func comwareHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, Comware 7. Enter system-view and paste it: commands act at once. Then save:", n.Switch),
		"  save",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		return append(h, "A static route that an earlier build had and this one lacks stays: paste the undo file of that build first.")
	}
	h = append(h,
		"Entries of lists and nodes of policies are numbered from 10 and the last one denies the rest, so that what an",
		"earlier build left behind it is never reached. A peer, network or static route that an earlier build had and",
		"this one lacks stays: paste the undo file of that build first, which ends its sessions.",
		"",
		"Check with: display bgp peer ipv4 unicast (or ipv6), display route-policy.")
	for _, r := range s.Routers {
		if r.VRF != "" {
			h = append(h, fmt.Sprintf("VPN instance %s must exist and have a route-distinguisher.", comwareWord(r.VRF)))
		}
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.UpdateSource.IsValid() && c.UpdateSourceInterface == "" }) {
		h = append(h, fmt.Sprintf("LoopBack0 must have the address %s.", s.Loopback))
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.Password != nil }) {
		h = append(h, "Sessions with a password come up when you have set it: see the lines with <...>.")
	}
	return h
}

func comwareUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Enter system-view and paste it. Then save:",
		"  save",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID and graceful restart: others may peer with it too.")
	}
	return h
}

// lists prints prefix lists. An entry takes the place of the one that had its index.
func (c *comware) lists(s *fabric.Switch) {
	c.section("Prefix lists")
	p := c.in()
	for _, l := range prefixLists(s) {
		list := fmt.Sprintf("%s prefix-list %s", ipWord(l.Family), comwareWord(l.Name))
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

// lengthApart writes a prefix as Comware does: "10.0.0.0 8".
func lengthApart(p netip.Prefix) string { return fmt.Sprintf("%s %d", p.Addr(), p.Bits()) }

func (c *comware) policies(s *fabric.Switch) {
	c.section("Route policies")
	for _, policy := range policies(s) {
		name := comwareWord(policy.Name)
		for _, t := range policy.Terms {
			p := c.in(view{fmt.Sprintf("route-policy %s permit node %d", name, t.Seq), "quit"})
			if t.PrefixList != nil {
				p.line("if-match %s address prefix-list %s", ipWord(t.PrefixList.Family), comwareWord(t.PrefixList.Name))
			}
			if t.Tag > 0 {
				p.line("if-match tag %d", t.Tag)
			}
		}
		c.in(view{fmt.Sprintf("route-policy %s deny node %d", name, lastSeq(policy)), "quit"})
		c.in().undo("undo route-policy %s", name)
	}
}

func (c *comware) statics(s *fabric.Switch) {
	c.section("Static routes")
	p := c.in()
	for _, r := range s.Statics {
		for i, hop := range r.NextHops {
			route := ipWord(fabric.FamilyOf(hop)) + " route-static "
			if r.VRF != "" {
				route += fmt.Sprintf("vpn-instance %s ", comwareWord(r.VRF))
			}
			route += fmt.Sprintf("%s %s", lengthApart(r.Prefix), hop)
			p.undo("undo %s", route)
			if r.Tag > 0 {
				route += fmt.Sprintf(" tag %d", r.Tag)
			}
			// A route's description has at most 60 characters.
			about := fold(fmt.Sprintf("%s of %s via %s", r.Kind, r.Cluster.Name, r.Nodes[i].Name), textMarks, 60)
			p.line("%s description %s", route, about)
		}
	}
}

func (c *comware) router(r *fabric.BGPRouter) {
	process := []view{{fmt.Sprintf("bgp %d", r.ASN), "quit"}}
	title := "BGP"
	if r.VRF != "" {
		title += " in VPN instance " + comwareWord(r.VRF)
	}
	c.section(title)
	restart := c.in(process...) // is the process's, whatever the VPN instance
	if r.GracefulRestart {
		restart.line("graceful-restart")
	} else {
		restart.line("undo graceful-restart")
	}
	if r.VRF != "" {
		process = append(process, view{"ip vpn-instance " + comwareWord(r.VRF), "quit"})
	}
	c.in(process...).line("router-id %s", r.RouterID)
	c.groups(c.in(process...), r)
	c.peers(c.in(process...), r)
	c.listens(c.in(process...), r)
	for _, f := range r.Families {
		family := view{"address-family " + afWord(f) + " unicast", "quit"}
		c.family(c.in(slices.Concat(process, []view{family})...), r, f)
	}
}

func (c *comware) groups(p *part, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		name := comwareWord(g.Name)
		if g.Internal {
			p.line("group %s internal", name)
		} else {
			p.line("group %s external", name)
			if g.RemoteASN != 0 {
				p.line("peer %s as-number %d", name, g.RemoteASN)
			}
		}
		c.session(p, name, &g.SessionConfig)
		p.undo("undo group %s", name)
	}
}

func (c *comware) peers(p *part, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		if n.Interface != "" {
			continue // fabric.Unsupported reports it
		}
		if n.Group == nil || n.Group.RemoteASN == 0 {
			p.line("peer %s as-number %d", n.Address, n.RemoteASN)
		}
		if n.Group != nil {
			p.line("peer %s group %s", n.Address, comwareWord(n.Group.Name))
		}
		if n.Description != "" {
			p.line("peer %s description %s", n.Address, comwareText(n.Description))
		}
		if n.Group == nil {
			c.session(p, n.Address.String(), &n.SessionConfig)
		}
		p.undo("undo peer %s", n.Address)
	}
}

// session prints what a group and a peer can both say.
func (c *comware) session(p *part, name string, s *fabric.SessionConfig) {
	if s.UpdateSource.IsValid() {
		source := "LoopBack0"
		if s.UpdateSourceInterface != "" {
			source = comwareWord(s.UpdateSourceInterface)
		}
		p.line("peer %s connect-interface %s", name, source)
	}
	if s.TTLSecurity > 0 { // some releases refuse both on one peer
		p.line("peer %s ttl-security hops %d", name, s.TTLSecurity)
	} else if s.Multihop > 0 {
		p.line("peer %s ebgp-max-hop %d", name, s.Multihop)
	}
	if keepalive, hold, ok := timers(s); ok {
		p.line("peer %s timer keepalive %d hold %d", name, keepalive, hold)
	}
	if s.BFD { // single hop to a direct eBGP neighbor, else multihop
		p.line("peer %s bfd", name)
	}
	for _, f := range s.Families {
		if f.ASOverride { // a property of the session, unlike in other dialects
			p.line("peer %s substitute-as", name)
			break
		}
	}
	if s.Password != nil {
		p.line("# Key %s of Secret %s:", comwareWord(s.Password.Key), comwareWord(s.Password.Secret))
		p.line("# peer %s password simple <...>", name)
	}
}

// listens prints the ranges: a peer with a mask length is any address of it. Comware has no limit to their number.
func (c *comware) listens(p *part, r *fabric.BGPRouter) {
	for _, l := range r.Listens {
		p.line("peer %s group %s", lengthApart(l.Prefix), comwareWord(l.Group.Name))
		p.undo("undo peer %s", lengthApart(l.Prefix))
	}
}

// family prints one address family. Its undo leaves the peers alone: removing them takes their policies too, while taking
// the policies first would open them.
func (c *comware) family(p *part, r *fabric.BGPRouter, family fabric.Family) {
	c.paths(p, r, family)
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == family {
			p.line("network %s", lengthApart(prefix))
			p.undo("undo network %s", lengthApart(prefix))
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == family {
			p.line("import-route static route-policy %s", comwareWord(d.Policy.Name))
			p.undo("undo import-route static")
		}
	}
	for _, g := range r.Groups {
		if fc := carried(&g.SessionConfig, family); fc != nil {
			c.carried(p, comwareWord(g.Name), fc)
			c.enableMembers(p, r, g)
		}
	}
	for _, n := range alone(r) {
		if fc := carried(&n.SessionConfig, family); fc != nil && n.Interface == "" {
			c.carried(p, n.Address.String(), fc)
		}
	}
}

// paths prints multipath and reflection, which Comware has per family.
func (c *comware) paths(p *part, r *fabric.BGPRouter, family fabric.Family) {
	if r.ClusterID.IsValid() {
		p.line("reflector cluster-id %s", r.ClusterID)
		p.undo("undo reflector cluster-id")
	}
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		p.line("# Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths)
	} else if r.MaximumPaths > fabric.DialectByName("comware").SafePaths {
		p.line("# More than 8 take max-ecmp-num %d in system view, a save and a reboot first.", r.MaximumPaths)
	}
	if reflects(r, family) {
		p.line("# With next-hop-local, and for routes that it balances, Comware becomes the next hop of what it reflects, too.")
	}
	p.line("balance %d", r.MaximumPaths) // without ebgp or ibgp: for both, and old releases take no other form
	p.undo("undo balance")
	if r.RelaxASPath {
		p.line("balance as-path-relax")
		p.undo("undo balance as-path-relax")
	}
}

// reflects reports whether the router has clients in a family.
func reflects(r *fabric.BGPRouter, family fabric.Family) bool {
	for _, c := range configs(r) {
		if fc := carried(c, family); fc != nil && fc.ReflectorClient {
			return true
		}
	}
	return false
}

// enableMembers enables each member besides its group: releases differ in whether a member inherits that.
func (c *comware) enableMembers(p *part, r *fabric.BGPRouter, g *fabric.PeerGroup) {
	for _, n := range r.Neighbors {
		if n.Group == g {
			p.line("peer %s enable", n.Address)
		}
	}
	for _, l := range r.Listens {
		if l.Group == g {
			p.line("peer %s enable", lengthApart(l.Prefix))
		}
	}
}

// carried prints what a session carries of a family.
func (c *comware) carried(p *part, name string, fc *fabric.FamilyConfig) {
	p.line("peer %s enable", name)
	p.line("peer %s route-policy %s import", name, comwareWord(fc.In.Name))
	p.line("peer %s route-policy %s export", name, comwareWord(fc.Out.Name))
	if fc.MaxPrefixes > 0 {
		p.line("peer %s route-limit %d %d reconnect %d", name, fc.MaxPrefixes, fc.WarnPercent, min(60*fc.RestartMinutes, 65535))
	}
	if fc.ReflectorClient {
		p.line("peer %s reflect-client", name)
	}
	if fc.NextHopSelf {
		p.line("peer %s next-hop-local", name)
	}
	if fc.DefaultOriginate {
		p.line("peer %s default-route-advertise", name)
	}
}
