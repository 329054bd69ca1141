package switchconf

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

var _ = dialect(Printer{
	Dialect:  "bird2",
	Platform: "BIRD 2.0.12 or later",
	Doubts: []string{
		"After a limit was exceeded BIRD opens the session again when its error wait time is over, by default after one minute, then ever later up to five.",
	},
	comment:    "#",
	indent:     "  ",
	header:     birdHeader,
	undoHeader: birdUndoHeader,
	text:       birdText,
	write: func(s *fabric.Switch) *script {
		b := &bird{script: &script{}, names: birdNames(s), passwords: Passwords(s)}
		b.hasVRFs = slices.ContainsFunc(birdTables(s), func(of tableOf) bool { return of.vrf != "" })
		b.lists(s)
		b.section("Filters")
		b.override(s)
		for _, r := range s.Routers {
			b.filters(s, r)
		}
		b.tables(s)
		b.connected(s)
		b.statics(s)
		for _, r := range s.Routers {
			b.router(r)
		}
		return b.script
	},
})

// bird prints the language of BIRD 2. A snippet is a file that bird.conf includes: it brings filters, sessions and the routes of
// the switch itself, and leaves to bird.conf what there can be one of only, above all the protocols that write into the kernel.
// What another file has in its place BIRD forgets, so taking back is including nothing.
type bird struct {
	*script
	names     map[*fabric.Neighbor]string // of the sessions' protocols
	passwords []PasswordName
	hasVRFs   bool
}

// birdText makes a string harmless between quotation marks, for which BIRD has no escapes.
func birdText(s string) string { return fold(s, textMarks, 79) }

// birdSymbol makes a string a symbol: a word of letters, digits and underscores, or of a few characters more between apostrophes.
func birdSymbol(s string) string {
	const longest = 64
	s = fold(s, "_.:-", longest)
	if strings.ContainsAny(s, ".:-") || s[0] >= '0' && s[0] <= '9' {
		return "'" + s + "'"
	}
	return s
}

// birdList is the symbol of a prefix list, whose name in the model is its policy's too: those have no small letters.
func birdList(l *fabric.PrefixList) string { return birdSymbol(l.Name + "_nets") }

// birdOwn is the symbol of something that the snippet has once in a family and VRF.
func birdOwn(what, vrf string, f fabric.Family) string {
	if vrf != "" {
		what += "_" + fold(vrf, "_", 15)
	}
	return birdSymbol(fmt.Sprintf("topoc_%s_v%s", what, afWord(f)[3:]))
}

// birdTable is the table of a family in a VRF.
func birdTable(vrf string, f fabric.Family) string {
	if vrf != "" {
		return birdOwn("table", vrf, f)
	}
	return "master" + afWord(f)[3:]
}

// lists prints prefix lists as constants, and the networks of the switch itself.
func (b *bird) lists(s *fabric.Switch) {
	b.section("Prefix lists")
	define := func(name string, entries []string) {
		p := b.in(view{fmt.Sprintf("define %s = [", name), "];"})
		for i, e := range entries {
			if i < len(entries)-1 {
				e += ","
			}
			p.line("%s", e)
		}
	}
	for _, r := range s.Routers {
		for _, f := range r.Families {
			if own := networksOf(r, f); len(own) > 0 {
				define(birdOwn("networks", r.VRF, f), own)
			}
		}
	}
	for _, l := range prefixLists(s) {
		var entries []string
		for _, e := range l.Entries {
			text := e.Prefix.String()
			if low, high := e.Lengths(); low != high || low != e.Prefix.Bits() {
				text += fmt.Sprintf("{%d,%d}", low, high)
			}
			entries = append(entries, text)
		}
		define(birdList(l), entries)
	}
}

// networksOf returns the networks of a family that a router announces itself.
func networksOf(r *fabric.BGPRouter, f fabric.Family) []string {
	var all []string
	for _, p := range r.Networks {
		if fabric.FamilyOf(p.Addr()) == f {
			all = append(all, p.String())
		}
	}
	return all
}

// filters prints the policies of sessions. A policy of static routes is none: see announced.
func (b *bird) filters(s *fabric.Switch, r *fabric.BGPRouter) {
	out, in, kept := map[*fabric.Policy]*fabric.FamilyConfig{}, map[*fabric.Policy]*fabric.SessionConfig{}, map[*fabric.Policy]string{}
	for _, c := range configs(r) {
		for _, fc := range c.Families {
			out[fc.Out], in[fc.In] = fc, c
		}
	}
	for _, g := range r.Groups {
		for _, fc := range g.Families {
			kept[fc.Out] = birdKept(s, r, g)
		}
	}
	for _, policy := range r.Policies {
		if c := in[policy]; c != nil {
			var first []string
			if isRecursive(c) && len(policy.Terms) > 0 { // else next hops could not be looked up over such routes: they would be recursive too
				first = append(first, "if bgp_next_hop = from then gw = from;")
			}
			b.filter(policy, view{fmt.Sprintf("filter %s {", birdSymbol(policy.Name)), "}"}, first, "accept;")
		}
		fc := out[policy]
		if fc == nil {
			continue
		}
		var first []string
		if fc.DefaultOriginate {
			first = append(first, fmt.Sprintf("if proto = \"%s\" then accept;", birdOwn("default", r.VRF, policy.Family)))
		}
		if len(policy.Terms) > 0 {
			first = append(first, fmt.Sprintf("if %s then reject;", strings.Join(unannounced(r, policy.Family), " && ")))
			if kept[policy] != "" {
				first = append(first, kept[policy])
			}
		}
		if !fc.ASOverride {
			b.filter(policy, view{fmt.Sprintf("filter %s {", birdSymbol(policy.Name)), "}"}, first, "accept;")
			continue
		}
		for _, asn := range sentTo(r, fc) {
			b.filter(policy, view{fmt.Sprintf("filter %s {", birdOverriding(fc, asn)), "}"}, first, fmt.Sprintf("{ topoc_override(%d); accept; }", asn))
		}
	}
}

// birdKept keeps the next hop of what one node sends another on the same subnet. On a session of one hop BIRD does that by itself;
// on others only what a filter has set.
func birdKept(s *fabric.Switch, r *fabric.BGPRouter, g *fabric.PeerGroup) string {
	subnets := nodeSubnets(s, r, g)
	if g.Internal || birdHops(&g.SessionConfig) == 1 || len(subnets) == 0 {
		return ""
	}
	var all []string
	for _, p := range subnets {
		all = append(all, fmt.Sprintf("bgp_next_hop ~ %s", p))
	}
	return fmt.Sprintf("if source = RTS_BGP && (%s) then bgp_next_hop = bgp_next_hop;", strings.Join(all, " || "))
}

func (b *bird) filter(policy *fabric.Policy, in view, first []string, accept string) {
	p := b.in(in)
	for _, line := range first {
		p.line("%s", line)
	}
	for _, t := range policy.Terms {
		if t.PrefixList != nil {
			p.line("if net ~ %s then %s", birdList(t.PrefixList), accept)
		}
	}
	p.line("reject;")
}

// override prints the function that puts the switch's own AS in the place of another one, which BIRD has no option for.
func (b *bird) override(s *fabric.Switch) {
	if !anySession(s, func(c *fabric.SessionConfig) bool {
		return slices.ContainsFunc(c.Families, func(fc *fabric.FamilyConfig) bool { return fc.ASOverride })
	}) {
		return
	}
	p := b.in(view{"function topoc_override(int theirs) {", "}"})
	p.line("bgppath back = +empty+;")
	p.line("for int n in bgp_path do back = prepend(back, n);")
	p.line("bgp_path = +empty+;")
	p.line("for int n in back do {")
	p.line("  if n = theirs then bgp_path.prepend(%d);", s.ASN)
	p.line("  else bgp_path.prepend(n);")
	p.line("}")
}

// sentTo returns the AS numbers of the neighbors that a family is sent to, sorted.
func sentTo(r *fabric.BGPRouter, fc *fabric.FamilyConfig) []model.ASN {
	var all []model.ASN
	for _, g := range r.Groups {
		if slices.Contains(g.Families, fc) && g.RemoteASN != 0 {
			return []model.ASN{g.RemoteASN}
		}
	}
	for _, n := range r.Neighbors {
		if n.Group != nil && slices.Contains(n.Group.Families, fc) || slices.Contains(n.Families, fc) {
			all = append(all, n.RemoteASN)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// birdOverriding is the filter for what neighbors of an AS are sent, with that AS overridden.
func birdOverriding(fc *fabric.FamilyConfig, asn model.ASN) string {
	return birdSymbol(fmt.Sprintf("%s_as%d", fold(fc.Out.Name, "_-", 50), asn))
}

// unannounced is what sessions may not announce of a table, which holds more than BGP's routes: all but those, networks of the
// switch, and its static routes where they are passed on, which BIRD knows by their protocol instead of a tag.
func unannounced(r *fabric.BGPRouter, f fabric.Family) []string {
	all := []string{"source != RTS_BGP"}
	if len(networksOf(r, f)) > 0 {
		all = append(all, fmt.Sprintf("(source != RTS_DEVICE || net !~ %s)", birdOwn("networks", r.VRF, f)))
	}
	for _, d := range r.Redistribute {
		if d.Family == f {
			all = append(all, fmt.Sprintf("proto != \"%s\"", birdOwn("static", r.VRF, f)))
		}
	}
	return all
}

// tables prints the tables of VRFs. They stay, since protocols of bird.conf name them.
func (b *bird) tables(s *fabric.Switch) {
	b.section("Tables")
	p := b.in()
	for _, of := range birdTables(s) {
		if of.vrf != "" {
			p.line("%s table %s;", afWord(of.family), birdTable(of.vrf, of.family))
			p.undo("%s table %s;", afWord(of.family), birdTable(of.vrf, of.family))
		}
	}
}

// tableOf is a VRF and a family that a switch has routes of.
type tableOf struct {
	vrf    string
	family fabric.Family
}

// birdTables returns those in the order of the snippet.
func birdTables(s *fabric.Switch) []tableOf {
	var all []tableOf
	for _, r := range s.Routers {
		for _, f := range r.Families {
			all = append(all, tableOf{r.VRF, f})
		}
	}
	for _, r := range s.Statics {
		if t := (tableOf{r.VRF, fabric.FamilyOf(r.Prefix.Addr())}); !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// connected prints what brings the subnets of interfaces into a table: to be announced, for next hops to be looked up, and so that
// no route of BGP takes their place.
func (b *bird) connected(s *fabric.Switch) {
	b.section("Subnets of interfaces")
	for _, r := range s.Routers {
		for _, f := range r.Families {
			isToSwitch := slices.ContainsFunc(alone(r), func(n *fabric.Neighbor) bool { return carried(&n.SessionConfig, f) != nil })
			if isToSwitch || looksUp(r, f) {
				protocol := view{fmt.Sprintf("protocol direct %s {", birdOwn("direct", r.VRF, f)), "}"}
				b.vrf(b.in(protocol), r.VRF)
				b.channel(protocol, r.VRF, f)
			}
		}
	}
}

// looksUp reports whether next hops of a family can be beyond the subnet of the session: of iBGP, and over more than one hop.
func looksUp(r *fabric.BGPRouter, f fabric.Family) bool {
	return slices.ContainsFunc(configs(r), func(c *fabric.SessionConfig) bool {
		return carried(c, f) != nil && (c.Internal || birdHops(c) > 1)
	})
}

// vrf binds a protocol to a VRF. On a switch without VRFs nothing is.
func (b *bird) vrf(p *part, vrf string) {
	if vrf != "" {
		p.line("vrf \"%s\";", fold(vrf, wordMarks, 15))
	} else if b.hasVRFs {
		p.line("vrf default;")
	}
}

// channel prints the channel of a protocol that brings routes of the switch itself.
func (b *bird) channel(protocol view, vrf string, f fabric.Family) {
	if vrf == "" {
		b.in(protocol).line("%s;", afWord(f))
		return
	}
	b.table(b.in(protocol, view{afWord(f) + " {", "};"}), vrf, f)
}

func (b *bird) table(p *part, vrf string, f fabric.Family) {
	if vrf != "" {
		p.line("table %s;", birdTable(vrf, f))
	}
}

// statics prints static routes, in a protocol for each table.
func (b *bird) statics(s *fabric.Switch) {
	b.section("Static routes")
	for _, of := range birdTables(s) {
		protocol := view{fmt.Sprintf("protocol static %s {", birdOwn("static", of.vrf, of.family)), "}"}
		var p *part
		for _, r := range s.Statics {
			if r.VRF != of.vrf || fabric.FamilyOf(r.Prefix.Addr()) != of.family {
				continue
			}
			if p == nil {
				b.vrf(b.in(protocol), of.vrf)
				b.channel(protocol, of.vrf, of.family)
				p = b.in(protocol)
			}
			p.line("# %s", birdText(fmt.Sprintf("%s of cluster %s", r.Kind, r.Cluster.Name)))
			p.line("route %s", r.Prefix)
			for i, hop := range r.NextHops {
				end := ""
				if i == len(r.NextHops)-1 {
					end = ";"
				}
				p.line("  via %s%s", hop, end)
			}
		}
	}
}
