package switchconf

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "routeros",
	Platform: "MikroTik RouterOS 7.20 or later",
	Doubts: []string{
		"Nobody has imported a whole snippet into a router. Commands are from MikroTik's command reference and published configurations.",
		"Whether setting what is set already restarts a session was not tried.",
		"Releases from 7.22 on have multipath for an instance, which is not used: others have none.",
		"That a default route made for a session has an IPv6 kind was not seen.",
		"A limit of prefixes is a power of ten, the next one above what was derived or written, and has no warning.",
	},
	comment:    "#",
	indent:     "  ",
	header:     routerosHeader,
	undoHeader: routerosUndoHeader,
	text:       routerosText,
	write: func(s *fabric.Switch) *script {
		o := &routeros{&script{}}
		o.filters(s)
		o.networks(s)
		o.statics(s)
		for _, r := range s.Routers {
			o.router(r)
		}
		return o.script
	},
})

// routeros prints a script of MikroTik's RouterOS for import. Commands act at once. Objects are found by the names that topoc gives
// them, added where they are missing, and set: so that a file can be imported twice. What opens a session is added disabled, since
// without filters it would let everything pass.
//
// There are no prefix lists: each entry becomes a rule of the filter chain that asks for it. Neither have static routes tags:
// those that BGP passes on are in the list of networks.
type routeros struct{ *script }

// routerosWord makes a string one word that means nothing to the script language.
func routerosWord(s string) string { return fold(s, wordMarks, 47) }

// routerosVRF makes a string the name of a VRF and its routing table.
func routerosVRF(s string) string { return fold(s, wordMarks, 31) }

// routerosText makes a string harmless in a comment.
func routerosText(s string) string { return fold(s, textMarks, 79) }

func routerosHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, RouterOS 7.20 or later. Commands act at once. Keep a way back, upload it, try, import:", n.Switch),
		"  /export file=before-topoc",
		"  /import file-name=" + n.Snippet + " verbose=yes dry-run",
		"  /import file-name=" + n.Snippet,
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: import the undo file of that build first.")
	} else {
		h = append(h,
			"Filter chains and lists of networks named here are replaced whole: for a moment they hold everything back.",
			"A connection or static route that an earlier build had and this one lacks stays: import the undo file of that",
			"build first, which ends its sessions.",
			"",
			"A session that brings more prefixes than its limit stays down until its flag limit-exceeded is cleared.",
			"Check with: /routing/bgp/session/print, /routing/filter/rule/print.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist (/ip/vrf), with the interfaces in it.", routerosVRF(vrf)))
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		h = append(h, "Interfaces with BFD must be in /routing/bfd/configuration.")
	}
	return append(h, notes(s, "The interface lo")...)
}

func routerosUndoHeader(_ *fabric.Switch, n names) []string {
	return []string{
		fmt.Sprintf("Takes back what %s added to switch %s:", n.Snippet, n.Switch),
		"  /import file-name=" + n.Undo,
	}
}

// menu is a menu of RouterOS, which commands are relative to.
func menu(path string) view { return view{path, ""} }

// object is something with a name: a part of its menu, and the command that sets it.
type object struct {
	*part
	set string
}

// object adds something to a menu unless a thing of its name is there. properties are what it cannot be without.
func (o *routeros) object(path, name, properties string) object {
	missing := view{fmt.Sprintf(`:if ([:len [find where name="%s"]] = 0) do={`, name), "}"}
	o.in(menu(path), missing).line(`add name="%s"%s`, name, properties)
	p := o.in(menu(path))
	p.undo(`remove [find where name="%s"]`, name)
	return object{p, fmt.Sprintf(`set [find where name="%s"]`, name)}
}

// property prints properties of an object.
func (b object) property(format string, args ...any) {
	b.line("%s %s", b.set, fmt.Sprintf(format, args...))
}

// filters prints the chains. Those for static routes are not among them: the list of networks does what they say.
func (o *routeros) filters(s *fabric.Switch) {
	o.section("Routing filters")
	p := o.in(menu("/routing/filter/rule"))
	for _, policy := range policies(s) {
		if slices.ContainsFunc(s.Routers, func(r *fabric.BGPRouter) bool {
			return slices.ContainsFunc(r.Redistribute, func(d *fabric.Redistribution) bool { return d.Policy.Name == policy.Name })
		}) {
			continue
		}
		chain := routerosWord(policy.Name)
		remove := fmt.Sprintf(`remove [find where chain="%s"]`, chain)
		add := fmt.Sprintf(`add chain="%s"`, chain)
		p.line("%s", remove)
		for _, t := range policy.Terms {
			if t.PrefixList == nil {
				p.line(`%s rule="accept"`, add)
				continue
			}
			for _, e := range t.PrefixList.Entries {
				p.line(`%s rule="if (%s) { accept }"`, add, routerosMatch(e))
			}
		}
		p.line(`%s rule="reject"`, add)
		p.undo("%s", remove)
	}
}

// routerosMatch writes what an entry permits.
func routerosMatch(e fabric.PrefixEntry) string {
	low, high := e.Lengths()
	switch {
	case low == e.Prefix.Bits() && high == low:
		return fmt.Sprintf("dst == %s", e.Prefix)
	case low == high:
		return fmt.Sprintf("dst in %s && dst-len == %d", e.Prefix, low)
	case low == e.Prefix.Bits():
		return fmt.Sprintf("dst in %s && dst-len <= %d", e.Prefix, high)
	}
	return fmt.Sprintf("dst in %s && dst-len >= %d && dst-len <= %d", e.Prefix, low, high)
}

// routerosName is what a router's instance, or its list of networks, is called.
func routerosName(what string, r *fabric.BGPRouter) string {
	if r.VRF != "" {
		return what + "-" + routerosVRF(r.VRF)
	}
	return what
}

// originated returns what a router brings into BGP itself, of a family: its networks and the static routes that it passes on.
func originated(s *fabric.Switch, r *fabric.BGPRouter, f fabric.Family) []string {
	var all []string
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == f {
			all = append(all, prefix.String())
		}
	}
	for _, d := range r.Redistribute {
		for _, route := range s.Statics {
			if d.Family == f && route.VRF == r.VRF && route.Tag > 0 && fabric.FamilyOf(route.Prefix.Addr()) == f {
				all = append(all, route.Prefix.String())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// networks prints what BGP announces of its own, as long as a route to it is there.
func (o *routeros) networks(s *fabric.Switch) {
	o.section("Networks to announce")
	for _, r := range s.Routers {
		for _, f := range r.Families {
			p, list := o.in(menu("/"+ipWord(f)+"/firewall/address-list")), routerosName("topoc-networks", r)
			all := originated(s, r, f)
			if len(all) == 0 {
				continue
			}
			p.line(`remove [find where list="%s"]`, list)
			for _, prefix := range all {
				p.line(`add list="%s" address=%s`, list, prefix)
			}
			p.undo(`remove [find where list="%s"]`, list)
		}
	}
}

// statics prints static routes, which are found by their comments.
func (o *routeros) statics(s *fabric.Switch) {
	o.section("Static routes")
	for _, r := range s.Statics {
		at, table, via := menu("/"+ipWord(fabric.FamilyOf(r.Prefix.Addr()))+"/route"), "main", ""
		if r.VRF != "" {
			table = routerosVRF(r.VRF)
			via = "@" + table
		}
		o.in(at).line("# %s", routerosText(fmt.Sprintf("%s of cluster %s", r.Kind, r.Cluster.Name)))
		for _, hop := range r.NextHops {
			comment := fmt.Sprintf("topoc/%s/%s/%s", table, r.Prefix, hop)
			missing := view{fmt.Sprintf(`:if ([:len [find where comment="%s"]] = 0) do={`, comment), "}"}
			o.in(at, missing).line(`add comment="%s" dst-address=%s gateway=%s%s routing-table="%s"`, comment, r.Prefix, hop, via, table)
			o.in(at).undo(`remove [find where comment="%s"]`, comment)
		}
	}
}

// router prints the instance of a VRF, which is topoc's own.
func (o *routeros) router(r *fabric.BGPRouter) {
	title, table := "BGP", ""
	if r.VRF != "" {
		title += " in VRF " + routerosVRF(r.VRF)
		table = fmt.Sprintf(` vrf="%s" routing-table="%s"`, routerosVRF(r.VRF), routerosVRF(r.VRF))
	}
	o.section(title)
	instance := o.object("/routing/bgp/instance", routerosName("topoc", r), fmt.Sprintf(" as=%d", r.ASN))
	if r.WantedPaths > 1 {
		instance.line("# Up to %d equal-cost paths can come, RouterOS uses one.", r.WantedPaths)
	}
	instance.property("as=%d router-id=%s%s", r.ASN, r.RouterID, table)
	if r.ClusterID.IsValid() {
		instance.property("cluster-id=%s", r.ClusterID)
	}
	for _, g := range r.Groups {
		o.shared(o.object("/routing/bgp/template", routerosWord(g.Name), ""), r, &g.SessionConfig)
	}
	for _, n := range r.Neighbors {
		if n.Interface == "" { // else fabric.Unsupported reports it
			o.neighbor(r, n)
		}
	}
	for _, l := range r.Listens {
		o.listen(r, l)
	}
}

// neighbor prints the connection to a neighbor.
func (o *routeros) neighbor(r *fabric.BGPRouter, n *fabric.Neighbor) {
	c := &n.SessionConfig
	if n.Group != nil {
		c = &n.Group.SessionConfig
	}
	b := o.connection(r, c, n.Address.String())
	about := ""
	if n.Description != "" {
		about = fmt.Sprintf(` comment="%s"`, routerosWord(n.Description))
	}
	b.property("remote.address=%s remote.as=%d%s", n.Address, n.RemoteASN, about)
	if n.Address.Is6() && n.Address.IsLinkLocalUnicast() {
		b.line("# Its address is link-local, and the topology doesn't name the interface:")
		b.line("# %s remote.address=%s%%<...>", b.set, n.Address)
	}
	if n.Group != nil {
		b.property(`templates="%s"`, routerosWord(n.Group.Name))
	} else {
		o.shared(b, r, c)
	}
	if c.Password != nil {
		b.line("# Key %s of Secret %s:", routerosWord(c.Password.Key), routerosWord(c.Password.Secret))
		b.line("# %s tcp-md5-key=<...>", b.set)
	}
	b.property("disabled=no")
}

// listen prints the connection that accepts sessions from a subnet.
func (o *routeros) listen(r *fabric.BGPRouter, l *fabric.Listen) {
	const most = 256
	b := o.connection(r, &l.Group.SessionConfig, l.Prefix.String())
	if l.Limit > most {
		b.line("# Up to %d nodes are planned, RouterOS takes %d sessions from one subnet.", l.Limit, most)
	}
	b.property("remote.address=%s remote.as=%d connect=no listen=yes", l.Prefix, l.Group.RemoteASN)
	b.property(`templates="%s"`, routerosWord(l.Group.Name))
	b.property("disabled=no")
}

// connection adds a connection, disabled, and prints what a template cannot say for it.
func (o *routeros) connection(r *fabric.BGPRouter, c *fabric.SessionConfig, remote string) object {
	role := "ebgp"
	if c.Internal {
		role = "ibgp"
		if slices.ContainsFunc(c.Families, func(f *fabric.FamilyConfig) bool { return f.ReflectorClient }) {
			role = "ibgp-rr"
		}
	}
	identity := fmt.Sprintf(`instance="%s" local.role=%s`, routerosName("topoc", r), role)
	b := o.object("/routing/bgp/connection", routerosName("topoc-"+remote, r), " "+identity+" disabled=yes")
	b.property("%s", identity)
	if c.UpdateSource.IsValid() {
		b.property("local.address=%s", c.UpdateSource)
	}
	if c.TTLSecurity > 0 {
		b.property("local.ttl=255 remote.ttl=%d", 256-c.TTLSecurity)
	} else if c.Multihop > 0 {
		b.property("local.ttl=%d", c.Multihop)
	}
	return b
}

// shared prints what templates and connections can both say.
func (o *routeros) shared(b object, r *fabric.BGPRouter, c *fabric.SessionConfig) {
	var afi []string
	for _, f := range c.Families {
		afi = append(afi, ipWord(f.Family))
	}
	about := []string{"afi=" + strings.Join(afi, ",")}
	if keepalive, hold, ok := timers(c); ok {
		about = append(about, fmt.Sprintf("hold-time=%ds keepalive-time=%ds", hold, keepalive))
	}
	if c.UpdateSource.IsValid() || c.Multihop > 0 || c.TTLSecurity > 1 {
		about = append(about, "multihop=yes")
	}
	if c.BFD {
		about = append(about, "use-bfd=yes")
	}
	b.property("%s", strings.Join(about, " "))
	for _, f := range c.Families {
		o.carried(b, r, f)
	}
}

// carried prints what a session carries of a family.
func (o *routeros) carried(b object, r *fabric.BGPRouter, f *fabric.FamilyConfig) {
	in := fmt.Sprintf(`input.filter="%s"`, routerosWord(f.In.Name))
	if f.MaxPrefixes > 0 {
		in += fmt.Sprintf(" input.limit-process-routes-%s=%d", afWord(f.Family), tenfold(f.MaxPrefixes))
	}
	b.property("%s", in)
	b.property(`output.filter-chain="%s" output.redistribute=bgp`, routerosWord(f.Out.Name))
	if originates(r, f.Family) {
		b.property(`output.network="%s"`, routerosName("topoc-networks", r))
	}
	if f.ASOverride {
		b.property("output.as-override=yes")
	}
	if f.ASOverride || f.PeerAllowsOwnAS {
		b.property("output.no-early-cut=yes")
	}
	if f.NextHopSelf {
		b.property("nexthop-choice=force-self")
	}
	if f.DefaultOriginate {
		b.property("output.default-originate=always")
	}
}

// tenfold is the least power of ten that is not below n, of those that RouterOS takes.
func tenfold(n int) int {
	limit := 10
	for limit < min(n, 10000000) {
		limit *= 10
	}
	return limit
}
