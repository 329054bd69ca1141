package switchconf

import (
	"fmt"
	"slices"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "aoscx",
	Platform: "Aruba AOS-CX 10.06 or later",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a switch. Most commands are from lab templates and HPE's guides.",
		"maximum-paths and bgp bestpath as-path multipath-relax are taken to belong to the process and to each VRF, the former for iBGP too.",
		"maximum-prefix is taken to belong to a family.",
		"How peer groups and their members are removed was not seen.",
		"Static routes are taken to have no tags: those that BGP passes on are named by a prefix list.",
		"Newer releases may listen to a subnet; no source says how.",
	},
	comment:    "!",
	indent:     "    ",
	header:     aoscxHeader,
	undoHeader: aoscxUndoHeader,
	text:       ciscoText,
	write: func(s *fabric.Switch) *script {
		x, s := &aoscx{&script{}}, untagged(s)
		x.bfd(s)
		x.lists(s)
		x.routeMaps(s, "seq ")
		x.statics(s)
		for _, r := range s.Routers {
			x.router(r)
		}
		return x.script
	},
})

// aoscx prints the language of HPE Aruba's AOS-CX. Commands act at once; a policy that has changed is asked anew when the session
// is cleared. No family is carried unless a neighbor is activated in it. Each VRF has its own groups.
type aoscx struct{ *script }

func aoscxHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, AOS-CX 10.06 or later. Commands act at once. Keep a way back, paste it, save:", n.Switch),
		"  copy running-config checkpoint before-topoc",
		"  configure terminal",
		"  ... this file ...",
		"  end",
		"  write memory",
		n.Undo + " takes it back; checkpoint rollback before-topoc takes back the load.",
		"",
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: paste the undo file of that build first.")
	} else {
		h = append(h,
			"Prefix lists named here are replaced whole. At the first load AOS-CX may say that a list does not exist. Entries",
			"of route maps are numbered and the last one denies the rest, so that what an earlier build left behind it is",
			"never reached. A neighbor, network or static route that an earlier build had and this one lacks stays: paste the",
			"undo file of that build first, which ends its sessions.",
			"",
			"Where a policy has changed: clear bgp *, which resets the sessions. A session that brings more prefixes than its",
			"maximum stays down until then, too.",
			"Check with: show bgp all-vrf all summary, show route-map.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist, with the interfaces in it (vrf attach).", ciscoWord(vrf)))
	}
	return append(h, notes(s, "Interface loopback 0")...)
}

func aoscxUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s.", n.Snippet, n.Switch),
		"Paste it, save:",
		"  configure terminal",
		"  ... this file ...",
		"  end",
		"  write memory",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID and address families: others may peer with it too.")
	}
	return h
}

func (x *aoscx) bfd(s *fabric.Switch) {
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		x.section("BFD")
		x.in().line("bfd") // stays: others may use it
	}
}

func (x *aoscx) lists(s *fabric.Switch) {
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

func (x *aoscx) statics(s *fabric.Switch) {
	x.section("Static routes")
	p := x.in()
	for _, r := range s.Statics {
		p.line("! %s", ciscoText(fmt.Sprintf("%s of cluster %s", r.Kind, r.Cluster.Name)))
		for _, hop := range r.NextHops {
			route := fmt.Sprintf("%s route %s %s", ipWord(fabric.FamilyOf(hop)), r.Prefix, hop)
			if r.VRF != "" {
				route += " vrf " + ciscoWord(r.VRF)
			}
			p.line("%s", route)
			p.undo("no %s", route)
		}
	}
}

func (x *aoscx) router(r *fabric.BGPRouter) {
	at := []view{{fmt.Sprintf("router bgp %d", r.ASN), "exit"}}
	title := "BGP"
	if r.VRF != "" {
		title += " in VRF " + ciscoWord(r.VRF)
		at = append(at, view{"vrf " + ciscoWord(r.VRF), "exit"})
	}
	x.section(title)
	x.process(x.in(at...), r)
	x.groups(x.in(at...), r)
	x.neighbors(x.in(at...), r)
	for _, f := range r.Families {
		x.family(x.in(slices.Concat(at, []view{{"address-family " + afWord(f) + " unicast", "exit-address-family"}})...), r, f)
	}
}

func (x *aoscx) process(p *part, r *fabric.BGPRouter) {
	p.line("bgp router-id %s", r.RouterID)
	p.line("! Graceful restart: AOS-CX keeps the routes of a neighbor that restarts.")
	if r.ClusterID.IsValid() {
		p.line("bgp cluster-id %s", r.ClusterID)
		p.undo("no bgp cluster-id")
	}
	if r.RelaxASPath {
		p.line("bgp bestpath as-path multipath-relax")
		p.undo("no bgp bestpath as-path multipath-relax")
	}
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		p.line("! Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths)
	}
	p.line("maximum-paths %d", r.MaximumPaths)
	p.undo("no maximum-paths")
}

func (x *aoscx) groups(p *part, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		name := ciscoWord(g.Name)
		p.line("neighbor %s peer-group", name)
		if g.RemoteASN != 0 {
			p.line("neighbor %s remote-as %d", name, g.RemoteASN)
		}
		x.session(p, name, &g.SessionConfig)
		p.undo("no neighbor %s peer-group", name)
	}
}

func (x *aoscx) neighbors(p *part, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		if n.Interface != "" {
			continue // fabric.Unsupported reports it
		}
		member := n.Group != nil && n.Group.RemoteASN != 0
		if !member {
			p.line("neighbor %s remote-as %d", n.Address, n.RemoteASN)
		}
		if n.Group != nil {
			p.line("neighbor %s peer-group %s", n.Address, ciscoWord(n.Group.Name))
		}
		if n.Description != "" {
			p.line("neighbor %s description %s", n.Address, ciscoText(n.Description))
		}
		if n.Group == nil {
			x.session(p, n.Address.String(), &n.SessionConfig)
		}
		if member {
			p.undo("no neighbor %s peer-group %s", n.Address, ciscoWord(n.Group.Name))
		} else {
			p.undo("no neighbor %s remote-as", n.Address) // takes all of it
		}
	}
}

// session prints what a group and a neighbor can both say.
func (x *aoscx) session(p *part, name string, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		source := "loopback 0"
		if c.UpdateSourceInterface != "" {
			source = ciscoWord(c.UpdateSourceInterface)
		}
		p.line("neighbor %s update-source %s", name, source)
	}
	if c.TTLSecurity > 0 {
		p.line("neighbor %s ttl-security-hops %d", name, c.TTLSecurity)
	} else if c.Multihop > 0 {
		p.line("neighbor %s ebgp-multihop %d", name, c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("neighbor %s timers %d %d", name, keepalive, hold)
	}
	if c.BFD {
		p.line("neighbor %s fall-over bfd", name)
	}
	if c.Password != nil {
		p.line("! Key %s of Secret %s:", ciscoWord(c.Password.Key), ciscoWord(c.Password.Secret))
		p.line("! neighbor %s password plaintext <...>", name)
	}
}

// family prints one address family. Its undo leaves the sessions alone: removing them takes their policies too, while taking
// the policies first would open them.
func (x *aoscx) family(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == family {
			p.line("network %s", prefix)
			p.undo("no network %s", prefix)
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == family {
			p.line("redistribute static route-map %s", ciscoWord(d.Policy.Name))
			p.undo("no redistribute static")
		}
	}
	for _, g := range r.Groups {
		if fc := carried(&g.SessionConfig, family); fc != nil {
			x.carried(p, ciscoWord(g.Name), fc)
			for _, n := range membersOf(r, g) { // a group is not activated, its members are
				p.line("neighbor %s activate", n.Address)
			}
		}
	}
	for _, n := range alone(r) {
		if fc := carried(&n.SessionConfig, family); fc != nil && n.Interface == "" {
			x.carried(p, n.Address.String(), fc)
			p.line("neighbor %s activate", n.Address)
		}
	}
}

// carried prints what a session carries of a family, but for its activation, which comes last.
func (x *aoscx) carried(p *part, name string, c *fabric.FamilyConfig) {
	p.line("neighbor %s send-community standard", name)
	p.line("neighbor %s route-map %s in", name, ciscoWord(c.In.Name))
	p.line("neighbor %s route-map %s out", name, ciscoWord(c.Out.Name))
	if c.MaxPrefixes > 0 {
		p.line("neighbor %s maximum-prefix %d %d", name, c.MaxPrefixes, c.WarnPercent)
	}
	if c.ReflectorClient {
		p.line("neighbor %s route-reflector-client", name)
	}
	if c.NextHopSelf {
		p.line("neighbor %s next-hop-self", name)
	}
	if c.DefaultOriginate {
		p.line("neighbor %s default-originate", name)
	}
}
