package switchconf

import (
	"fmt"
	"hash/fnv"
	"slices"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "os10",
	Platform: "Dell SmartFabric OS10 10.5 or later",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a switch. Commands are from Dell's user guides and Ansible roles.",
		"That templates carry the policies of a family, and members inherit them, was read and not seen.",
		"Static routes are taken to have no tags: those that BGP passes on are named by a prefix list.",
		"A session over an interface takes any AS number of the kind that it inherits, external or internal.",
	},
	comment:    "!",
	indent:     " ",
	header:     os10Header,
	undoHeader: os10UndoHeader,
	text:       ciscoText,
	write: func(s *fabric.Switch) *script {
		x, s := &os10{script: &script{}, templates: map[*fabric.PeerGroup]string{}}, untagged(s)
		x.name(s)
		x.bfd(s)
		x.lists(s)
		x.routeMaps(s, "")
		x.statics(s)
		for _, r := range s.Routers {
			x.router(r)
		}
		return x.script
	},
})

// os10 prints the language of Dell's SmartFabric OS10. A snippet is meant for a transaction, which takes effect as a whole when
// it is committed. Each VRF has its own templates.
type os10 struct {
	*script
	templates map[*fabric.PeerGroup]string
}

// os10TemplateName is the longest name of a template.
const os10TemplateName = 16

// name names the templates: a group's own name, or what fits of it and a digest of all of it.
func (x *os10) name(s *fabric.Switch) {
	taken := map[string]bool{}
	for _, r := range s.Routers {
		for _, g := range r.Groups {
			x.templates[g] = os10Template(ciscoWord(g.Name), taken)
		}
	}
}

func os10Template(name string, taken map[string]bool) string {
	short := name
	for long := name; len(short) > os10TemplateName || taken[short]; long += "+" {
		h := fnv.New32a()
		h.Write([]byte(long))
		short = fmt.Sprintf("%s-x%06x", name[:min(len(name), os10TemplateName-8)], h.Sum32()&0xffffff)
	}
	taken[short] = true
	return short
}

func os10Header(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, OS10 10.5 or later. Paste it into a transaction, see what would change, commit, save:", n.Switch),
		"  start transaction",
		"  configure terminal",
		"  ... this file ...",
		"  end",
		"  show diff candidate-configuration running-configuration",
		"  commit",
		"  write memory",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: commit the undo file of that build first.")
	} else {
		h = append(h,
			"Prefix lists named here are replaced whole. At the first load OS10 may say that a list does not exist. Entries of",
			"route maps are numbered and the last one denies the rest, so that what an earlier build left behind it is never",
			"reached. A neighbor, network or static route that an earlier build had and this one lacks stays: commit the undo",
			"file of that build first, which ends its sessions.",
			"",
			"A session that brings more prefixes than its maximum stays down until: clear ip bgp NEIGHBOR.",
			"Check with: show ip bgp summary, show route-map.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist (ip vrf), with the interfaces in it.", ciscoWord(vrf)))
	}
	for _, name := range linkInterfaces(s) {
		h = append(h, fmt.Sprintf("%s must have an IPv6 link-local address, and no switchport.", name))
	}
	return append(h, notes(s, "loopback0")...)
}

func os10UndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Paste it into a transaction, commit, save:",
		"  start transaction",
		"  configure terminal",
		"  ... this file ...",
		"  end",
		"  commit",
		"  write memory",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID and address families: others may peer with it too.")
	}
	return h
}

func (x *os10) bfd(s *fabric.Switch) {
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		x.section("BFD")
		x.in().line("bfd enable") // stays: others may use it
	}
}

func (x *os10) lists(s *fabric.Switch) {
	x.section("Prefix lists")
	p := x.in()
	for _, l := range prefixLists(s) {
		list := fmt.Sprintf("%s prefix-list %s", ipWord(l.Family), ciscoWord(l.Name))
		p.line("no %s", list)
		for _, entry := range prefixEntries(l, lengthsGE) {
			p.line("%s %s", list, entry)
		}
		p.undo("no %s", list)
	}
}

func (x *os10) statics(s *fabric.Switch) {
	x.section("Static routes")
	p := x.in()
	for _, r := range s.Statics {
		p.line("! %s", ciscoText(fmt.Sprintf("%s of cluster %s", r.Kind, r.Cluster.Name)))
		for _, hop := range r.NextHops {
			route := ipWord(fabric.FamilyOf(hop)) + " route "
			if r.VRF != "" {
				route += "vrf " + ciscoWord(r.VRF) + " "
			}
			p.line("%s%s %s", route, r.Prefix, hop)
			p.undo("no %s%s %s", route, r.Prefix, hop)
		}
	}
}

func (x *os10) router(r *fabric.BGPRouter) {
	at := []view{{fmt.Sprintf("router bgp %d", r.ASN), "exit"}}
	title := "BGP"
	if r.VRF != "" {
		title += " in VRF " + ciscoWord(r.VRF)
		at = append(at, view{"vrf " + ciscoWord(r.VRF), "exit"})
	}
	x.section(title)
	x.process(x.in(at...), r)
	for _, f := range r.Families {
		if originates(r, f) {
			x.originated(x.in(slices.Concat(at, []view{familyView(f)})...), r, f)
		}
	}
	x.groups(at, r)
	x.neighbors(at, r)
}

func (x *os10) process(p *part, r *fabric.BGPRouter) {
	p.line("router-id %s", r.RouterID)
	if r.GracefulRestart { // OS10 can only help those that restart
		p.line("graceful-restart role receiver-only")
		p.undo("no graceful-restart role receiver-only")
	} else {
		p.line("no graceful-restart role receiver-only")
	}
	if r.ClusterID.IsValid() {
		p.line("cluster-id %s", r.ClusterID)
		p.undo("no cluster-id %s", r.ClusterID)
	}
	if r.RelaxASPath {
		p.line("bestpath as-path multipath-relax")
		p.undo("no bestpath as-path multipath-relax")
	}
	maximumPaths(p, r, "ebgp ", "ibgp ")
}

// originated prints what the switch brings into a family itself.
func (x *os10) originated(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == family {
			p.line("network %s", prefix)
			p.undo("no network %s", prefix)
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == family {
			p.line("redistribute static route-map %s", ciscoWord(d.Policy.Name))
			p.undo("no redistribute static route-map %s", ciscoWord(d.Policy.Name))
		}
	}
}

// groups prints the templates of racks, and one for all sessions over interfaces of a kind: a neighbor must have one that says
// where the next hop is.
func (x *os10) groups(at []view, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		template := slices.Concat(at, []view{{"template " + x.templates[g], "exit"}})
		p := x.in(template...)
		if g.RemoteASN != 0 {
			p.line("remote-as %d", g.RemoteASN)
		}
		x.session(p, &g.SessionConfig)
		for _, l := range r.Listens {
			if l.Group == g {
				p.line("listen %s limit %d", l.Prefix, l.Limit)
			}
		}
		x.carried(template, &g.SessionConfig)
		x.in(at...).undo("no template %s", x.templates[g])
	}
	if slices.ContainsFunc(r.Neighbors, func(n *fabric.Neighbor) bool { return n.Interface != "" }) {
		x.in(slices.Concat(at, []view{{"template " + os10Links, "exit"}})...).line("link-local-only-nexthop")
		x.in(at...).undo("no template %s", os10Links)
	}
}

// os10Links is the template of sessions over interfaces.
const os10Links = "LINKS"

func (x *os10) neighbors(at []view, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		name := n.Address.String()
		if n.Interface != "" {
			name = "interface " + ciscoWord(n.Interface)
		}
		neighbor := slices.Concat(at, []view{{"neighbor " + name, "exit"}})
		p := x.in(neighbor...)
		if n.Interface == "" && (n.Group == nil || n.Group.RemoteASN == 0) {
			p.line("remote-as %d", n.RemoteASN)
		}
		if n.Description != "" {
			p.line(`description "%s"`, ciscoText(n.Description))
		}
		switch {
		case n.Interface != "":
			p.line("! OS10 cannot say here that its AS number is %d.", n.RemoteASN)
			p.line("inherit template %s inherit-type %s", os10Links, os10Kind(n))
		case n.Group != nil:
			p.line("inherit template %s", x.templates[n.Group])
		}
		if n.Group == nil {
			x.session(p, &n.SessionConfig)
			x.carried(neighbor, &n.SessionConfig)
		} else { // each member for itself: what of its activation it inherits is not told
			x.activated(neighbor, &n.Group.SessionConfig)
		}
		x.in(neighbor...).line("no shutdown")
		x.in(at...).undo("no neighbor %s", name)
	}
}

func os10Kind(n *fabric.Neighbor) string {
	if n.Internal {
		return "ibgp"
	}
	return "ebgp"
}

// session prints what a template and a neighbor can both say.
func (x *os10) session(p *part, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		source := "loopback0"
		if c.UpdateSourceInterface != "" {
			source = ciscoWord(c.UpdateSourceInterface)
		}
		p.line("update-source %s", source)
	}
	if c.Multihop > 0 {
		p.line("ebgp-multihop %d", c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("timers %d %d", keepalive, hold)
	}
	if c.BFD {
		p.line("bfd")
	}
	if slices.ContainsFunc(c.Families, func(f *fabric.FamilyConfig) bool { return f.ReflectorClient }) {
		p.line("route-reflector-client")
	}
	p.line("send-community standard")
	if c.Password != nil {
		p.line("! Key %s of Secret %s:", ciscoWord(c.Password.Key), ciscoWord(c.Password.Secret))
		p.line("! password <...>")
	}
}

// carried prints what a session carries.
func (x *os10) carried(at []view, c *fabric.SessionConfig) {
	for _, f := range c.Families {
		p := x.in(slices.Concat(at, []view{familyView(f.Family)})...)
		p.line("route-map %s in", ciscoWord(f.In.Name))
		p.line("route-map %s out", ciscoWord(f.Out.Name))
		if f.MaxPrefixes > 0 {
			p.line("maximum-prefix %d %d", f.MaxPrefixes, f.WarnPercent)
		}
		if f.PeerAllowsOwnAS {
			p.line("no sender-side-loop-detection")
		}
		if f.NextHopSelf { // of what came by eBGP
			p.line("next-hop-self")
		}
		if f.DefaultOriginate {
			p.line("default-originate")
		}
		p.line("activate")
	}
	x.withoutIPv4(at, c)
}

// activated activates the families that a member of a group carries.
func (x *os10) activated(at []view, c *fabric.SessionConfig) {
	for _, f := range c.Families {
		x.in(slices.Concat(at, []view{familyView(f.Family)})...).line("activate")
	}
	x.withoutIPv4(at, c)
}

// withoutIPv4 takes from a session the IPv4 that OS10 gives every one.
func (x *os10) withoutIPv4(at []view, c *fabric.SessionConfig) {
	if carried(c, fabric.IPv4) == nil {
		x.in(slices.Concat(at, []view{familyView(fabric.IPv4)})...).line("no activate")
	}
}
