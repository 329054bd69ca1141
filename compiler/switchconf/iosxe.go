package switchconf

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "iosxe",
	Platform: "Cisco IOS XE 16.9 or later",
	Doubts: []string{
		"Nobody has pasted a whole snippet into a switch. Most commands were seen in running configurations of IOS XE.",
		"bgp listen range was seen below the process, not within the address family of a VRF, and with IPv4 only.",
		"bgp bestpath as-path multipath-relax is a hidden command: not every release and platform has it.",
	},
	comment:    "!",
	indent:     " ",
	header:     iosxeHeader,
	undoHeader: iosxeUndoHeader,
	text:       ciscoText,
	write: func(s *fabric.Switch) *script {
		x := &iosxe{&script{}}
		x.lists(s)
		x.routeMaps(s, "")
		x.statics(s)
		for _, r := range s.Routers {
			x.router(r)
		}
		return x.script
	},
})

// iosxe prints the language of Cisco IOS XE. Commands act at once, but policies are asked anew only when told, those towards a
// neighbor also after a minute: so a list can be replaced. A route map that does not exist denies everything.
//
// Everything about a VRF is said within its address families.
type iosxe struct{ *script }

func iosxeHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, IOS XE 16.9 or later. Commands act at once. Keep a way back, load, refresh, save:", n.Switch),
		"  copy running-config flash:before-topoc.cfg",
		"  copy flash:" + n.Snippet + " running-config",
	}
	for _, r := range s.Routers {
		for _, f := range r.Families {
			h = append(h, fmt.Sprintf("  clear bgp %s%s unicast * soft", iosxeVRF(r), afWord(f)))
		}
	}
	h = append(h,
		"  write memory",
		n.Undo+" takes it back; configure replace flash:before-topoc.cfg takes back the load.",
		"")
	needs := []string{"ip routing"}
	if speaks(s, fabric.IPv6) {
		needs = append(needs, "ipv6 unicast-routing")
	}
	if len(s.Routers) == 0 {
		h = append(h, "A static route that an earlier build had and this one lacks stays: load the undo file of that build first.")
	} else {
		h = append(h,
			"Prefix lists named here are replaced whole. At the first load IOS XE may say that a list does not exist.",
			"Entries of route maps are numbered and the last one denies the rest, so that what an earlier build left behind it",
			"is never reached. A neighbor, network or static route that an earlier build had and this one lacks stays: load",
			"the undo file of that build first, which ends its sessions.",
			"",
			"Check with: show bgp all summary, show route-map.")
	}
	h = append(h, "It needs: "+strings.Join(needs, ", ")+".")
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist (vrf definition), with a route distinguisher and its address families.", ciscoWord(vrf)))
	}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		h = append(h, "Interfaces with BFD must have a bfd interval.")
	}
	return append(h, notes(s, "Loopback0")...)
}

func iosxeUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s:", n.Snippet, n.Switch),
		"  copy flash:" + n.Undo + " running-config",
		"  write memory",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "The BGP process stays, with its router ID and \"no bgp default ipv4-unicast\": others may peer with it too.")
	}
	return h
}

// iosxeVRF is the VRF of a router in a command that shows or clears: "vrf blue ".
func iosxeVRF(r *fabric.BGPRouter) string {
	if r.VRF == "" {
		return ""
	}
	return "vrf " + ciscoWord(r.VRF) + " "
}

func (x *iosxe) lists(s *fabric.Switch) {
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

func (x *iosxe) statics(s *fabric.Switch) {
	x.section("Static routes")
	p := x.in()
	for _, r := range s.Statics {
		for _, hop := range r.NextHops {
			route := ipWord(fabric.FamilyOf(hop)) + " route "
			if r.VRF != "" {
				route += "vrf " + ciscoWord(r.VRF) + " "
			}
			route += fmt.Sprintf("%s %s", withMask(r.Prefix, " "), hop)
			if r.Tag > 0 {
				route += fmt.Sprintf(" tag %d", r.Tag)
			}
			route += " name " + fold(fmt.Sprintf("%s-%s", r.Cluster.Name, strings.ReplaceAll(r.Kind.String(), " ", "-")), wordMarks, 50)
			p.line("%s", route)
			p.undo("no %s", route)
		}
	}
}

// withMask writes an IPv4 prefix as IOS does, "10.0.0.0 255.0.0.0", with between between the two; IPv6 has lengths.
func withMask(p netip.Prefix, between string) string {
	if p.Addr().Is6() {
		return p.String()
	}
	return p.Addr().String() + between + net.IP(net.CIDRMask(p.Bits(), 32)).String()
}

func (x *iosxe) router(r *fabric.BGPRouter) {
	process := view{fmt.Sprintf("router bgp %d", r.ASN), "exit"}
	title := "BGP"
	if r.VRF != "" {
		title += " in VRF " + ciscoWord(r.VRF)
	}
	x.section(title)
	x.process(x.in(process), r)
	if r.VRF == "" {
		for _, f := range r.Families {
			x.sessions([]view{process}, r, f)
		}
	}
	for _, f := range r.Families {
		at := []view{process, {"address-family " + afWord(f), "exit-address-family"}}
		if r.VRF != "" {
			at[1].enter += " vrf " + ciscoWord(r.VRF)
			x.in(at...).line("bgp router-id %s", r.RouterID)
			x.sessions(at, r, f)
		}
		x.family(x.in(at...), r, f)
	}
}

// sessions prints the groups, neighbors and ranges of a family; what takes them back goes the other way.
func (x *iosxe) sessions(at []view, r *fabric.BGPRouter, f fabric.Family) {
	x.groups(x.in(at...), r, f)
	x.neighbors(x.in(at...), r, f)
	x.listens(x.in(at...), r, f)
}

// process prints what holds for all VRFs.
func (x *iosxe) process(p *part, r *fabric.BGPRouter) {
	if r.VRF == "" {
		p.line("bgp router-id %s", r.RouterID)
	}
	p.line("no bgp default ipv4-unicast")
	if r.ClusterID.IsValid() {
		p.line("bgp cluster-id %s", r.ClusterID)
		p.undo("no bgp cluster-id")
	}
	if r.RelaxASPath {
		p.line("bgp bestpath as-path multipath-relax")
		p.undo("no bgp bestpath as-path multipath-relax")
	}
	x.listenLimit(p, r)
}

// groups prints the groups of a family: in a VRF each belongs within it.
func (x *iosxe) groups(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, g := range r.Groups {
		if carried(&g.SessionConfig, family) == nil {
			continue
		}
		name := ciscoWord(g.Name)
		p.line("neighbor %s peer-group", name)
		if g.RemoteASN != 0 {
			p.line("neighbor %s remote-as %d", name, g.RemoteASN)
		}
		x.session(p, r, name, &g.SessionConfig)
		p.undo("no neighbor %s peer-group", name)
	}
}

func (x *iosxe) neighbors(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, n := range r.Neighbors {
		if n.Interface != "" || fabric.FamilyOf(n.Address) != family {
			continue // what has no address fabric.Unsupported reports
		}
		if n.Group == nil || n.Group.RemoteASN == 0 { // before its group, which IOS XE takes only then
			p.line("neighbor %s remote-as %d", n.Address, n.RemoteASN)
		}
		if n.Group != nil {
			p.line("neighbor %s peer-group %s", n.Address, ciscoWord(n.Group.Name))
		}
		if n.Description != "" {
			p.line("neighbor %s description %s", n.Address, ciscoText(n.Description))
		}
		if n.Group == nil {
			x.session(p, r, n.Address.String(), &n.SessionConfig)
		}
		p.undo("no neighbor %s", n.Address)
	}
}

// session prints what a group and a neighbor can both say.
func (x *iosxe) session(p *part, r *fabric.BGPRouter, name string, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		source := "Loopback0"
		if c.UpdateSourceInterface != "" {
			source = ciscoWord(c.UpdateSourceInterface)
		}
		p.line("neighbor %s update-source %s", name, source)
	}
	if c.TTLSecurity > 0 { // IOS XE refuses both on one neighbor
		p.line("neighbor %s ttl-security hops %d", name, c.TTLSecurity)
	} else if c.Multihop > 0 {
		p.line("neighbor %s ebgp-multihop %d", name, c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("neighbor %s timers %d %d", name, keepalive, hold)
	}
	if c.BFD {
		p.line("neighbor %s fall-over bfd", name)
	}
	if r.GracefulRestart {
		p.line("neighbor %s ha-mode graceful-restart", name)
	} else {
		p.line("neighbor %s ha-mode graceful-restart disable", name)
	}
	if c.Password != nil {
		p.line("! Key %s of Secret %s:", ciscoWord(c.Password.Key), ciscoWord(c.Password.Secret))
		p.line("! neighbor %s password <...>", name)
	}
}

func (x *iosxe) listens(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, l := range r.Listens {
		if fabric.FamilyOf(l.Prefix.Addr()) == family {
			p.line("bgp listen range %s peer-group %s", l.Prefix, ciscoWord(l.Group.Name))
			p.undo("no bgp listen range %s peer-group %s", l.Prefix, ciscoWord(l.Group.Name))
		}
	}
}

// listenLimit prints the one limit for all ranges, which by default is 100.
func (x *iosxe) listenLimit(p *part, r *fabric.BGPRouter) {
	const most = 5000
	limit := 0
	for _, l := range r.Listens {
		limit += l.Limit
	}
	if limit == 0 {
		return
	}
	if limit > most {
		p.line("! Up to %d nodes are planned, IOS XE takes %d sessions from subnets.", limit, most)
	}
	p.line("bgp listen limit %d", min(limit, most))
	p.undo("no bgp listen limit")
}

// family prints one address family. Its undo leaves the sessions alone: removing them takes their policies too, while taking
// the policies first would open them.
func (x *iosxe) family(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == family {
			p.line("network %s", withMask(prefix, " mask "))
			p.undo("no network %s", withMask(prefix, " mask "))
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == family {
			p.line("redistribute static route-map %s", ciscoWord(d.Policy.Name))
			p.undo("no redistribute static")
		}
	}
	maximumPaths(p, r, "", "ibgp ")
	for _, g := range r.Groups {
		if fc := carried(&g.SessionConfig, family); fc != nil {
			name := ciscoWord(g.Name)
			if slices.ContainsFunc(r.Listens, func(l *fabric.Listen) bool { return l.Group == g }) {
				p.line("neighbor %s activate", name)
			}
			x.carried(p, name, fc)
			for _, n := range membersOf(r, g) { // each for itself, with the policies of its group
				p.line("neighbor %s activate", n.Address)
			}
		}
	}
	for _, n := range alone(r) {
		if fc := carried(&n.SessionConfig, family); fc != nil && n.Interface == "" {
			p.line("neighbor %s activate", n.Address) // IOS XE takes no policies before
			x.carried(p, n.Address.String(), fc)
		}
	}
}

// carried prints what a session carries of a family.
func (x *iosxe) carried(p *part, name string, c *fabric.FamilyConfig) {
	p.line("neighbor %s send-community", name)
	p.line("neighbor %s route-map %s in", name, ciscoWord(c.In.Name))
	p.line("neighbor %s route-map %s out", name, ciscoWord(c.Out.Name))
	if c.MaxPrefixes > 0 {
		p.line("neighbor %s maximum-prefix %d %d restart %d", name, c.MaxPrefixes, c.WarnPercent, c.RestartMinutes)
	}
	if c.ASOverride {
		p.line("neighbor %s as-override", name)
	}
	if c.ReflectorClient {
		p.line("neighbor %s route-reflector-client", name)
	}
	if c.NextHopSelf { // without "all": what is reflected keeps its next hop
		p.line("neighbor %s next-hop-self", name)
	}
	if c.DefaultOriginate {
		p.line("neighbor %s default-originate", name)
	}
}
