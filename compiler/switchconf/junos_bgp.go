package switchconf

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

// balance prints what has the forwarding table take more than one next hop. The name of its policy is like none of the model's.
func (j *junos) balance(s *fabric.Switch) {
	most, wanted := 0, 0
	for _, r := range s.Routers {
		most, wanted = max(most, r.MaximumPaths), max(wanted, r.WantedPaths)
	}
	several := slices.ContainsFunc(s.Statics, func(r *fabric.StaticRoute) bool { return len(r.NextHops) > 1 })
	if most < 2 && !several {
		return
	}
	const few = 16 // that Junos uses unless told otherwise
	j.section("Load balancing: per-packet is per flow, in spite of its name")
	p := j.in()
	switch {
	case wanted > most:
		p.line("# Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.", wanted, most)
	case most > few:
		p.line("# More than %d equal-cost paths take a further statement: set chassis maximum-ecmp with at least %d, of 32, 64 and 128.", few, most)
	case most > 1:
		p.line("# Junos uses up to %d equal-cost paths: BGP has no number of its own.", few)
	}
	p.line("set policy-options policy-statement TOPOC-BALANCE then load-balance per-packet")
	p.line("set routing-options forwarding-table export TOPOC-BALANCE")
	p.undo("delete routing-options forwarding-table export TOPOC-BALANCE")
	p.undo("delete policy-options policy-statement TOPOC-BALANCE")
}

func (j *junos) router(r *fabric.BGPRouter) {
	title, scope := "BGP", junosScope(r.VRF)
	if r.VRF != "" {
		title += " in routing instance " + junosWord(r.VRF)
	}
	j.section(title)
	p := j.in()
	p.line("set %srouting-options router-id %s", scope, r.RouterID)
	p.line("set %srouting-options autonomous-system %d", scope, r.ASN)
	if r.GracefulRestart {
		p.line("# Graceful restart: Junos keeps the routes of a neighbor that restarts, unless told otherwise.")
	}
	for _, g := range r.Groups {
		j.group(scope, r, g)
	}
	for _, f := range r.Families {
		for _, internal := range []bool{false, true} {
			j.switches(scope, r, f, internal)
		}
	}
}

// begin begins a group, replacing one of that name, and prints what every group has.
func (j *junos) begin(at string, r *fabric.BGPRouter, internal bool) *part {
	p := j.in()
	p.line("delete %s", at)
	p.undo("delete %s", at)
	kind := "external"
	if internal {
		kind = "internal"
	}
	p.line("set %s type %s", at, kind)
	p.line("set %s log-updown", at)
	if !r.GracefulRestart {
		p.line("set %s graceful-restart disable", at)
	}
	if r.MaximumPaths > 1 && r.RelaxASPath {
		p.line("set %s multipath multiple-as", at)
	} else if r.MaximumPaths > 1 {
		p.line("set %s multipath", at)
	}
	return p
}

// group prints the group of a rack, its members and its ranges.
func (j *junos) group(scope string, r *fabric.BGPRouter, g *fabric.PeerGroup) {
	at := fmt.Sprintf("%sprotocols bgp group %s", scope, junosName(g.Name))
	p := j.begin(at, r, g.Internal)
	if g.RemoteASN != 0 && !g.Internal {
		p.line("set %s peer-as %d", at, g.RemoteASN)
	}
	j.session(p, at, r, &g.SessionConfig)
	for _, n := range membersOf(r, g) {
		member := fmt.Sprintf("%s neighbor %s", at, n.Address)
		j.member(p, member, n, g.RemoteASN == 0)
	}
	for _, l := range r.Listens {
		if l.Group == g {
			p.line("# Up to %d nodes: Junos has no limit here.", l.Limit)
			p.line("set %s allow %s", at, l.Prefix)
		}
	}
}

// member prints a neighbor of a group, with its AS number where the group has none.
func (j *junos) member(p *part, at string, n *fabric.Neighbor, hasASN bool) {
	if n.Description != "" {
		p.line("set %s description \"%s\"", at, junosText(n.Description))
	} else {
		p.line("set %s", at)
	}
	if hasASN {
		p.line("set %s peer-as %d", at, n.RemoteASN)
	}
}

// switchesGroup names the group of the sessions to other switches of one family. The names of the model's groups are of three words
// at least.
func switchesGroup(f fabric.Family) string {
	if f == fabric.IPv6 {
		return "SWITCHES_V6"
	}
	return "SWITCHES_V4"
}

// switches prints the sessions to other switches of one family and kind, as one group: Junos has no neighbor without one.
func (j *junos) switches(scope string, r *fabric.BGPRouter, f fabric.Family, internal bool) {
	members := slices.DeleteFunc(alone(r), func(n *fabric.Neighbor) bool {
		return n.Interface != "" || fabric.FamilyOf(n.Address) != f || n.Internal != internal
	})
	if len(members) == 0 {
		return
	}
	name := switchesGroup(f)
	if internal {
		name = strings.Replace(name, "_", "-IBGP_", 1)
	}
	at := fmt.Sprintf("%sprotocols bgp group %s", scope, name)
	p := j.begin(at, r, internal)
	for _, n := range members {
		member := fmt.Sprintf("%s neighbor %s", at, n.Address)
		j.member(p, member, n, !internal)
		j.session(p, member, r, &n.SessionConfig)
	}
}

// session prints what a group and a neighbor can both say.
func (j *junos) session(p *part, at string, r *fabric.BGPRouter, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		p.line("set %s local-address %s", at, c.UpdateSource)
	}
	if c.Multihop > 0 {
		p.line("set %s multihop ttl %d", at, c.Multihop)
	}
	if keepalive, hold, ok := timers(c); ok {
		if keepalive != max(hold/3, 1) {
			p.line("# Junos sends keepalives three times in a hold time, not every %d seconds.", keepalive)
		}
		p.line("set %s hold-time %d", at, hold)
	}
	if c.BFD { // Junos wants an interval, in milliseconds; three lost packets end the session
		p.line("set %s bfd-liveness-detection minimum-interval 1000", at)
	}
	for _, f := range c.Families {
		p.line("set %s import %s", at, junosName(f.In.Name))
		p.line("set %s export %s", at, junosName(f.Out.Name))
		family := fmt.Sprintf("%s family %s unicast", at, junosFamily(f.Family))
		if f.MaxPrefixes > 0 {
			p.line("set %s prefix-limit maximum %d", family, f.MaxPrefixes)
			p.line("set %s prefix-limit teardown %d idle-timeout %d", family, f.WarnPercent, min(f.RestartMinutes, 2400))
		} else {
			p.line("set %s", family)
		}
		if f.ASOverride {
			p.line("set %s as-override", at)
		} else if f.PeerAllowsOwnAS { // else nothing goes to an AS that it came from
			p.line("set %s advertise-peer-as", at)
		}
		if f.ReflectorClient {
			p.line("set %s cluster %s", at, r.ClusterID)
		}
	}
	if c.Password != nil {
		p.line("# Key %s of Secret %s:", junosText(c.Password.Key), junosText(c.Password.Secret))
		p.line("# set %s authentication-key <...>", at)
	}
}
