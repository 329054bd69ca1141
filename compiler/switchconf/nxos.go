package switchconf

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "nxos",
	Platform: "Cisco NX-OS 9.3 or later",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a switch. Most commands were seen in running configurations of Nexus 9000 switches.",
		"Sessions over an interface were seen in few configurations, never with templates: each such neighbor says all itself.",
		"disable-peer-as-check is taken to be all that keeps NX-OS from holding back routes with the neighbor's own AS in their path.",
	},
	comment:    "!",
	indent:     "  ",
	header:     nxosHeader,
	undoHeader: nxosUndoHeader,
	text:       ciscoText,
	write: func(s *fabric.Switch) *script {
		x := &nxos{&script{}}
		x.features(s)
		x.lists(s)
		x.routeMaps(s, "")
		x.statics(s)
		for i, r := range s.Routers {
			x.router(r, i == 0)
		}
		return x.script
	},
})

// nxos prints the language of Cisco's Nexus switches. Commands act at once. A route map that does not exist denies everything, a
// prefix list that does not exist permits everything: so a list is replaced as fast as can be, and a route map never removed.
//
// Templates belong to the whole process; a VRF below it names the members.
type nxos struct{ *script }

func nxosHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, NX-OS 9.3 or later. Commands act at once. Keep a way back, load it, save:", n.Switch),
		"  checkpoint before-topoc",
		"  copy bootflash:" + n.Snippet + " running-config",
		"  copy running-config startup-config",
		n.Undo + " takes it back; rollback running-config checkpoint before-topoc takes back the load.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: load the undo file of that build first.")
	} else {
		h = append(h,
			"Prefix lists named here are replaced whole. Until a list is there again NX-OS lets everything pass that it is asked",
			"about: load a changed file in a quiet hour. At the first load NX-OS may say that a list does not exist.",
			"Entries of route maps are numbered and the last one denies the rest, so that what an earlier build left behind it",
			"is never reached. A neighbor, network or static route that an earlier build had and this one lacks stays: load",
			"the undo file of that build first, which ends its sessions.",
			"",
			"Check with: show bgp sessions vrf all, show route-map.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist, with the interfaces in it.", ciscoWord(vrf)))
	}
	for _, name := range linkInterfaces(s) {
		h = append(h, fmt.Sprintf("%s must have ip forward and ipv6 address use-link-local-only.", name))
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		h = append(h, "Interfaces with BFD must have no ip redirects (and no ipv6 redirects).")
	}
	return append(h, notes(s, "loopback0")...)
}

func nxosUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s:", n.Snippet, n.Switch),
		"  copy bootflash:" + n.Undo + " running-config",
		"  copy running-config startup-config",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID and address families, and so do the features: others may use them too.")
	}
	return h
}

// features turns on what NX-OS otherwise has no commands for.
func (x *nxos) features(s *fabric.Switch) {
	x.section("Features")
	p := x.in()
	if len(s.Routers) > 0 {
		p.line("feature bgp")
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		p.line("feature bfd")
	}
}

func (x *nxos) lists(s *fabric.Switch) {
	x.section("Prefix lists")
	p := x.in()
	for _, l := range prefixLists(s) {
		list := fmt.Sprintf("%s prefix-list %s", ipWord(l.Family), ciscoWord(l.Name))
		p.line("no %s", list)
		for _, entry := range prefixEntries(l, lengthsEQ) {
			p.line("%s %s", list, entry)
		}
		p.undo("no %s", list)
	}
}

func (x *nxos) statics(s *fabric.Switch) {
	x.section("Static routes")
	for _, r := range s.Statics {
		p := x.in()
		if r.VRF != "" {
			p = x.in(view{"vrf context " + ciscoWord(r.VRF), "exit"})
		}
		for _, hop := range r.NextHops {
			name := fold(fmt.Sprintf("%s-%s", r.Cluster.Name, strings.ReplaceAll(r.Kind.String(), " ", "-")), wordMarks, 50)
			route := fmt.Sprintf("%s route %s %s name %s", ipWord(fabric.FamilyOf(hop)), r.Prefix, hop, name)
			if r.Tag > 0 {
				route += fmt.Sprintf(" tag %d", r.Tag)
			}
			p.line("%s", route)
			p.undo("no %s", route)
		}
	}
}

func (x *nxos) router(r *fabric.BGPRouter, isFirst bool) {
	process := view{fmt.Sprintf("router bgp %d", r.ASN), "exit"}
	title, at := "BGP", []view{process}
	if r.VRF != "" {
		title += " in VRF " + ciscoWord(r.VRF)
		at = append(at, view{"vrf " + ciscoWord(r.VRF), "exit"})
	}
	x.section(title)
	if !r.GracefulRestart && isFirst {
		p := x.in(process)
		p.line("no graceful-restart")
		p.undo("graceful-restart")
	} else if isFirst {
		x.in(process).line("! Graceful restart: NX-OS has it, and keeps the routes of a neighbor that restarts.")
	}
	if r.VRF != "" { // before what names them
		x.templates(process, r)
	}
	x.instance(x.in(at...), r)
	for _, f := range r.Families {
		x.family(x.in(slices.Concat(at, []view{familyView(f)})...), r, f)
	}
	if r.VRF == "" {
		x.templates(process, r)
	}
	x.neighbors(at, r)
	x.listens(at, r)
}

// instance prints what each VRF has for itself.
func (x *nxos) instance(p *part, r *fabric.BGPRouter) {
	p.line("router-id %s", r.RouterID)
	if r.ClusterID.IsValid() {
		p.line("cluster-id %s", r.ClusterID)
		p.undo("no cluster-id %s", r.ClusterID)
	}
	if r.RelaxASPath {
		p.line("bestpath as-path multipath-relax")
		p.undo("no bestpath as-path multipath-relax")
	}
}

// family prints what the switch brings into a family itself, and how many paths it uses.
func (x *nxos) family(p *part, r *fabric.BGPRouter, family fabric.Family) {
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
	maximumPaths(p, r, "", "ibgp ")
}

func (x *nxos) templates(process view, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		template := view{"template peer " + ciscoWord(g.Name), "exit"}
		p := x.in(process, template)
		if g.RemoteASN != 0 {
			p.line("remote-as %d", g.RemoteASN)
		}
		x.session(p, &g.SessionConfig)
		x.carried([]view{process, template}, &g.SessionConfig)
		x.in(process).undo("no template peer %s", ciscoWord(g.Name))
	}
}

func (x *nxos) neighbors(at []view, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		name := n.Address.String()
		if n.Interface != "" {
			name = ciscoWord(n.Interface)
		}
		neighbor := slices.Concat(at, []view{{"neighbor " + name, "exit"}})
		p := x.in(neighbor...)
		if n.Group != nil {
			p.line("inherit peer %s", ciscoWord(n.Group.Name))
		}
		if n.Group == nil || n.Group.RemoteASN == 0 {
			p.line("remote-as %d", n.RemoteASN)
		}
		if n.Description != "" {
			p.line("description %s", ciscoText(n.Description))
		}
		if n.Group == nil {
			x.session(p, &n.SessionConfig)
			x.carried(neighbor, &n.SessionConfig)
		}
		x.in(at...).undo("no neighbor %s", name)
	}
}

// session prints what a template and a neighbor can both say.
func (x *nxos) session(p *part, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		source := "loopback0"
		if c.UpdateSourceInterface != "" {
			source = ciscoWord(c.UpdateSourceInterface)
		}
		p.line("update-source %s", source)
	}
	if c.TTLSecurity > 0 {
		p.line("ttl-security hops %d", c.TTLSecurity)
	} else if c.Multihop > 0 {
		p.line("ebgp-multihop %d", c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("timers %d %d", keepalive, hold)
	}
	if c.BFD {
		p.line("bfd")
	}
	if c.Password != nil {
		p.line("! Key %s of Secret %s:", ciscoWord(c.Password.Key), ciscoWord(c.Password.Secret))
		p.line("! password <...>")
	}
}

// carried prints what a session carries.
func (x *nxos) carried(at []view, c *fabric.SessionConfig) {
	for _, f := range c.Families {
		p := x.in(slices.Concat(at, []view{familyView(f.Family)})...)
		p.line("send-community")
		p.line("route-map %s in", ciscoWord(f.In.Name))
		p.line("route-map %s out", ciscoWord(f.Out.Name))
		if f.MaxPrefixes > 0 {
			p.line("maximum-prefix %d %d restart %d", f.MaxPrefixes, f.WarnPercent, f.RestartMinutes)
		}
		if f.ASOverride || f.PeerAllowsOwnAS {
			p.line("disable-peer-as-check")
		}
		if f.ASOverride {
			p.line("as-override")
		}
		if f.ReflectorClient {
			p.line("route-reflector-client")
		}
		if f.NextHopSelf { // without "all": what is reflected keeps its next hop
			p.line("next-hop-self")
		}
		if f.DefaultOriginate {
			p.line("default-originate")
		}
	}
}

// listens prints the ranges, each with a limit of its own.
func (x *nxos) listens(at []view, r *fabric.BGPRouter) {
	const most = 1000
	for _, l := range r.Listens {
		p := x.in(slices.Concat(at, []view{{fmt.Sprintf("neighbor %s", l.Prefix), "exit"}})...)
		p.line("inherit peer %s", ciscoWord(l.Group.Name))
		if l.Limit > most {
			p.line("! Up to %d nodes are planned, NX-OS takes %d sessions from one subnet.", l.Limit, most)
		}
		p.line("maximum-peers %d", min(l.Limit, most))
		x.in(at...).undo("no neighbor %s", l.Prefix)
	}
}
