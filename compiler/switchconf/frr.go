package switchconf

import (
	"fmt"
	"net/netip"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:    "frr",
	Platform:   "FRR 8.4 or later",
	comment:    "!",
	indent:     " ",
	header:     frrHeader,
	undoHeader: frrUndoHeader,
	text:       frrText,
	write:      frrScript,
})

// frr prints FRR's own configuration language, as releases from 8.4 on take it. A snippet is merged, so there is neither a
// hostname nor "frr version" nor "frr defaults" in it: the last would change the defaults of sessions that are not ours.
// What the profiles differ in (policies that eBGP requires, timers, multipath-relax) is said outright where it matters.
type frr struct{ *script }

func frrScript(s *fabric.Switch) *script {
	f := &frr{&script{}}
	f.lists(s)
	f.policies(s)
	f.statics(s)
	for _, r := range s.Routers {
		f.router(r)
	}
	return f.script
}

// frrWord makes a string one word.
func frrWord(s string) string { return fold(s, wordMarks, 63) }

// frrText makes a string the free end of a line. FRR would take nearly any character there, a terminal would not.
func frrText(s string) string { return fold(s, textMarks, 79) }

func frrHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, FRR 8.4 or later. Check the syntax, merge it into the running configuration, save:", n.Switch),
		"  vtysh -C -f " + n.Snippet,
		"  vtysh -f " + n.Snippet,
		"  vtysh -c 'write memory'",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		return append(h, "A static route that an earlier build had and this one lacks stays: load the undo file of that build first.")
	}
	daemons := "bgpd=yes"
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		daemons += " and bfdd=yes"
	}
	h = append(h,
		"Prefix lists and route maps named here are replaced whole. A neighbor, network or static route that an",
		"earlier build had and this one lacks stays: load the undo file of that build first, which ends its sessions.",
		"",
		"It needs "+daemons+" in /etc/frr/daemons.")
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.Password != nil }) {
		h = append(h, "Sessions with a password come up when you have set it: see the lines with <...>.")
	}
	return h
}

func frrUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s:", n.Snippet, n.Switch),
		"  vtysh -f " + n.Undo,
		"  vtysh -c 'write memory'",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID and \"no bgp default ipv4-unicast\": others may peer with it too.")
	}
	return h
}

// ipWord is "ip" or "ipv6".
func ipWord(f fabric.Family) string {
	if f == fabric.IPv6 {
		return "ipv6"
	}
	return "ip"
}

// afWord is "ipv4" or "ipv6".
func afWord(f fabric.Family) string {
	if f == fabric.IPv6 {
		return "ipv6"
	}
	return "ipv4"
}

// lists prints prefix lists. A list is removed before it is written anew, since entries of an earlier build would survive a
// merge. Until it is complete again FRR denies what it is asked of it, and it looks at routes anew only 5 seconds later
// (bgp route-map delay-timer): a second load withdraws nothing.
func (f *frr) lists(s *fabric.Switch) {
	f.section("Prefix lists")
	p := f.in()
	for _, l := range prefixLists(s) {
		list := fmt.Sprintf("%s prefix-list %s", ipWord(l.Family), frrWord(l.Name))
		p.line("no %s", list)
		for i, e := range l.Entries {
			lengths := ""
			if e.GE > 0 {
				lengths += fmt.Sprintf(" ge %d", e.GE)
			}
			if e.LE > 0 {
				lengths += fmt.Sprintf(" le %d", e.LE)
			}
			p.line("%s seq %d permit %s%s", list, step*(i+1), e.Prefix, lengths)
		}
		p.line("%s seq %d deny any", list, step*(len(l.Entries)+1))
		p.undo("no %s", list)
	}
}

func (f *frr) policies(s *fabric.Switch) {
	f.section("Route maps")
	for _, policy := range policies(s) {
		name := frrWord(policy.Name)
		whole := f.in()
		whole.line("no route-map %s", name)
		whole.undo("no route-map %s", name)
		for _, t := range policy.Terms {
			p := f.in(view{fmt.Sprintf("route-map %s permit %d", name, t.Seq), "exit"})
			if t.PrefixList != nil {
				p.line("match %s address prefix-list %s", ipWord(t.PrefixList.Family), frrWord(t.PrefixList.Name))
			}
			if t.Tag > 0 {
				p.line("match tag %d", t.Tag)
			}
		}
		f.in(view{fmt.Sprintf("route-map %s deny %d", name, lastSeq(policy)), "exit"})
	}
}

func (f *frr) statics(s *fabric.Switch) {
	f.section("Static routes")
	p := f.in()
	for _, r := range s.Statics {
		p.line("! %s", frrText(fmt.Sprintf("%s of cluster %s", r.Kind, r.Cluster.Name)))
		for _, hop := range r.NextHops {
			route := fmt.Sprintf("%s route %s %s", ipWord(fabric.FamilyOf(hop)), r.Prefix, hop)
			if r.Tag > 0 {
				route += fmt.Sprintf(" tag %d", r.Tag)
			}
			if r.VRF != "" {
				route += " vrf " + frrWord(r.VRF)
			}
			p.line("%s", route)
			p.undo("no %s", route)
		}
	}
}

func (f *frr) router(r *fabric.BGPRouter) {
	title, enter := "BGP", fmt.Sprintf("router bgp %d", r.ASN)
	if r.VRF != "" {
		title, enter = title+" in VRF "+frrWord(r.VRF), enter+" vrf "+frrWord(r.VRF)
	}
	f.section(title)
	process := view{enter, "exit"}
	f.process(f.in(process), r)
	f.groups(f.in(process), r)
	f.neighbors(f.in(process), r)
	f.listens(f.in(process), r)
	for _, family := range r.Families {
		f.family(f.in(process, view{"address-family " + afWord(family) + " unicast", "exit-address-family"}), r, family)
	}
}

// process prints what holds for all sessions. FRR is a helper of restarting neighbors by default and refuses to be told so.
func (f *frr) process(p *part, r *fabric.BGPRouter) {
	p.line("bgp router-id %s", r.RouterID)
	p.line("no bgp default ipv4-unicast")
	if r.ClusterID.IsValid() {
		p.line("bgp cluster-id %s", r.ClusterID)
		p.undo("no bgp cluster-id")
	}
	if !r.GracefulRestart {
		p.line("bgp graceful-restart") // FRR refuses to disable what is disabled: so a second load would fail
		p.line("bgp graceful-restart-disable")
		p.undo("no bgp graceful-restart-disable")
	} else {
		p.line("! Graceful restart: FRR keeps the routes of a neighbor that restarts, unless told otherwise.")
	}
	if r.RelaxASPath {
		p.line("bgp bestpath as-path multipath-relax")
		p.undo("no bgp bestpath as-path multipath-relax")
	}
}

// groups come before their members and ranges: FRR takes no reference to what it does not know yet.
func (f *frr) groups(p *part, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		name := frrWord(g.Name)
		p.line("neighbor %s peer-group", name)
		if g.RemoteASN != 0 {
			p.line("neighbor %s remote-as %d", name, g.RemoteASN)
		}
		f.session(p, name, &g.SessionConfig)
		p.undo("no neighbor %s peer-group", name)
	}
}

func (f *frr) neighbors(p *part, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		name := frrPeer(n)
		switch {
		case n.Interface != "":
			p.line("neighbor %s interface v6only remote-as %d", name, n.RemoteASN)
			p.undo("no neighbor %s interface", name)
		case n.Group != nil && n.Group.RemoteASN != 0: // a member cannot differ from its group
			p.line("neighbor %s peer-group %s", name, frrWord(n.Group.Name))
			p.undo("no neighbor %s", name)
		case n.Group != nil:
			p.line("neighbor %s remote-as %d", name, n.RemoteASN)
			p.line("neighbor %s peer-group %s", name, frrWord(n.Group.Name))
			p.undo("no neighbor %s", name)
		default:
			p.line("neighbor %s remote-as %d", name, n.RemoteASN)
			p.undo("no neighbor %s", name)
		}
		if n.Description != "" {
			p.line("neighbor %s description %s", name, frrText(n.Description))
		}
		if n.Group == nil {
			f.session(p, name, &n.SessionConfig)
		}
	}
}

func frrPeer(n *fabric.Neighbor) string {
	if n.Interface != "" {
		return frrWord(n.Interface)
	}
	return n.Address.String()
}

// session prints what a group and a neighbor can both say.
func (f *frr) session(p *part, name string, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		p.line("neighbor %s update-source %s", name, c.UpdateSource)
	}
	if c.TTLSecurity > 0 { // FRR refuses both on one neighbor
		p.line("neighbor %s ttl-security hops %d", name, c.TTLSecurity)
	} else if c.Multihop > 0 {
		p.line("neighbor %s ebgp-multihop %d", name, c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("neighbor %s timers %d %d", name, keepalive, hold)
	}
	if c.BFD {
		p.line("neighbor %s bfd", name)
	}
	if a, err := netip.ParseAddr(name); err == nil && a.IsLinkLocalUnicast() && a.Is6() {
		p.line("! Its address is link-local, and the topology doesn't name the interface:")
		p.line("! neighbor %s interface <...>", name)
	}
	if c.Password != nil {
		p.line("! Key %s of Secret %s:", frrWord(c.Password.Key), frrWord(c.Password.Secret))
		p.line("! neighbor %s password <...>", name)
	}
}

// listens prints the ranges, and one limit for all of them, which is what FRR has: by default 100.
func (f *frr) listens(p *part, r *fabric.BGPRouter) {
	limit := 0
	for _, l := range r.Listens {
		limit += l.Limit
		p.line("bgp listen range %s peer-group %s", l.Prefix, frrWord(l.Group.Name))
		p.undo("no bgp listen range %s peer-group %s", l.Prefix, frrWord(l.Group.Name))
	}
	if limit > 0 {
		p.line("bgp listen limit %d", min(limit, 65535))
		p.undo("no bgp listen limit")
	}
}

// family prints one address family. Its undo leaves the sessions alone: removing them takes their policies too, while taking
// the policies first would open them under "frr defaults datacenter".
func (f *frr) family(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == family {
			p.line("network %s", prefix)
			p.undo("no network %s", prefix)
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == family {
			p.line("redistribute static route-map %s", frrWord(d.Policy.Name))
			p.undo("no redistribute static")
		}
	}
	f.paths(p, r)
	for _, g := range r.Groups {
		f.carried(p, frrWord(g.Name), carried(&g.SessionConfig, family))
	}
	for _, n := range alone(r) {
		f.carried(p, frrPeer(n), carried(&n.SessionConfig, family))
	}
}

func (f *frr) paths(p *part, r *fabric.BGPRouter) {
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		p.line("! Up to %d equal-cost paths can come, not every FRR takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths)
	}
	p.line("maximum-paths %d", r.MaximumPaths)
	p.undo("no maximum-paths")
	for _, c := range configs(r) {
		if c.Internal {
			p.line("maximum-paths ibgp %d", r.MaximumPaths)
			p.undo("no maximum-paths ibgp")
			return
		}
	}
}

// carried prints what a session carries of a family; c is nil where it carries none of it.
func (f *frr) carried(p *part, name string, c *fabric.FamilyConfig) {
	if c == nil {
		return
	}
	p.line("neighbor %s activate", name)
	p.line("neighbor %s route-map %s in", name, frrWord(c.In.Name))
	p.line("neighbor %s route-map %s out", name, frrWord(c.Out.Name))
	if c.MaxPrefixes > 0 {
		p.line("neighbor %s maximum-prefix %d %d restart %d", name, c.MaxPrefixes, c.WarnPercent, c.RestartMinutes)
	}
	if c.ASOverride {
		p.line("neighbor %s as-override", name)
	}
	if c.ReflectorClient {
		p.line("neighbor %s route-reflector-client", name)
	}
	if c.NextHopSelf { // without "force": what is reflected keeps its next hop
		p.line("neighbor %s next-hop-self", name)
	}
	if c.DefaultOriginate {
		p.line("neighbor %s default-originate", name)
	}
}
