package switchconf

import (
	"fmt"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "openbgpd",
	Platform: "OpenBGPD 7.7 or later",
	Doubts: []string{
		"Over more than one hop OpenBGPD is the next hop of what one node sends another on the same subnet, which other platforms leave to the nodes: packets take one hop more.",
		"OpenBGPD as Debian builds it for Linux writes no routes into the kernel: there it serves as a reflector, not as a switch that forwards packets.",
		"To nodes of its own AS a switch sets itself as the next hop of whatever has an AS path, not only of what it learned by eBGP.",
	},
	comment:    "#",
	indent:     "  ",
	header:     openbgpdHeader,
	undoHeader: openbgpdUndoHeader,
	text:       openbgpdText,
	write: func(s *fabric.Switch) *script {
		o := &openbgpd{&script{}, Passwords(s)}
		for _, r := range s.Routers {
			o.process(r)
			o.sets(r)
			o.networks(r)
			o.neighbors(r)
			o.rules(r)
		}
		return o.script
	},
})

// openbgpd prints the language of OpenBGPD. A snippet is a file that bgpd.conf includes, in the order that the manual asks for:
// globals, sets, networks, neighbors, rules. What another file has in its place OpenBGPD forgets, so taking back is including
// nothing.
type openbgpd struct {
	*script
	passwords []PasswordName
}

// openbgpdText makes a string harmless between quotation marks and in comments.
func openbgpdText(s string) string { return fold(s, textMarks, 79) }

// openbgpdName quotes the name of a group or a set.
func openbgpdName(s string) string { return `"` + fold(s, "_.-", 31) + `"` }

// process prints what bgpd.conf must have somewhere; the undo leaves it, since it may be nowhere else.
func (o *openbgpd) process(r *fabric.BGPRouter) {
	o.section("BGP")
	p := o.in()
	for _, line := range []string{fmt.Sprintf("AS %d", r.ASN), fmt.Sprintf("router-id %s", r.RouterID)} {
		p.line("%s", line)
		p.undo("%s", line)
	}
	if r.PossiblePaths > 1 {
		p.line("# Up to %d equal-cost paths can come: OpenBGPD uses one of them.", r.PossiblePaths)
	}
}

func (o *openbgpd) sets(r *fabric.BGPRouter) {
	o.section("Prefix sets")
	for _, l := range r.PrefixLists {
		p := o.in(view{fmt.Sprintf("prefix-set %s {", openbgpdName(l.Name)), "}"})
		for _, e := range l.Entries {
			p.line("%s", openbgpdEntry(e))
		}
	}
}

func openbgpdEntry(e fabric.PrefixEntry) string {
	low, high := e.Lengths()
	own, longest := e.Prefix.Bits(), e.Prefix.Addr().BitLen()
	switch {
	case low == own && high == own:
		return e.Prefix.String()
	case low == high:
		return fmt.Sprintf("%s prefixlen = %d", e.Prefix, low)
	case low == own && high == longest:
		return fmt.Sprintf("%s or-longer", e.Prefix)
	}
	return fmt.Sprintf("%s prefixlen %d - %d", e.Prefix, low, high) // without the blanks it is no range
}

func (o *openbgpd) networks(r *fabric.BGPRouter) {
	o.section("Networks")
	p := o.in()
	for _, prefix := range r.Networks {
		p.line("network %s", prefix)
	}
}

func (o *openbgpd) neighbors(r *fabric.BGPRouter) {
	o.section("Neighbors")
	for _, g := range r.Groups {
		group := view{fmt.Sprintf("group %s {", openbgpdName(g.Name)), "}"}
		p := o.in(group)
		if g.RemoteASN != 0 {
			p.line("remote-as %d", g.RemoteASN)
		}
		o.session(p, r, &g.SessionConfig)
		for _, n := range r.Neighbors {
			if n.Group != g {
				continue
			}
			m := o.in(group, view{fmt.Sprintf("neighbor %s {", n.Address), "}"})
			if g.RemoteASN == 0 {
				m.line("remote-as %d", n.RemoteASN)
			}
			o.describe(m, n)
		}
		for _, l := range r.Listens { // OpenBGPD has no limit to the number of their sessions
			if l.Group == g {
				o.in(group).line("neighbor %s", l.Prefix)
			}
		}
	}
	for _, n := range alone(r) {
		if n.Interface != "" {
			continue // fabric.Unsupported reports it
		}
		p := o.in(view{fmt.Sprintf("neighbor %s {", n.Address), "}"})
		p.line("remote-as %d", n.RemoteASN)
		o.describe(p, n)
		o.session(p, r, &n.SessionConfig)
	}
}

func (o *openbgpd) describe(p *part, n *fabric.Neighbor) {
	if n.Description != "" {
		p.line("descr \"%s\"", fold(n.Description, textMarks, 31)) // the longest that it takes
	}
}

// session prints what a group and a neighbor can both say. A keepalive is sent after a third of the hold time.
func (o *openbgpd) session(p *part, r *fabric.BGPRouter, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		p.line("local-address %s", c.UpdateSource)
	}
	if hops := max(c.TTLSecurity, c.Multihop); hops > 1 {
		p.line("multihop %d", hops)
	}
	if c.TTLSecurity > 0 {
		p.line("ttl-security yes")
	}
	if _, hold, ok := timers(c); ok {
		p.line("holdtime %d", hold)
	}
	if r.GracefulRestart { // the end of RIB is announced, and routes of a neighbor that restarts are kept
		p.line("announce restart yes")
	} else {
		p.line("announce restart no")
	}
	if c.Password != nil {
		p.line("tcp md5sig password $%s", nameOf(o.passwords, c.Password))
	}
	for _, fc := range c.Families { // of one family, as all sessions with addresses are
		if fc.MaxPrefixes > 0 {
			p.line("max-prefix %d restart %d", fc.MaxPrefixes, fc.RestartMinutes)
		}
		if fc.ReflectorClient {
			p.line("route-reflector %s", r.ClusterID)
		}
		if fc.DefaultOriginate {
			p.line("export default-route") // and nothing else
		}
	}
}

// rules print the policies. Each session's end with denying the rest, and as they are quick no other rule opens it again.
func (o *openbgpd) rules(r *fabric.BGPRouter) {
	o.section("Rules")
	p := o.in()
	for _, g := range r.Groups {
		o.rulesOf(p, "group "+openbgpdName(g.Name), &g.SessionConfig)
	}
	for _, n := range alone(r) {
		if n.Interface == "" {
			o.rulesOf(p, n.Address.String(), &n.SessionConfig)
		}
	}
}

func (o *openbgpd) rulesOf(p *part, peer string, c *fabric.SessionConfig) {
	for _, fc := range c.Families {
		if fc.NextHopSelf { // on what has an AS path: what nodes announce themselves, and is reflected, has none
			p.line("match to %s max-as-len 0 set nexthop self", peer)
		}
		for _, direction := range []struct {
			word   string
			policy *fabric.Policy
		}{{"from", fc.In}, {"to", fc.Out}} {
			for _, t := range direction.policy.Terms {
				if t.PrefixList != nil {
					p.line("allow quick %s %s prefix-set %s", direction.word, peer, openbgpdName(t.PrefixList.Name))
				}
			}
			p.line("deny quick %s %s", direction.word, peer)
		}
	}
}

func openbgpdHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, OpenBGPD 7.7 or later. A file to put beside bgpd.conf, which includes it at its end:", n.Switch),
		fmt.Sprintf("  include \"/etc/%s\"", n.Snippet),
		"Check, load:",
		"  bgpd -n",
		"  bgpctl reload",
		"What an earlier build had and this one lacks goes with that. " + n.Undo + " takes it all back.",
	}
	passwords := Passwords(s)
	if len(passwords) > 0 {
		h = append(h, "", "bgpd.conf must have, before the include:")
	}
	for _, p := range passwords {
		h = append(h, fmt.Sprintf(`  %s="\"<...>\"" # %s`, p.Name, p.about)) // the text of a macro is read anew
	}
	return h
}

func openbgpdUndoHeader(_ *fabric.Switch, n names) []string {
	return []string{
		fmt.Sprintf("Takes back what is configured on switch %s: copy it over", n.Switch),
		fmt.Sprintf("  %s", n.Snippet),
		"Then:",
		"  bgpctl reload",
		"That withdraws its routes and ends its sessions; what else bgpd.conf has goes on. Then the include can be deleted,",
		"where bgpd.conf has an AS number of its own.",
	}
}
