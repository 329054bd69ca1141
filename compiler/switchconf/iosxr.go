package switchconf

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "iosxr",
	Platform: "Cisco IOS XR 7.0 or later",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a router. Most commands were seen in published configurations and Cisco's modules for Ansible.",
		"Neighbors of a subnet were seen in few configurations, none of them with a password; the highest value of maximum-peers is not known.",
		"ttl-security says nothing of hops: it is taken to want neighbors that are one hop away.",
		"as-override was seen mostly in VRFs; it is taken to let routes out that have the neighbor's own AS in their path.",
		"Reflection within a VRF was not seen.",
	},
	comment:    "!",
	indent:     " ",
	header:     iosxrHeader,
	undoHeader: iosxrUndoHeader,
	text:       ciscoText,
	write: func(s *fabric.Switch) *script {
		x := &iosxr{&script{}}
		x.sets(s)
		x.policies(s)
		x.statics(s)
		for _, r := range s.Routers {
			x.router(r)
		}
		return x.script
	},
})

// iosxr prints the language of Cisco IOS XR. Commands change a target configuration, which takes effect as a whole when it is
// committed. A set or a policy that is defined again is replaced; without a policy in each direction no eBGP session passes anything.
type iosxr struct{ *script }

func iosxrHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, IOS XR. Copy this file to it and load it (or paste it), see what would change, commit:", n.Switch),
		"  configure",
		"  load harddisk:/" + n.Snippet,
		"  show commit changes diff",
		"  commit confirmed 300",
		"  commit",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: load the undo file of that build before.")
	} else {
		h = append(h,
			"Prefix sets and policies named here are replaced whole. A neighbor, network or static route that an",
			"earlier build had and this one lacks stays: commit the undo file of that build first, which ends its sessions.",
			"",
			"Check with: show bgp summary, show bgp vrf all summary, show rpl route-policy.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist with its families, and have an rd below router bgp where it has sessions (rd auto).", ciscoWord(vrf)))
	}
	return append(h, notes(s, "Loopback0")...)
}

func iosxrUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Load it (or paste it), see what would change, commit:",
		"  configure",
		"  load harddisk:/" + n.Undo,
		"  show commit changes diff",
		"  commit",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID, families and graceful restart: others may peer with it too.")
	}
	return h
}

// sets prints prefix sets, whose elements are separated by commas.
func (x *iosxr) sets(s *fabric.Switch) {
	x.section("Prefix sets")
	for _, l := range prefixLists(s) {
		name := ciscoWord(l.Name)
		p := x.in(view{"prefix-set " + name, "end-set"})
		for i, e := range l.Entries {
			element := e.Prefix.String()
			if low, high := e.Lengths(); e.GE > 0 {
				element += fmt.Sprintf(" ge %d le %d", low, high)
			} else if e.LE > 0 {
				element += fmt.Sprintf(" le %d", high)
			}
			if i < len(l.Entries)-1 {
				element += ","
			}
			p.line("%s", element)
		}
		x.in().undo("no prefix-set %s", name)
	}
}

func (x *iosxr) policies(s *fabric.Switch) {
	x.section("Route policies")
	for _, policy := range policies(s) {
		name := ciscoWord(policy.Name)
		whole := view{"route-policy " + name, "end-policy"}
		for _, t := range policy.Terms {
			var conditions []string
			if t.PrefixList != nil {
				conditions = append(conditions, "destination in "+ciscoWord(t.PrefixList.Name))
			}
			if t.Tag > 0 {
				conditions = append(conditions, fmt.Sprintf("tag eq %d", t.Tag))
			}
			at := []view{whole}
			if len(conditions) > 0 {
				at = append(at, view{fmt.Sprintf("if %s then", strings.Join(conditions, " and ")), "endif"})
			}
			x.in(at...).line("done")
		}
		x.in(whole).line("drop")
		x.in().undo("no route-policy %s", name)
	}
}

func (x *iosxr) statics(s *fabric.Switch) {
	x.section("Static routes")
	for _, r := range s.Statics {
		at := []view{{"router static", "exit"}}
		if r.VRF != "" {
			at = append(at, view{"vrf " + ciscoWord(r.VRF), "exit"})
		}
		p := x.in(append(at, familyView(fabric.FamilyOf(r.Prefix.Addr())))...)
		for _, hop := range r.NextHops {
			route := fmt.Sprintf("%s %s", r.Prefix, hop)
			p.undo("no %s", route)
			if r.Tag > 0 {
				route += fmt.Sprintf(" tag %d", r.Tag)
			}
			about := fold(fmt.Sprintf("%s-%s", r.Cluster.Name, strings.ReplaceAll(r.Kind.String(), " ", "-")), wordMarks, 30)
			p.line("%s description %s", route, about)
		}
	}
}

func (x *iosxr) router(r *fabric.BGPRouter) {
	process := view{fmt.Sprintf("router bgp %d", r.ASN), "exit"}
	title, at := "BGP", []view{process}
	if r.VRF != "" {
		title += " in VRF " + ciscoWord(r.VRF)
		at = append(at, view{"vrf " + ciscoWord(r.VRF), "exit"})
	}
	x.section(title)
	x.process(x.in(process), r)
	if r.VRF != "" {
		for _, f := range r.Families { // without which neither a VRF nor a group has the family
			x.in(process, familyView(f))
			x.in(process, view{"address-family " + strings.Replace(afWord(f), "ip", "vpn", 1) + " unicast", "exit"})
		}
		x.groups(process, r) // which belong to the process whatever the VRF of their members
	}
	p := x.in(at...)
	p.line("bgp router-id %s", r.RouterID)
	if r.RelaxASPath {
		p.line("bgp bestpath as-path multipath-relax")
		p.undo("no bgp bestpath as-path multipath-relax")
	}
	for _, f := range r.Families {
		x.family(x.in(slices.Concat(at, []view{familyView(f)})...), r, f)
	}
	if r.VRF == "" {
		x.groups(process, r)
	}
	x.neighbors(at, r)
	x.listens(at, r)
}

// process prints graceful restart, which IOS XR does not even help others with unless told to.
func (x *iosxr) process(p *part, r *fabric.BGPRouter) {
	if r.GracefulRestart {
		p.line("bgp graceful-restart")
	} else {
		p.line("no bgp graceful-restart")
	}
}

// family prints what holds for all sessions of a family.
func (x *iosxr) family(p *part, r *fabric.BGPRouter, family fabric.Family) {
	maximumPaths(p, r, "ebgp ", "ibgp ")
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == family {
			p.line("network %s", prefix)
			p.undo("no network %s", prefix)
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == family {
			p.line("redistribute static route-policy %s", ciscoWord(d.Policy.Name))
			p.undo("no redistribute static")
		}
	}
	if slices.ContainsFunc(configs(r), func(c *fabric.SessionConfig) bool {
		fc := carried(c, family)
		return fc != nil && fc.PeerAllowsOwnAS
	}) {
		p.line("as-path-loopcheck out disable")
		p.undo("no as-path-loopcheck out disable")
	}
}

func (x *iosxr) groups(process view, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		group := []view{process, {"neighbor-group " + ciscoWord(g.Name), "exit"}}
		p := x.in(group...)
		if g.RemoteASN != 0 {
			p.line("remote-as %d", g.RemoteASN)
		}
		x.session(p, r, &g.SessionConfig)
		x.carried(group, &g.SessionConfig)
		x.in(process).undo("no neighbor-group %s", ciscoWord(g.Name))
	}
}

func (x *iosxr) neighbors(at []view, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		if n.Interface != "" {
			continue // fabric.Unsupported reports it
		}
		neighbor := slices.Concat(at, []view{{fmt.Sprintf("neighbor %s", n.Address), "exit"}})
		p := x.in(neighbor...)
		if n.Group == nil || n.Group.RemoteASN == 0 {
			p.line("remote-as %d", n.RemoteASN)
		}
		if n.Group != nil {
			p.line("use neighbor-group %s", ciscoWord(n.Group.Name))
		}
		if n.Description != "" {
			p.line("description %s", ciscoText(n.Description))
		}
		if n.Group == nil {
			x.session(p, r, &n.SessionConfig)
			x.carried(neighbor, &n.SessionConfig)
		}
		x.in(at...).undo("no neighbor %s", n.Address)
	}
}

// session prints what a group and a neighbor can both say. The cluster ID is said here, where it is nobody else's matter.
func (x *iosxr) session(p *part, r *fabric.BGPRouter, c *fabric.SessionConfig) {
	if slices.ContainsFunc(c.Families, func(f *fabric.FamilyConfig) bool { return f.ReflectorClient }) {
		p.line("cluster-id %s", r.ClusterID)
	}
	if c.UpdateSource.IsValid() {
		source := "Loopback0"
		if c.UpdateSourceInterface != "" {
			source = ciscoWord(c.UpdateSourceInterface)
		}
		p.line("update-source %s", source)
	}
	if c.TTLSecurity > 0 { // of neighbors one hop away only
		p.line("ttl-security")
	} else if c.Multihop > 0 {
		p.line("ebgp-multihop %d", c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("timers %d %d", keepalive, hold)
	}
	if c.BFD {
		p.line("bfd fast-detect")
	}
	if c.Password != nil {
		p.line("! Key %s of Secret %s:", ciscoWord(c.Password.Key), ciscoWord(c.Password.Secret))
		p.line("! password clear <...>")
	}
}

// carried prints what a session carries. Communities go to neighbors in the own AS anyway.
func (x *iosxr) carried(at []view, c *fabric.SessionConfig) {
	for _, f := range c.Families {
		p := x.in(slices.Concat(at, []view{familyView(f.Family)})...)
		p.line("route-policy %s in", ciscoWord(f.In.Name))
		p.line("route-policy %s out", ciscoWord(f.Out.Name))
		if !c.Internal {
			p.line("send-community-ebgp")
		}
		if f.MaxPrefixes > 0 {
			p.line("maximum-prefix %d %d restart %d", f.MaxPrefixes, f.WarnPercent, f.RestartMinutes)
		}
		if f.ASOverride {
			p.line("as-override")
		}
		if f.ReflectorClient {
			p.line("route-reflector-client")
		}
		if f.NextHopSelf { // what is reflected keeps its next hop, unless "ibgp policy out enforce-modifications" says otherwise
			p.line("next-hop-self")
		}
		if f.DefaultOriginate {
			p.line("default-originate")
		}
	}
}

// listens prints the ranges, each with a limit of its own.
func (x *iosxr) listens(at []view, r *fabric.BGPRouter) {
	for _, l := range r.Listens {
		p := x.in(slices.Concat(at, []view{{fmt.Sprintf("neighbor %s", l.Prefix), "exit"}})...)
		p.line("use neighbor-group %s", ciscoWord(l.Group.Name))
		p.line("maximum-peers %d", l.Limit)
		x.in(at...).undo("no neighbor %s", l.Prefix)
	}
}
