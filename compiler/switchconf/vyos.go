package switchconf

import (
	"fmt"
	"slices"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "vyos",
	Platform: "VyOS 1.4 or later",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a router. Commands are from the command definitions of VyOS.",
		"VyOS has no restart after too many prefixes: a session that brings more than its maximum stays down until it is reset.",
		"Static routes have no tags: those that BGP passes on are named by a prefix list.",
		"Groups have no timers: those of sessions from a subnet are set for the whole process.",
		"VyOS announces a network whether or not its interface is up, unless parameters network-import-check is set.",
	},
	comment:    "#",
	indent:     "",
	header:     vyosHeader,
	undoHeader: vyosUndoHeader,
	text:       vyosText,
	write: func(s *fabric.Switch) *script {
		v, s := &vyos{&script{}}, untagged(s)
		v.lists(s)
		v.policies(s)
		v.statics(s)
		for _, r := range s.Routers {
			v.router(r)
		}
		return v.script
	},
})

// vyos prints the set commands of VyOS. They take effect together when they are committed, so that what is deleted and set again
// in one snippet does not change.
type vyos struct{ *script }

// vyosWord makes a string one word: names of lists and groups have letters, digits, hyphens and underscores.
func vyosWord(s string) string { return fold(s, "-_", 47) }

// vyosVRF makes a string the name of a VRF.
func vyosVRF(s string) string { return fold(s, "-_", 15) }

// vyosInterface makes a string the name of an interface.
func vyosInterface(s string) string { return fold(s, "-_.:@", 15) }

// vyosText makes a string harmless within single quotes.
func vyosText(s string) string { return fold(s, textMarks, 79) }

func vyosHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, VyOS 1.4 or later. Paste it, see what would change, commit, save:", n.Switch),
		"  configure",
		"  ... this file ...",
		"  compare",
		"  commit-confirm 5",
		"  confirm",
		"  save",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: commit the undo file of that build first.")
	} else {
		h = append(h,
			"Prefix lists and route maps named here are replaced whole; at the first load VyOS says that there is nothing to",
			"delete. A neighbor, network or static route that an earlier build had and this one lacks stays: commit the undo",
			"file of that build first, which ends its sessions.",
			"",
			"A session that brings more prefixes than its maximum stays down until: reset bgp NEIGHBOR.",
			"Check with: show bgp summary, show route-map.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist, with its table and the interfaces in it.", vyosVRF(vrf)))
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.UpdateSource.IsValid() && c.UpdateSourceInterface == "" }) {
		h = append(h, "The source addresses of sessions must be on an interface: dum0 or lo.")
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.Password != nil }) {
		h = append(h, "Sessions with a password come up when you have set it: see the lines with <...>.")
	}
	return h
}

func vyosUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Paste it, commit, save:",
		"  configure",
		"  ... this file ...",
		"  commit",
		"  save",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its AS number and router ID: others may peer with it too.")
	}
	return h
}

func (v *vyos) lists(s *fabric.Switch) {
	v.section("Prefix lists")
	p := v.in()
	for _, l := range prefixLists(s) {
		list, rest := "policy prefix-list "+vyosWord(l.Name), "0.0.0.0/0"
		if l.Family == fabric.IPv6 {
			list, rest = "policy prefix-list6 "+vyosWord(l.Name), "::/0"
		}
		p.line("delete %s", list)
		for i, e := range l.Entries {
			rule := fmt.Sprintf("set %s rule %d", list, step*(i+1))
			p.line("%s action permit", rule)
			p.line("%s prefix %s", rule, e.Prefix)
			if e.GE > 0 {
				p.line("%s ge %d", rule, e.GE)
			}
			if e.LE > 0 {
				p.line("%s le %d", rule, e.LE)
			}
		}
		last := fmt.Sprintf("set %s rule %d", list, step*(len(l.Entries)+1))
		p.line("%s action deny", last)
		p.line("%s prefix %s", last, rest)
		p.line("%s le %d", last, l.Family.Bits())
		p.undo("delete %s", list)
	}
}

func (v *vyos) policies(s *fabric.Switch) {
	v.section("Route maps")
	p := v.in()
	for _, policy := range policies(s) {
		name := "policy route-map " + vyosWord(policy.Name)
		p.line("delete %s", name)
		for _, t := range policy.Terms {
			p.line("set %s rule %d action permit", name, t.Seq)
			if t.PrefixList != nil {
				p.line("set %s rule %d match %s address prefix-list %s", name, t.Seq, ipWord(t.PrefixList.Family), vyosWord(t.PrefixList.Name))
			}
		}
		p.line("set %s rule %d action deny", name, lastSeq(policy))
		p.undo("delete %s", name)
	}
}

// vyosProtocols is what stands before everything about protocols in a VRF.
func vyosProtocols(vrf string) string {
	if vrf == "" {
		return "protocols"
	}
	return "vrf name " + vyosVRF(vrf) + " protocols"
}

// statics prints static routes. The undo takes each whole: without its next hops nothing of it would be left to commit.
func (v *vyos) statics(s *fabric.Switch) {
	v.section("Static routes")
	p := v.in()
	for _, r := range s.Statics {
		route := fmt.Sprintf("%s static route %s", vyosProtocols(r.VRF), r.Prefix)
		if r.Prefix.Addr().Is6() {
			route = fmt.Sprintf("%s static route6 %s", vyosProtocols(r.VRF), r.Prefix)
		}
		p.line("set %s description '%s'", route, vyosText(fmt.Sprintf("%s of %s", r.Kind, r.Cluster.Name)))
		for _, hop := range r.NextHops {
			p.line("set %s next-hop %s", route, hop)
		}
		p.undo("delete %s", route)
	}
}

// router prints the process of a VRF. Its undo takes the neighbors and groups with all that they say, and then what is left.
func (v *vyos) router(r *fabric.BGPRouter) {
	title := "BGP"
	if r.VRF != "" {
		title += " in VRF " + vyosVRF(r.VRF)
	}
	v.section(title)
	bgp := vyosProtocols(r.VRF) + " bgp"
	v.process(v.in(), bgp, r)
	for _, f := range r.Families {
		v.family(v.in(), bgp, r, f)
	}
	v.groups(v.in(), bgp, r)
	v.neighbors(v.in(), bgp, r)
	v.listens(v.in(), bgp, r)
}

// process prints what holds for all sessions. VyOS activates no family by itself, and keeps the routes of a neighbor that
// restarts unless a session says otherwise.
func (v *vyos) process(p *part, bgp string, r *fabric.BGPRouter) {
	p.line("set %s system-as %d", bgp, r.ASN)
	p.line("set %s parameters router-id %s", bgp, r.RouterID)
	if r.ClusterID.IsValid() {
		p.line("set %s parameters cluster-id %s", bgp, r.ClusterID)
		p.undo("delete %s parameters cluster-id", bgp)
	}
	if r.RelaxASPath {
		p.line("set %s parameters bestpath as-path multipath-relax", bgp)
		p.undo("delete %s parameters bestpath as-path multipath-relax", bgp)
	}
}

func vyosFamily(f fabric.Family) string { return "address-family " + afWord(f) + "-unicast" }

func (v *vyos) family(p *part, bgp string, r *fabric.BGPRouter, f fabric.Family) {
	family := bgp + " " + vyosFamily(f)
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == f {
			p.line("set %s network %s", family, prefix)
			p.undo("delete %s network %s", family, prefix)
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == f {
			p.line("set %s redistribute static route-map %s", family, vyosWord(d.Policy.Name))
			p.undo("delete %s redistribute static", family)
		}
	}
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		p.line("# Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths)
	}
	p.line("set %s maximum-paths ebgp %d", family, r.MaximumPaths)
	if slices.ContainsFunc(configs(r), func(c *fabric.SessionConfig) bool { return c.Internal }) {
		p.line("set %s maximum-paths ibgp %d", family, r.MaximumPaths)
	}
	p.undo("delete %s maximum-paths", family)
}

func (v *vyos) groups(p *part, bgp string, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		group := bgp + " peer-group " + vyosWord(g.Name)
		if g.RemoteASN != 0 {
			p.line("set %s remote-as %d", group, g.RemoteASN)
		}
		v.session(p, group, r, &g.SessionConfig)
		p.undo("delete %s", group)
	}
}

func (v *vyos) neighbors(p *part, bgp string, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		neighbor, config := fmt.Sprintf("%s neighbor %s", bgp, n.Address), &n.SessionConfig
		if n.Interface != "" {
			neighbor = bgp + " neighbor " + vyosInterface(n.Interface)
		}
		if n.Group != nil {
			p.line("set %s peer-group %s", neighbor, vyosWord(n.Group.Name))
			config = &n.Group.SessionConfig
		}
		switch {
		case n.Interface != "":
			p.line("set %s interface v6only remote-as %d", neighbor, n.RemoteASN)
		case n.Group == nil || n.Group.RemoteASN == 0: // a member cannot differ from its group
			p.line("set %s remote-as %d", neighbor, n.RemoteASN)
		}
		if n.Description != "" {
			p.line("set %s description '%s'", neighbor, vyosText(n.Description))
		}
		if keepalive, hold, ok := timers(config); ok { // groups have none
			p.line("set %s timers keepalive %d", neighbor, keepalive)
			p.line("set %s timers holdtime %d", neighbor, hold)
		}
		if n.Address.Is6() && n.Address.IsLinkLocalUnicast() {
			p.line("# Its address is link-local, and the topology doesn't name the interface:")
			p.line("# set %s interface source-interface <...>", neighbor)
		}
		if n.Group == nil {
			v.session(p, neighbor, r, &n.SessionConfig)
		}
		p.undo("delete %s", neighbor)
	}
}

// session prints what a group and a neighbor can both say.
func (v *vyos) session(p *part, peer string, r *fabric.BGPRouter, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		p.line("set %s update-source %s", peer, c.UpdateSource)
	}
	if c.TTLSecurity > 0 { // VyOS refuses both on one neighbor
		p.line("set %s ttl-security hops %d", peer, c.TTLSecurity)
	} else if c.Multihop > 0 {
		p.line("set %s ebgp-multihop %d", peer, c.Multihop)
	}
	if c.BFD {
		p.line("set %s bfd", peer)
	}
	if !r.GracefulRestart {
		p.line("set %s graceful-restart disable", peer)
	}
	if c.Password != nil {
		p.line("# Key %s of Secret %s:", fold(c.Password.Key, wordMarks, 63), fold(c.Password.Secret, wordMarks, 63))
		p.line("# set %s password <...>", peer)
	}
	for _, f := range c.Families {
		v.carried(p, peer+" "+vyosFamily(f.Family), f)
	}
}

// carried prints what a session carries of a family, which activates it.
func (v *vyos) carried(p *part, family string, c *fabric.FamilyConfig) {
	p.line("set %s route-map import %s", family, vyosWord(c.In.Name))
	p.line("set %s route-map export %s", family, vyosWord(c.Out.Name))
	if c.MaxPrefixes > 0 {
		p.line("set %s maximum-prefix %d", family, c.MaxPrefixes)
	}
	if c.ASOverride {
		p.line("set %s as-override", family)
	}
	if c.ReflectorClient {
		p.line("set %s route-reflector-client", family)
	}
	if c.NextHopSelf { // without "force": what is reflected keeps its next hop
		p.line("set %s nexthop-self", family)
	}
	if c.DefaultOriginate {
		p.line("set %s default-originate", family)
	}
}

// listens prints the ranges, and what VyOS has one of for all of them: the limit, by default 100, and the timers.
func (v *vyos) listens(p *part, bgp string, r *fabric.BGPRouter) {
	const most = 5000
	limit := 0
	for _, l := range r.Listens {
		limit += l.Limit
		p.line("set %s listen range %s peer-group %s", bgp, l.Prefix, vyosWord(l.Group.Name))
		p.undo("delete %s listen range %s", bgp, l.Prefix)
	}
	if limit == 0 {
		return
	}
	if limit > most {
		p.line("# Up to %d nodes are planned, VyOS takes %d sessions from subnets.", limit, most)
	}
	p.line("set %s listen limit %d", bgp, min(limit, most))
	p.undo("delete %s listen limit", bgp)
	if keepalive, hold, ok := timers(&r.Listens[0].Group.SessionConfig); ok {
		p.line("set %s timers keepalive %d", bgp, keepalive)
		p.line("set %s timers holdtime %d", bgp, hold)
		p.undo("delete %s timers", bgp)
	}
}
