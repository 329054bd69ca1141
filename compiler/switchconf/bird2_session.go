package switchconf

import (
	"fmt"
	"net/netip"
	"strings"

	"topoc/compiler/fabric"
)

// birdNames gives the protocol of every neighbor a name, by which birdc knows it: of the neighbor, the VRF and the family. Those
// that would have the same one get their addresses instead.
func birdNames(s *fabric.Switch) map[*fabric.Neighbor]string {
	name := func(r *fabric.BGPRouter, n *fabric.Neighbor, longest int, end string) string {
		words := n.Description
		if r.VRF != "" {
			words += "_" + r.VRF
		}
		return birdSymbol(fold(words, "_", longest) + "_" + end)
	}
	plain := func(r *fabric.BGPRouter, n *fabric.Neighbor) string {
		return name(r, n, 50, "v"+afWord(fabric.FamilyOf(n.Address))[3:])
	}
	count := map[string]int{}
	for _, r := range s.Routers {
		for _, n := range r.Neighbors {
			count[plain(r, n)]++
		}
	}
	names, taken := map[*fabric.Neighbor]string{}, map[string]bool{}
	for _, r := range s.Routers {
		for _, n := range r.Neighbors {
			own := plain(r, n)
			if count[own] > 1 {
				own = name(r, n, 20, fold(n.Address.String(), "_", 39))
			}
			for i := 2; taken[own]; i++ { // alike in their first characters, with one address in two VRFs
				own = name(r, n, 15, fmt.Sprintf("%s_%d", fold(n.Address.String(), "_", 39), i))
			}
			names[n], taken[own] = own, true
		}
	}
	return names
}

func (b *bird) router(r *fabric.BGPRouter) {
	title := "BGP"
	if r.VRF != "" {
		title += " in VRF " + fold(r.VRF, wordMarks, 15)
	}
	b.section(title)
	for _, f := range r.Families {
		b.originated(r, f)
	}
	for _, g := range r.Groups {
		template := view{fmt.Sprintf("template bgp %s {", birdSymbol(g.Name)), "}"}
		b.session(r, &g.SessionConfig, template)
	}
	for _, n := range r.Neighbors {
		switch {
		case n.Interface != "": // fabric.Unsupported reports it
		case n.Group != nil:
			protocol := view{fmt.Sprintf("protocol bgp %s from %s {", b.names[n], birdSymbol(n.Group.Name)), "}"}
			b.neighbor(b.in(protocol), n)
			for _, fc := range n.Group.Families {
				if fc.ASOverride && n.Group.RemoteASN == 0 {
					b.in(protocol, view{afWord(fc.Family) + " {", "};"}).line("export filter %s;", birdOverriding(fc, n.RemoteASN))
				}
			}
		default:
			protocol := view{fmt.Sprintf("protocol bgp %s {", b.names[n]), "}"}
			b.neighbor(b.in(protocol), n)
			b.session(r, &n.SessionConfig, protocol)
		}
	}
	b.listens(r)
}

func (b *bird) neighbor(p *part, n *fabric.Neighbor) {
	if n.Description != "" {
		p.line("description \"%s\";", birdText(n.Description))
	}
	p.line("neighbor %s as %d;", n.Address, n.RemoteASN)
}

// listens prints the ranges. BIRD has no limit to the number of their sessions.
func (b *bird) listens(r *fabric.BGPRouter) {
	for _, l := range r.Listens {
		group := fold(strings.ToLower(l.Group.Name), "_", 20)
		name := birdSymbol(group + "_" + fold(l.Prefix.String(), "_", 42))
		p := b.in(view{fmt.Sprintf("protocol bgp %s from %s {", name, birdSymbol(l.Group.Name)), "}"})
		p.line("neighbor range %s as %d;", l.Prefix, l.Group.RemoteASN)
		p.line("dynamic name \"%s_\";", group)
		p.line("dynamic name digits 3;")
	}
}

// birdHops is how far the neighbor of a session is: 1 is on the subnet, 0 anywhere.
func birdHops(c *fabric.SessionConfig) int {
	switch {
	case c.TTLSecurity > 0:
		return c.TTLSecurity
	case c.Multihop > 0:
		return c.Multihop
	case c.Internal && c.UpdateSource.IsValid():
		return 0
	}
	return 1
}

// isRecursive reports whether next hops of a session on the neighbor's subnet are to be looked up, as they are on others of iBGP: those
// of routes that were reflected are somebody else's addresses.
func isRecursive(c *fabric.SessionConfig) bool { return c.Internal && birdHops(c) == 1 }

// session prints what a group and a neighbor can both say.
func (b *bird) session(r *fabric.BGPRouter, c *fabric.SessionConfig, in view) {
	p := b.in(in)
	b.vrf(p, r.VRF)
	p.line("router id %s;", r.RouterID)
	p.line("local as %d;", r.ASN)
	switch hops := birdHops(c); {
	case hops == 0:
		p.line("multihop;")
	case hops > 1:
		p.line("multihop %d;", hops)
	default:
		p.line("direct;")
	}
	if c.UpdateSource.IsValid() {
		p.line("source address %s;", c.UpdateSource)
	}
	if c.TTLSecurity > 0 {
		p.line("ttl security on;")
	}
	if c.Password != nil {
		p.line("password %s;", nameOf(b.passwords, c.Password))
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("hold time %d;", hold)
		p.line("keepalive time %d;", keepalive)
	}
	if c.BFD {
		p.line("bfd on;")
	}
	if r.GracefulRestart { // routes of a neighbor that restarts are kept
		p.line("graceful restart aware;")
	} else {
		p.line("graceful restart off;")
		p.line("long lived graceful restart off;")
	}
	for _, fc := range c.Families {
		if fc.ReflectorClient {
			p.line("rr client;")
			p.line("rr cluster id %s;", r.ClusterID)
			break
		}
	}
	for _, fc := range c.Families {
		b.carried(b.in(in, view{afWord(fc.Family) + " {", "};"}), r, c, fc)
	}
}

// carried prints what a session carries of a family. BIRD counts what it received, denied or not, and only where it keeps that.
func (b *bird) carried(p *part, r *fabric.BGPRouter, c *fabric.SessionConfig, fc *fabric.FamilyConfig) {
	if fc.DefaultOriginate {
		p.line("table %s;", birdOwn("nodes", r.VRF, fc.Family))
	} else {
		b.table(p, r.VRF, fc.Family)
	}
	p.line("import filter %s;", birdSymbol(fc.In.Name))
	switch {
	case !fc.ASOverride:
		p.line("export filter %s;", birdSymbol(fc.Out.Name))
	case c.RemoteASN != 0:
		p.line("export filter %s;", birdOverriding(fc, c.RemoteASN))
	default:
		p.line("export none;") // each member has its own
	}
	if fc.MaxPrefixes > 0 {
		p.line("import keep filtered on;")
		p.line("import limit %d action warn;", max(fc.MaxPrefixes*fc.WarnPercent/100, 1))
		p.line("receive limit %d action restart;", fc.MaxPrefixes)
	}
	if isRecursive(c) {
		p.line("gateway recursive;")
	}
	if fc.NextHopSelf {
		p.line("next hop self ebgp;")
	}
}

// originated prints a default route that is made for sessions: in a table of theirs, since a route in the table of the kernel
// would be written there.
func (b *bird) originated(r *fabric.BGPRouter, f fabric.Family) {
	isMade := false
	for _, c := range configs(r) {
		if fc := carried(c, f); fc != nil && fc.DefaultOriginate {
			isMade = true
		}
	}
	if !isMade {
		return
	}
	table, route := birdOwn("nodes", r.VRF, f), birdOwn("default", r.VRF, f)
	all := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if f == fabric.IPv6 {
		all = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	b.in().line("%s table %s;", afWord(f), table)
	static := view{fmt.Sprintf("protocol static %s {", route), "}"}
	p := b.in(static, view{afWord(f) + " {", "};"})
	p.line("table %s;", table)
	p.line("preference 1000;") // before any other default route
	b.in(static).line("route %s blackhole;", all)
	pipe := b.in(view{fmt.Sprintf("protocol pipe %s {", birdOwn("pipe", r.VRF, f)), "}"})
	pipe.line("table %s;", table)
	pipe.line("peer table %s;", birdTable(r.VRF, f))
	pipe.line("import all;")
	pipe.line("export where proto != \"%s\";", route)
}

func birdHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, BIRD 2.0.12 or later. A file to put beside bird.conf, which includes it:", n.Switch),
		fmt.Sprintf("  include \"%s\";", n.Snippet),
		"Check, load:",
		"  bird -p -c /etc/bird/bird.conf",
		"  birdc configure",
		"What an earlier build had and this one lacks goes with that. " + n.Undo + " takes it all back.",
		"",
		"bird.conf must have:",
		"  protocol device { }",
	}
	var behind []string
	for _, of := range birdTables(s) {
		if of.vrf == "" {
			h = append(h, birdKernel(s, of)...)
		} else {
			behind = append(behind, birdKernel(s, of)...)
		}
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		h = append(h, "  protocol bfd { }")
	}
	if passwords := Passwords(s); len(passwords) > 0 {
		h = append(h, "before the include:")
		for _, p := range passwords {
			h = append(h, fmt.Sprintf("  define %s = \"<...>\"; # %s", p.Name, p.about))
		}
	}
	if len(behind) > 0 {
		h = append(h, "behind the include, with the table that the device of each VRF has in the kernel:")
		h = append(h, behind...)
	}
	return h
}

// birdKernel says what protocol of the kernel a table needs.
func birdKernel(s *fabric.Switch, of tableOf) []string {
	limit, wanted := 0, 0
	for _, r := range s.Routers {
		if r.VRF == of.vrf {
			limit, wanted = r.MaximumPaths, r.WantedPaths
		}
	}
	open, table := "  protocol kernel {", ""
	if of.vrf != "" {
		open += fmt.Sprintf(" vrf \"%s\"; kernel table <...>;", fold(of.vrf, wordMarks, 15))
		table = " table " + birdTable(of.vrf, of.family) + ";"
	}
	line := fmt.Sprintf("%s %s {%s export where source ~ [ RTS_BGP, RTS_STATIC ]; };", open, afWord(of.family), table)
	if limit > 1 {
		line += fmt.Sprintf(" merge paths on limit %d;", limit)
	}
	line += " }"
	if wanted > limit {
		return []string{line, fmt.Sprintf("  (up to %d equal-cost paths can come, not every kernel takes more than %d: see bgp.maximumPaths)", wanted, limit)}
	}
	return []string{line}
}

func birdUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what is configured on switch %s: copy it over", n.Switch),
		fmt.Sprintf("  %s", n.Snippet),
		"Then:",
		"  birdc configure",
		"That withdraws its routes and ends its sessions; what else bird.conf has goes on. Then the include can be deleted.",
	}
	for _, of := range birdTables(s) {
		if of.vrf != "" {
			return append(h, "The tables of VRFs stay: protocols of bird.conf name them, and are to be deleted before the include.")
		}
	}
	return h
}
