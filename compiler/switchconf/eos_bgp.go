package switchconf

import (
	"fmt"
	"slices"

	"topoc/compiler/fabric"
)

// router prints one VRF. A group and what it carries belong to the process whatever the VRF of its members.
func (e *eos) router(r *fabric.BGPRouter, isFirst bool) {
	process := view{fmt.Sprintf("router bgp %d", r.ASN), "exit"}
	title, at := "BGP", []view{process}
	if r.VRF != "" {
		title += " in VRF " + ciscoWord(r.VRF)
		at = append(at, view{"vrf " + ciscoWord(r.VRF), "exit"})
	}
	within := func(at []view, f fabric.Family) *part {
		return e.in(slices.Concat(at, []view{{"address-family " + afWord(f), "exit"}})...)
	}
	e.section(title)
	if isFirst {
		e.process(e.in(process), r)
	}
	if r.VRF == "" {
		e.instance(e.in(at...), r)
		e.groups(e.in(process), r)
	} else {
		e.groups(e.in(process), r)
		for _, f := range r.Families {
			e.groupFamily(within([]view{process}, f), r, f)
		}
		e.instance(e.in(at...), r)
	}
	e.neighbors(e.in(at...), r)
	e.listens(e.in(at...), r)
	for _, f := range r.Families {
		if r.VRF != "" && len(r.Networks)+len(r.Redistribute)+len(alone(r)) == 0 {
			break // the groups have said all
		}
		p := within(at, f)
		e.originated(p, r, f)
		if r.VRF == "" {
			e.groupFamily(p, r, f)
		}
		e.neighborFamily(p, r, f)
	}
}

// process prints what holds for all VRFs.
func (e *eos) process(p *part, r *fabric.BGPRouter) {
	p.line("no bgp default ipv4-unicast")
	if r.GracefulRestart {
		p.line("! Graceful restart: EOS keeps the routes of a neighbor that restarts, unless told otherwise.")
		return
	}
	p.line("no graceful-restart")
	p.line("no graceful-restart-helper")
	p.undo("graceful-restart-helper")
}

// instance prints what each VRF has for itself.
func (e *eos) instance(p *part, r *fabric.BGPRouter) {
	p.line("router-id %s", r.RouterID)
	if r.ClusterID.IsValid() {
		p.line("bgp cluster-id %s", r.ClusterID)
		p.undo("no bgp cluster-id")
	}
	if r.RelaxASPath { // the default of EOS
		p.line("bgp bestpath as-path multipath-relax")
	}
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		p.line("! Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths)
	}
	p.line("maximum-paths %d ecmp %d", r.MaximumPaths, r.MaximumPaths)
	p.undo("no maximum-paths")
}

// groups prints the groups of racks, and one for each interface: EOS says nothing of such a neighbor but the group it is in.
func (e *eos) groups(p *part, r *fabric.BGPRouter) {
	for _, g := range r.Groups {
		name := ciscoWord(g.Name)
		p.line("neighbor %s peer group", name)
		if g.RemoteASN != 0 {
			p.line("neighbor %s remote-as %d", name, g.RemoteASN)
		}
		e.session(p, name, &g.SessionConfig)
		p.undo("no neighbor %s peer group", name)
	}
	for _, n := range alone(r) {
		if n.Interface == "" {
			continue
		}
		name := eosLinkGroup(n)
		p.line("neighbor %s peer group", name)
		if n.Description != "" {
			p.line("neighbor %s description %s", name, ciscoText(n.Description))
		}
		e.session(p, name, &n.SessionConfig)
		p.undo("no neighbor %s peer group", name)
	}
}

// eosLinkGroup is the group of a neighbor over an interface: "LINK_Ethernet49_1". The names of the model's groups end in their
// family.
func eosLinkGroup(n *fabric.Neighbor) string { return "LINK_" + fold(n.Interface, ".", 40) }

func (e *eos) neighbors(p *part, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		if n.Interface != "" {
			p.line("neighbor interface %s peer-group %s remote-as %d", ciscoWord(n.Interface), eosLinkGroup(n), n.RemoteASN)
			p.undo("no neighbor interface %s", ciscoWord(n.Interface))
			continue
		}
		if n.Group != nil {
			p.line("neighbor %s peer group %s", n.Address, ciscoWord(n.Group.Name))
		}
		if n.Group == nil || n.Group.RemoteASN == 0 {
			p.line("neighbor %s remote-as %d", n.Address, n.RemoteASN)
		}
		if n.Description != "" {
			p.line("neighbor %s description %s", n.Address, ciscoText(n.Description))
		}
		if n.Group == nil {
			e.session(p, n.Address.String(), &n.SessionConfig)
		}
		p.undo("no neighbor %s", n.Address)
	}
}

// session prints what a group and a neighbor can both say. Several things that other dialects have by family EOS has here.
func (e *eos) session(p *part, name string, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		source := "Loopback0"
		if c.UpdateSourceInterface != "" {
			source = ciscoWord(c.UpdateSourceInterface)
		}
		p.line("neighbor %s update-source %s", name, source)
	}
	if c.TTLSecurity > 0 {
		p.line("neighbor %s ttl maximum-hops %d", name, c.TTLSecurity)
	} else if c.Multihop > 0 {
		p.line("neighbor %s ebgp-multihop %d", name, c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		p.line("neighbor %s timers %d %d", name, keepalive, hold)
	}
	if c.BFD {
		p.line("neighbor %s bfd", name)
	}
	if slices.ContainsFunc(c.Families, func(f *fabric.FamilyConfig) bool { return f.ASOverride }) {
		p.line("neighbor %s as-path remote-as replace out", name)
	}
	if slices.ContainsFunc(c.Families, func(f *fabric.FamilyConfig) bool { return f.ReflectorClient }) {
		p.line("neighbor %s route-reflector-client", name)
	}
	p.line("neighbor %s send-community", name)
	e.limit(p, name, c)
	if c.Password != nil {
		p.line("! Key %s of Secret %s:", ciscoWord(c.Password.Key), ciscoWord(c.Password.Secret))
		p.line("! neighbor %s password <...>", name)
	}
}

// limit prints how many routes a session may bring: without it EOS takes 12000, and a session that brought more stays down.
func (e *eos) limit(p *part, name string, c *fabric.SessionConfig) {
	routes, percent, minutes := 0, 0, 0
	for _, f := range c.Families {
		routes, percent, minutes = routes+f.MaxPrefixes, f.WarnPercent, f.RestartMinutes
	}
	if routes > 0 {
		p.line("neighbor %s maximum-routes %d warning-limit %d percent", name, routes, percent)
		p.line("neighbor %s idle-restart-timer %d", name, min(60*minutes, 65535))
	}
}

// listens prints the ranges, and one limit for all of them. EOS wants the AS number here, even if the group has it.
func (e *eos) listens(p *part, r *fabric.BGPRouter) {
	limit := 0
	for _, l := range r.Listens {
		limit += l.Limit
		listen := fmt.Sprintf("bgp listen range %s peer-group %s", l.Prefix, ciscoWord(l.Group.Name))
		p.line("%s remote-as %d", listen, l.Group.RemoteASN)
		p.undo("no %s", listen)
	}
	if limit > 0 {
		p.line("dynamic peer max %d", limit)
		p.undo("no dynamic peer max")
	}
}

// groupFamily prints what the groups carry of a family.
func (e *eos) groupFamily(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, g := range r.Groups {
		e.carried(p, ciscoWord(g.Name), carried(&g.SessionConfig, family))
	}
	for _, n := range alone(r) {
		if fc := carried(&n.SessionConfig, family); fc != nil && n.Interface != "" {
			e.carried(p, eosLinkGroup(n), fc)
			if family == fabric.IPv4 { // over link-local addresses (RFC 8950)
				p.line("neighbor %s next-hop address-family ipv6 originate", eosLinkGroup(n))
			}
		}
	}
}

// originated prints what the switch brings in itself.
func (e *eos) originated(p *part, r *fabric.BGPRouter, family fabric.Family) {
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
}

// neighborFamily prints what the neighbors without a group carry. Nothing takes that back: removing a session takes its policies
// too, while taking the policies first would open it.
func (e *eos) neighborFamily(p *part, r *fabric.BGPRouter, family fabric.Family) {
	for _, n := range alone(r) {
		if n.Interface == "" {
			e.carried(p, n.Address.String(), carried(&n.SessionConfig, family))
		}
	}
}

// carried prints what a session carries of a family; c is nil where it carries none of it.
func (e *eos) carried(p *part, name string, c *fabric.FamilyConfig) {
	if c == nil {
		return
	}
	p.line("neighbor %s activate", name)
	p.line("neighbor %s route-map %s in", name, ciscoWord(c.In.Name))
	p.line("neighbor %s route-map %s out", name, ciscoWord(c.Out.Name))
	if c.DefaultOriginate {
		p.line("neighbor %s default-originate always", name)
	}
}
