package switchconf

import (
	"fmt"
	"net/netip"
	"strings"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "gobgp",
	Platform: "GoBGP 3.10 or later",
	Doubts: []string{
		"GoBGP writes routes into the kernel over FRR's zebra alone, of releases from 7.5 to 8.1: version 3.10 dies at the zebra of FRR 8.4. Without one it serves as a reflector, not as a switch that forwards packets.",
		"A session over its limit stays down until somebody enables it: gobgp neighbor <address> enable.",
	},
	comment:    "#",
	indent:     "  ",
	header:     gobgpHeader,
	undoHeader: gobgpUndoHeader,
	text:       gobgpText,
	write: func(s *fabric.Switch) *script {
		g := &gobgp{script: &script{}, s: s}
		for _, r := range s.Routers {
			g.global(r)
			g.groups(r)
			g.neighbors(r)
			g.sets(r)
			g.policies(r)
		}
		return g.script
	},
})

// gobgp prints the configuration file of GoBGP, in TOML. It is the whole of it, as GoBGP includes no other: what takes it back is a
// file without neighbors. Policies are GoBGP's own, not a neighbor's, so that each begins with whose routes it is about.
type gobgp struct {
	*script
	s *fabric.Switch
	p *part
}

// gobgpText makes a string harmless between quotation marks and in comments.
func gobgpText(s string) string { return fold(s, textMarks, 79) }

// gobgpNetworks is the name of the policy of the switch's own networks, and of the sets with them, which have the family's number
// behind it: small letters, which no name of the model has.
const gobgpNetworks = "networks"

// line prints a line some levels deep: TOML's tables have no end that could be left.
func (g *gobgp) line(depth int, format string, args ...any) {
	g.p.line("%s", strings.Repeat("  ", depth)+fmt.Sprintf(format, args...))
}

func (g *gobgp) start(title string) {
	g.section(title)
	g.p = g.in()
}

func (g *gobgp) global(r *fabric.BGPRouter) {
	g.start("BGP")
	for _, line := range []string{"[global.config]", fmt.Sprintf("  as = %d", r.ASN), fmt.Sprintf("  router-id = \"%s\"", r.RouterID)} {
		g.p.line("%s", line)
		g.p.undo("%s", line)
	}
	g.line(0, "[global.use-multiple-paths.config]")
	g.line(1, "enabled = true")
	g.line(0, "[global.apply-policy.config]")
	g.line(1, "default-import-policy = \"reject-route\"")
	g.line(1, "default-export-policy = \"reject-route\"")
	var in, out []string
	for _, c := range g.peers(r) {
		for _, fc := range c.config.Families {
			in, out = append(in, gobgpText(fc.In.Name)), append(out, gobgpText(fc.Out.Name))
		}
	}
	if len(r.Networks) > 0 {
		in = append(in, gobgpNetworks)
	}
	for _, list := range []struct {
		key      string
		policies []string
	}{{"import-policy-list", in}, {"export-policy-list", out}} {
		g.line(1, "%s = [", list.key)
		for _, name := range list.policies {
			g.line(2, "\"%s\",", name)
		}
		g.line(1, "]")
	}
}

// gobgpPeer is those that one pair of policies is about.
type gobgpPeer struct {
	name      string // of the neighbor set
	addresses []string
	subnets   []string // of the switch's interfaces on which nodes of a group are
	config    *fabric.SessionConfig
}

// peers returns the groups and the neighbors that stand alone. These come first: a range of a group may hold their addresses, and
// the first policy that fits decides.
func (g *gobgp) peers(r *fabric.BGPRouter) []gobgpPeer {
	var all []gobgpPeer
	for _, n := range alone(r) {
		if n.Interface == "" { // fabric.Unsupported reports it
			all = append(all, gobgpPeer{name: n.Address.String(), addresses: []string{n.Address.String()}, config: &n.SessionConfig})
		}
	}
	for _, group := range r.Groups {
		p := gobgpPeer{name: gobgpText(group.Name), config: &group.SessionConfig}
		for _, n := range r.Neighbors {
			if n.Group == group {
				p.addresses = append(p.addresses, n.Address.String())
			}
		}
		for _, l := range r.Listens {
			if l.Group == group {
				p.addresses = append(p.addresses, l.Prefix.String())
			}
		}
		for _, subnet := range nodeSubnets(g.s, r, group) {
			p.subnets = append(p.subnets, subnet.String())
		}
		all = append(all, p)
	}
	return all
}

// groups print those of one AS. The AS of a group holds for its members whatever they say, and without one they take any: so members
// of several stand alone.
func (g *gobgp) groups(r *fabric.BGPRouter) {
	g.start("Groups")
	for _, group := range r.Groups {
		if group.RemoteASN == 0 {
			continue
		}
		g.line(0, "[[peer-groups]]")
		g.line(1, "[peer-groups.config]")
		g.line(2, "peer-group-name = \"%s\"", gobgpText(group.Name))
		g.line(2, "peer-as = %d", group.RemoteASN)
		g.session("peer-groups", r, &group.SessionConfig)
	}
	for _, l := range r.Listens { // GoBGP has no limit to the number of their sessions
		g.line(0, "[[dynamic-neighbors]]")
		g.line(1, "[dynamic-neighbors.config]")
		g.line(2, "prefix = \"%s\"", l.Prefix)
		g.line(2, "peer-group = \"%s\"", gobgpText(l.Group.Name))
	}
}

func (g *gobgp) neighbors(r *fabric.BGPRouter) {
	g.start("Neighbors")
	for _, n := range r.Neighbors {
		if n.Interface != "" {
			continue
		}
		g.line(0, "[[neighbors]]")
		g.line(1, "[neighbors.config]")
		g.line(2, "neighbor-address = \"%s\"", n.Address)
		isMember := n.Group != nil && n.Group.RemoteASN != 0
		if isMember {
			g.line(2, "peer-group = \"%s\"", gobgpText(n.Group.Name))
		} else {
			g.line(2, "peer-as = %d", n.RemoteASN)
		}
		if n.Description != "" {
			g.line(2, "description = \"%s\"", gobgpText(n.Description))
		}
		switch {
		case isMember: // of what its group says version 3 loses this
			for _, fc := range n.Group.Families {
				g.override("neighbors", fc)
			}
		case n.Group != nil:
			g.session("neighbors", r, &n.Group.SessionConfig)
		default:
			g.session("neighbors", r, &n.SessionConfig)
		}
	}
}

// session prints what a group and a neighbor can both say, below its table config.
func (g *gobgp) session(of string, r *fabric.BGPRouter, c *fabric.SessionConfig) {
	table := func(name string, lines ...string) {
		g.line(1, "[%s.%s.config]", of, name)
		for _, line := range lines {
			g.line(2, "%s", line)
		}
	}
	if c.Password != nil {
		g.line(2, "# Key %s of Secret %s:", fold(c.Password.Key, wordMarks, 63), fold(c.Password.Secret, wordMarks, 63))
		g.line(2, "# auth-password = \"<...>\"")
	}
	if keepalive, hold, ok := timers(c); ok {
		table("timers", fmt.Sprintf("hold-time = %d", hold), fmt.Sprintf("keepalive-interval = %d", keepalive))
	}
	if c.UpdateSource.IsValid() {
		table("transport", fmt.Sprintf("local-address = \"%s\"", c.UpdateSource))
	}
	if c.TTLSecurity > 0 { // GoBGP refuses both on one neighbor
		table("ttl-security", "enabled = true", fmt.Sprintf("ttl-min = %d", 256-c.TTLSecurity))
	} else if c.Multihop > 0 {
		table("ebgp-multihop", "enabled = true", fmt.Sprintf("multihop-ttl = %d", c.Multihop))
	}
	if r.GracefulRestart { // routes of a neighbor that restarts are kept
		table("graceful-restart", "enabled = true", "helper-only = true")
	}
	for _, fc := range c.Families {
		g.override(of, fc)
		if fc.ReflectorClient {
			table("route-reflector", "route-reflector-client = true", fmt.Sprintf("route-reflector-cluster-id = \"%s\"", r.ClusterID))
		}
	}
	for _, fc := range c.Families {
		g.line(1, "[[%s.afi-safis]]", of)
		g.line(2, "[%s.afi-safis.config]", of)
		g.line(3, "afi-safi-name = \"%s-unicast\"", afWord(fc.Family))
		if fc.MaxPrefixes > 0 {
			g.line(2, "[%s.afi-safis.prefix-limit.config]", of)
			g.line(3, "max-prefixes = %d", fc.MaxPrefixes)
			g.line(3, "shutdown-threshold-pct = %d", fc.WarnPercent) // warns, whatever it is called
		}
	}
}

func (g *gobgp) override(of string, fc *fabric.FamilyConfig) {
	if fc.ASOverride {
		g.line(1, "[%s.as-path-options.config]", of)
		g.line(2, "replace-peer-as = true")
	}
}

// sets prints what policies speak of.
func (g *gobgp) sets(r *fabric.BGPRouter) {
	g.start("Sets")
	for _, f := range r.Families {
		var entries []fabric.PrefixEntry
		for _, p := range r.Networks {
			if fabric.FamilyOf(p.Addr()) == f {
				entries = append(entries, fabric.PrefixEntry{Prefix: p})
			}
		}
		if len(entries) > 0 {
			g.prefixSet(gobgpNetworks+f.String()[3:], entries)
		}
	}
	for _, l := range r.PrefixLists {
		g.prefixSet(gobgpText(l.Name), l.Entries)
	}
	for _, p := range g.peers(r) {
		g.line(0, "[[defined-sets.neighbor-sets]]")
		g.line(1, "neighbor-set-name = \"%s\"", p.name)
		g.line(1, "neighbor-info-list = [")
		for _, a := range p.addresses {
			g.line(2, "\"%s\",", a)
		}
		g.line(1, "]")
	}
}

func (g *gobgp) prefixSet(name string, entries []fabric.PrefixEntry) {
	g.line(0, "[[defined-sets.prefix-sets]]")
	g.line(1, "prefix-set-name = \"%s\"", name)
	for _, e := range entries {
		low, high := e.Lengths()
		g.line(1, "[[defined-sets.prefix-sets.prefix-list]]")
		g.line(2, "ip-prefix = \"%s\"", e.Prefix)
		g.line(2, "masklength-range = \"%d..%d\"", low, high)
	}
}

// policies print each policy with whose routes it is about. It ends with denying the rest of those.
func (g *gobgp) policies(r *fabric.BGPRouter) {
	g.start("Policies")
	for _, p := range g.peers(r) {
		for _, fc := range p.config.Families {
			g.policy(fc.In, p.name)
			switch {
			case fc.NextHopSelf:
				g.policy(fc.Out, p.name, gobgpStatement{routes: "external", nextHop: "self"})
			case !p.config.Internal && len(p.subnets) > 0: // else GoBGP becomes the next hop of what one node sends another
				g.policy(fc.Out, p.name, gobgpStatement{hops: p.subnets, nextHop: "unchanged"})
			default:
				g.policy(fc.Out, p.name)
			}
		}
	}
	if len(r.Networks) == 0 {
		return
	}
	g.line(0, "[[policy-definitions]]")
	g.line(1, "name = \"%s\"", gobgpNetworks)
	for _, f := range r.Families {
		name := gobgpNetworks + f.String()[3:]
		g.statement(gobgpStatement{name: name, prefixes: name, routes: "local", disposition: "accept-route"})
	}
}

// policy prints one policy; what the special ones say of routes besides goes before what it accepts.
func (g *gobgp) policy(policy *fabric.Policy, peers string, special ...gobgpStatement) {
	name := gobgpText(policy.Name)
	g.line(0, "[[policy-definitions]]")
	g.line(1, "name = \"%s\"", name)
	for _, t := range policy.Terms {
		if t.PrefixList == nil {
			continue
		}
		for _, s := range append(special, gobgpStatement{}) {
			s.name, s.peers, s.prefixes, s.disposition = fmt.Sprintf("%s %d", name, t.Seq), peers, gobgpText(t.PrefixList.Name), "accept-route"
			if s.nextHop != "" {
				s.name += " " + s.nextHop
			}
			g.statement(s)
		}
	}
	g.statement(gobgpStatement{name: fmt.Sprintf("%s %d", name, lastSeq(policy)), peers: peers, disposition: "reject-route"})
}

// gobgpStatement is a statement of a policy. Empty conditions hold for all routes.
type gobgpStatement struct {
	name            string
	peers, prefixes string   // sets
	routes          string   // "local", "external"
	hops            []string // prefixes of next hops
	disposition     string
	nextHop         string
}

func (g *gobgp) statement(s gobgpStatement) {
	const of = "policy-definitions.statements"
	g.line(1, "[[%s]]", of)
	g.line(2, "name = \"%s\"", s.name)
	if s.peers != "" {
		g.line(2, "[%s.conditions.match-neighbor-set]", of)
		g.line(3, "neighbor-set = \"%s\"", s.peers)
	}
	if s.prefixes != "" {
		g.line(2, "[%s.conditions.match-prefix-set]", of)
		g.line(3, "prefix-set = \"%s\"", s.prefixes)
	}
	if s.routes != "" || len(s.hops) > 0 {
		g.line(2, "[%s.conditions.bgp-conditions]", of)
	}
	if s.routes != "" {
		g.line(3, "route-type = \"%s\"", s.routes)
	}
	if len(s.hops) > 0 {
		g.line(3, "next-hop-in-list = [")
		for _, hop := range s.hops {
			g.line(4, "\"%s\",", hop)
		}
		g.line(3, "]")
	}
	g.line(2, "[%s.actions]", of)
	g.line(3, "route-disposition = \"%s\"", s.disposition)
	if s.nextHop != "" {
		g.line(2, "[%s.actions.bgp-actions]", of)
		g.line(3, "set-next-hop = \"%s\"", s.nextHop)
	}
}

func gobgpHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, GoBGP 3.10 or later. The whole configuration of gobgpd. Check, load:", n.Switch),
		fmt.Sprintf("  gobgpd -d -f %s", n.Snippet),
		fmt.Sprintf("  cp %s /etc/gobgpd.conf", n.Snippet),
		"  systemctl restart gobgpd",
		"Where only neighbors and policies have changed, gobgpd takes them over at SIGHUP, and no other session ends.",
		n.Undo + " takes it back.",
	}
	var networks []netip.Prefix
	for _, r := range s.Routers {
		networks = append(networks, r.Networks...)
	}
	if len(networks) > 0 {
		h = append(h, "", "The file cannot say what the switch announces itself. Whenever gobgpd has started:")
	}
	for _, p := range networks {
		h = append(h, fmt.Sprintf("  gobgp global rib add -a %s %s origin igp", afWord(fabric.FamilyOf(p.Addr())), p))
	}
	h = append(h, "", "GoBGP writes routes into the kernel over the zebra of FRR 7.5 to 8.1 alone, which it is told by:",
		"  [zebra.config]",
		"    enabled = true",
		"    url = \"unix:/var/run/frr/zserv.api\"",
		"    version = 6")
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.Password != nil }) {
		h = append(h, "Sessions with a password come up when you have set it: see the lines with <...>.")
	}
	return h
}

func gobgpUndoHeader(_ *fabric.Switch, n names) []string {
	return []string{
		fmt.Sprintf("Takes back what is configured on switch %s: GoBGP goes on without neighbors.", n.Switch),
		fmt.Sprintf("  cp %s /etc/gobgpd.conf", n.Undo),
		"  systemctl restart gobgpd",
		"At SIGHUP it would keep peer groups, and with them the subnets that it accepts sessions from.",
	}
}
