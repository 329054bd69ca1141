package switchconf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = dialect(Printer{
	Dialect:  "nvue",
	Platform: "Cumulus Linux 5.3 or later, with NVUE",
	Doubts: []string{
		"Nobody has loaded a whole file into a switch. Paths and values are from NVIDIA's command references of Cumulus Linux 5.",
		"Releases that write state: enabled in the place of enable: on were not tried.",
		"The wait after too many prefixes is in seconds, as the reference says; FRR below NVUE counts minutes.",
		"Static routes are taken to have no tags: those that BGP passes on are named by a prefix list.",
		"What the file sets is unset by commands, since the reference shows no YAML for that.",
	},
	comment:    "#",
	indent:     "  ",
	lines:      "sh",
	header:     nvueHeader,
	undoHeader: nvueUndoHeader,
	text:       nvueText,
	write:      func(s *fabric.Switch) *script { return newNVUE(s).script },
	document: func(s *fabric.Switch, header []string) []byte {
		v, w := newNVUE(s), cfgtext.New("  ")
		for _, c := range slices.Concat(header, v.notes) {
			w.Line("%s", strings.TrimSuffix("# "+c, " "))
		}
		w.Line("- set:")
		set := cfgtext.New("  ")
		v.set.write(set)
		for line := range strings.Lines(set.String()) { // within an item of a list, four blanks deep
			w.Line("    %s", strings.TrimSuffix(line, "\n"))
		}
		return w.Bytes()
	},
})

// nvue prints what NVIDIA's NVUE takes as a patch, in YAML, and commands that unset it. A patch is merged into a pending
// configuration, and takes effect when that is applied, together with what else is pending: so an earlier build is unset first,
// and only the difference happens.
type nvue struct {
	*script
	set    yamlTree
	notes  []string // comments about what YAML has no place for
	groups map[*fabric.PeerGroup]string
}

// nvueWord makes a string one word, which a shell leaves alone too.
func nvueWord(s string) string { return fold(s, wordMarks, 63) }

// nvueText makes a string harmless in a comment.
func nvueText(s string) string { return fold(s, textMarks, 79) }

func nvueHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Switch %s, Cumulus Linux 5.3 or later, with NVUE. Over an earlier build run its undo file first, and apply", n.Switch),
		"both at once. Merge it into the pending configuration, see what would change, apply, save:",
		"  nv config patch $PWD/" + n.Snippet,
		"  nv config diff",
		"  nv config apply",
		"  nv config save",
		n.Undo + " takes it back.",
	}
	if len(s.Routers) > 0 {
		h = append(h, "", "Check with: nv show vrf default router bgp neighbor, nv show router policy route-map.")
	}
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist, with the interfaces in it.", nvueWord(vrf)))
	}
	return append(h, notes(s, "The interface lo")...)
}

func nvueUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s:", n.Snippet, n.Switch),
		"  sh " + n.Undo,
		"  nv config diff",
		"  nv config apply",
		"  nv config save",
		"",
		"NVUE says so where there is nothing to unset.",
	}
	if len(s.Routers) > 0 {
		h = append(h, "The BGP process stays, with its AS number and router ID: others may peer with it too.")
	}
	return h
}

func newNVUE(s *fabric.Switch) *nvue {
	v, s := &nvue{script: &script{}, groups: map[*fabric.PeerGroup]string{}}, untagged(s)
	v.name(s)
	v.lists(s)
	v.policies(s)
	v.statics(s)
	if len(s.Routers) > 0 {
		v.set.set("on", "router", "bgp", "enable")
	}
	for _, r := range s.Routers {
		v.router(r)
	}
	return v
}

// name names the groups, which NVUE takes no hyphens in.
func (v *nvue) name(s *fabric.Switch) {
	taken := map[string]bool{}
	for _, r := range s.Routers {
		for _, g := range r.Groups {
			name := strings.NewReplacer("-", "_", ".", "_", ":", "_", "/", "_", "@", "_", "+", "_").Replace(nvueWord(g.Name))
			for unlike, i := name, 2; taken[name]; i++ {
				name = fmt.Sprintf("%s_%d", unlike, i)
			}
			taken[name], v.groups[g] = true, name
		}
	}
}

// unset adds a command that unsets what stands below a path.
func (v *nvue) unset(p *part, format string, args ...any) {
	p.undo("nv unset %s", fmt.Sprintf(format, args...))
}

func (v *nvue) lists(s *fabric.Switch) {
	v.section("Prefix lists")
	p := v.in()
	for _, l := range prefixLists(s) {
		list := v.set.at("router", "policy", "prefix-list").add(nvueWord(l.Name))
		list.set(afWord(l.Family), "type")
		rule := func(i int, action string, prefix string, low, high int) {
			rule := list.at("rule").add(strconv.Itoa(step * (i + 1)))
			rule.set(action, "action")
			match := rule.at("match").add(prefix)
			if low > 0 {
				match.set(strconv.Itoa(low), "min-prefix-len")
			}
			if high > 0 {
				match.set(strconv.Itoa(high), "max-prefix-len")
			}
		}
		for i, e := range l.Entries {
			rule(i, "permit", e.Prefix.String(), e.GE, e.LE)
		}
		rest := "0.0.0.0/0"
		if l.Family == fabric.IPv6 {
			rest = "::/0"
		}
		rule(len(l.Entries), "deny", rest, 0, l.Family.Bits())
		v.unset(p, "router policy prefix-list %s", nvueWord(l.Name))
	}
}

func (v *nvue) policies(s *fabric.Switch) {
	v.section("Route maps")
	p := v.in()
	for _, policy := range policies(s) {
		rules := v.set.at("router", "policy", "route-map").add(nvueWord(policy.Name)).at("rule")
		for _, t := range policy.Terms {
			rule := rules.add(strconv.Itoa(t.Seq))
			rule.at("action", "permit")
			rule.set(afWord(policy.Family), "match", "type")
			if t.PrefixList != nil {
				rule.set(yamlQuoted(nvueWord(t.PrefixList.Name)), "match", "ip-prefix-list")
			}
		}
		rules.add(strconv.Itoa(lastSeq(policy))).at("action", "deny")
		v.unset(p, "router policy route-map %s", nvueWord(policy.Name))
	}
}

// nvueVRF is the name of a VRF, which the default one has too.
func nvueVRF(vrf string) string {
	if vrf == "" {
		return "default"
	}
	return fold(vrf, "._-", 15)
}

func (v *nvue) statics(s *fabric.Switch) {
	v.section("Static routes")
	p := v.in()
	for _, r := range s.Statics {
		route := v.set.at("vrf").named(nvueVRF(r.VRF)).at("router", "static").add(r.Prefix.String())
		family := afWord(fabric.FamilyOf(r.Prefix.Addr()))
		route.set(family+"-unicast", "address-family")
		for _, hop := range r.NextHops {
			route.at("via").add(hop.String()).set(family+"-address", "type")
		}
		v.unset(p, "vrf %s router static %s", nvueVRF(r.VRF), r.Prefix)
	}
}

func (v *nvue) router(r *fabric.BGPRouter) {
	title := "BGP"
	if r.VRF != "" {
		title += " in VRF " + nvueVRF(r.VRF)
	}
	v.section(title)
	path := fmt.Sprintf("vrf %s router bgp", nvueVRF(r.VRF))
	bgp, p := v.set.at("vrf").named(nvueVRF(r.VRF)).at("router", "bgp"), v.in()
	bgp.set("on", "enable")
	bgp.set(fmt.Sprint(r.ASN), "autonomous-system")
	bgp.set(r.RouterID.String(), "router-id")
	if r.ClusterID.IsValid() {
		bgp.set("on", "route-reflection", "enable")
		bgp.set(r.ClusterID.String(), "route-reflection", "cluster-id")
		v.unset(p, "%s route-reflection", path)
	}
	if r.RelaxASPath {
		bgp.set("on", "path-selection", "multipath", "aspath-ignore")
		v.unset(p, "%s path-selection multipath aspath-ignore", path)
	}
	for _, f := range r.Families {
		v.family(p, path, bgp, r, f)
	}
	p = v.in()
	for _, g := range r.Groups {
		group := bgp.at("peer-group").add(v.groups[g])
		if g.RemoteASN != 0 {
			group.set(fmt.Sprint(g.RemoteASN), "remote-as")
		}
		v.session(group, path+" peer-group "+v.groups[g], r, &g.SessionConfig)
		v.unset(p, "%s peer-group %s", path, v.groups[g])
	}
	v.listens(v.in(), path, bgp, r)
	v.neighbors(v.in(), path, bgp, r)
}

// family prints what the process says about a family.
func (v *nvue) family(p *part, path string, bgp *yamlTree, r *fabric.BGPRouter, f fabric.Family) {
	name := afWord(f) + "-unicast"
	family := bgp.at("address-family", name)
	family.set("on", "enable")
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == f {
			family.at("network").add(prefix.String())
			v.unset(p, "%s address-family %s network %s", path, name, prefix)
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == f {
			family.set("on", "redistribute", "static", "enable")
			family.set(yamlQuoted(nvueWord(d.Policy.Name)), "redistribute", "static", "route-map")
			v.unset(p, "%s address-family %s redistribute static", path, name)
		}
	}
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		v.notes = append(v.notes, fmt.Sprintf("Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths))
	}
	family.set(strconv.Itoa(r.MaximumPaths), "multipaths", "ebgp")
	if slices.ContainsFunc(configs(r), func(c *fabric.SessionConfig) bool { return c.Internal }) {
		family.set(strconv.Itoa(r.MaximumPaths), "multipaths", "ibgp")
	}
	v.unset(p, "%s address-family %s multipaths", path, name)
}

// listens prints the ranges, and one limit for all of them, which by default is 100.
func (v *nvue) listens(p *part, path string, bgp *yamlTree, r *fabric.BGPRouter) {
	const most = 5000
	limit := 0
	for _, l := range r.Listens {
		limit += l.Limit
		bgp.at("dynamic-neighbor", "listen-range").add(l.Prefix.String()).set(yamlQuoted(v.groups[l.Group]), "peer-group")
		v.unset(p, "%s dynamic-neighbor listen-range %s", path, l.Prefix)
	}
	if limit == 0 {
		return
	}
	if limit > most {
		v.notes = append(v.notes, fmt.Sprintf("Up to %d nodes are planned, NVUE takes %d sessions from subnets.", limit, most))
	}
	bgp.set(strconv.Itoa(min(limit, most)), "dynamic-neighbor", "limit")
	v.unset(p, "%s dynamic-neighbor limit", path)
}

func (v *nvue) neighbors(p *part, path string, bgp *yamlTree, r *fabric.BGPRouter) {
	for _, n := range r.Neighbors {
		name, kind := n.Address.String(), "numbered"
		if n.Interface != "" {
			name, kind = fold(n.Interface, "._-", 15), "unnumbered"
		}
		neighbor := bgp.at("neighbor").add(name)
		neighbor.set(kind, "type")
		if n.Description != "" {
			neighbor.set(yamlQuoted(nvueWord(n.Description)), "description")
		}
		if n.Group != nil {
			neighbor.set(yamlQuoted(v.groups[n.Group]), "peer-group")
		}
		if n.Group == nil || n.Group.RemoteASN == 0 { // a member cannot differ from its group
			neighbor.set(fmt.Sprint(n.RemoteASN), "remote-as")
		}
		if n.Group == nil {
			v.session(neighbor, path+" neighbor "+name, r, &n.SessionConfig)
		} else if carried(&n.Group.SessionConfig, fabric.IPv4) == nil { // said again: it is on for each neighbor, too
			neighbor.set("off", "address-family", "ipv4-unicast", "enable")
		}
		v.unset(p, "%s neighbor %s", path, name)
	}
}

// session prints what a group and a neighbor can both say. IPv4 is on until it is switched off.
func (v *nvue) session(t *yamlTree, path string, r *fabric.BGPRouter, c *fabric.SessionConfig) {
	if c.UpdateSource.IsValid() {
		t.set(yamlQuoted(c.UpdateSource.String()), "update-source")
	}
	if c.TTLSecurity > 0 { // FRR refuses both on one neighbor
		t.set("on", "ttl-security", "enable")
		t.set(strconv.Itoa(c.TTLSecurity), "ttl-security", "hops")
	} else if c.Multihop > 0 {
		t.set(strconv.Itoa(c.Multihop), "multihop-ttl")
	}
	if keepalive, hold, ok := timers(c); ok {
		t.set(strconv.Itoa(keepalive), "timers", "keepalive")
		t.set(strconv.Itoa(hold), "timers", "hold")
	}
	if c.BFD {
		t.set("on", "bfd", "enable")
	}
	if !r.GracefulRestart {
		t.set("off", "graceful-restart", "mode")
	}
	if c.Password != nil {
		v.notes = append(v.notes,
			fmt.Sprintf("Key %s of Secret %s:", nvueWord(c.Password.Key), nvueWord(c.Password.Secret)),
			fmt.Sprintf("  nv set %s password <...>", path))
	}
	if carried(c, fabric.IPv4) == nil {
		t.set("off", "address-family", "ipv4-unicast", "enable")
	}
	for _, f := range c.Families {
		v.carried(t.at("address-family", afWord(f.Family)+"-unicast"), f)
	}
}

// carried prints what a session carries of a family.
func (v *nvue) carried(t *yamlTree, c *fabric.FamilyConfig) {
	t.set("on", "enable")
	t.set(yamlQuoted(nvueWord(c.In.Name)), "policy", "inbound", "route-map")
	t.set(yamlQuoted(nvueWord(c.Out.Name)), "policy", "outbound", "route-map")
	if c.MaxPrefixes > 0 {
		t.set(strconv.Itoa(c.MaxPrefixes), "prefix-limits", "inbound", "maximum")
		t.set(strconv.Itoa(c.WarnPercent), "prefix-limits", "inbound", "warning-threshold")
		t.set(strconv.Itoa(60*c.RestartMinutes), "prefix-limits", "inbound", "reestablish-wait")
	}
	if c.ASOverride {
		t.set("on", "aspath", "replace-peer-as")
	}
	if c.ReflectorClient {
		t.set("on", "route-reflector-client")
	}
	if c.NextHopSelf { // not "force": what is reflected keeps its next hop
		t.set("self", "nexthop-setting")
	}
	if c.DefaultOriginate {
		t.set("on", "default-route-origination", "enable")
	}
}
