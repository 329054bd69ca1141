package fabric

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/source"
)

// Need is something that a switch is asked and its dialect cannot express.
type Need struct {
	At       source.Path // what asks for it
	Feature  Feature     // the ability it takes; 0 where it is no ability but a limit or a form
	Longest  int         // characters that a name may have, where At names one that is longer; 0: no name is too long
	Message  string      // the finding, from the dialect's name on: "comware has no sessions over links without addresses"
	Dialects []string    // those that can, sorted
}

// Unsupported returns everything that the topology asks of a switch and its dialect cannot express, sorted by path, then
// message, each once. What was only derived is not among it: a default that a dialect cannot reach is lowered to its limit.
// Nothing is asked of a switch that isn't managed, nor of one without a known dialect.
func Unsupported(s *Switch) []Need {
	if s.Dialect == nil || !s.Managed {
		return nil
	}
	n := &needs{s: s}
	n.interfaces()
	n.paths()
	n.timers()
	n.vrfs()
	for _, r := range s.Routers {
		n.router(r)
	}
	if len(s.Statics) > 0 {
		n.feature(s.Statics[0].At, FeatureStaticRoutes)
	}
	slices.SortFunc(n.found, func(a, b Need) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Message, b.Message)) })
	return slices.CompactFunc(n.found, func(a, b Need) bool { return a.At == b.At && a.Message == b.Message })
}

// needs collects what a dialect cannot do.
type needs struct {
	s     *Switch
	found []Need
}

// feature reports an ability that the dialect lacks.
func (n *needs) feature(at source.Path, f Feature) {
	if !n.s.Dialect.Has(f) {
		n.add(at, f, func(d *Dialect) bool { return d.Has(f) }, "has no %s", f)
	}
}

func (n *needs) add(at source.Path, f Feature, can func(*Dialect) bool, format string, args ...any) {
	able := dialectsWhere(can)
	message := n.s.Dialect.Name + " " + fmt.Sprintf(format, args...)
	n.found = append(n.found, Need{At: at, Feature: f, Message: message, Dialects: able})
}

// interfaces reports interface names that aren't of the dialect's form.
func (n *needs) interfaces() {
	check := func(at source.Path, name string) {
		if name != "" && !n.s.Dialect.Interfaces().MatchString(name) {
			n.add(at, 0, func(d *Dialect) bool { return d.Interfaces().MatchString(name) }, "has no interface of the name %q", name)
		}
	}
	for _, i := range n.s.Interfaces {
		check(i.At(), i.Name)
	}
	for _, e := range n.s.Links {
		check(e.At().Field("interface"), e.Interface)
	}
}

// paths reports more equal-cost paths than any platform takes, where the user wrote them.
func (n *needs) paths() {
	b := n.s.Model.BGP
	if b == nil || b.MaximumPaths == nil || *b.MaximumPaths <= n.s.Dialect.MaxPaths {
		return
	}
	wanted := *b.MaximumPaths
	n.add(n.s.At().Fields("bgp", "maximumPaths"), 0, func(d *Dialect) bool { return d.MaxPaths >= wanted },
		"uses at most %d equal-cost paths, not %d", n.s.Dialect.MaxPaths, wanted)
}

// timers reports a hold time that the dialect does not take. Where only the keepalive interval is written, three of them make it.
func (n *needs) timers() {
	b, longest := n.s.Model.BGP, n.s.Dialect.MaxHold
	if b == nil || longest == 0 {
		return
	}
	field, hold := "hold", or(b.Hold, 0)
	if b.Hold == nil {
		field, hold = "keepalive", 3*or(b.Keepalive, 0)
	}
	if hold > longest {
		n.add(n.s.At().Fields("bgp", field), 0, func(d *Dialect) bool { return d.MaxHold == 0 || d.MaxHold >= hold },
			"takes a hold time of at most %d seconds, not %d", longest, hold)
	}
}

// vrfs reports VRFs where the dialect has none, or none of such a name. Their names are the only ones that a snippet takes from the
// user; those of groups, lists and policies are made to fit: see maxPolicyName.
func (n *needs) vrfs() {
	check := func(at source.Path, name string) {
		switch d := n.s.Dialect; {
		case name == "":
		case !d.Has(FeatureVRF):
			n.feature(at, FeatureVRF)
		case len(name) > d.MaxVRF:
			n.add(at, 0, func(d *Dialect) bool { return d.MaxVRF >= len(name) },
				"takes names of VRFs of at most %d characters, %q has %d", d.MaxVRF, name, len(name))
			n.found[len(n.found)-1].Longest = d.MaxVRF
		case !strings.HasPrefix(name, d.VRFPrefix):
			n.add(at, 0, func(d *Dialect) bool { return d.Has(FeatureVRF) && strings.HasPrefix(name, d.VRFPrefix) },
				"takes names of VRFs that begin with %q, not %q", d.VRFPrefix, name)
		}
	}
	check(n.s.At().Field("vrf"), n.s.VRF)
	for _, i := range n.s.Interfaces {
		if i.VRF != n.s.VRF {
			check(i.At().Field("vrf"), i.VRF)
		}
	}
	for _, e := range n.s.Links {
		if e.VRF != n.s.VRF {
			check(e.At().Field("vrf"), e.VRF)
		}
	}
}

// router reports what the sessions of one VRF ask for.
func (n *needs) router(r *BGPRouter) {
	bgp := n.s.At().Field("bgp")
	if b := n.s.Model.BGP; b != nil && b.GracefulRestart != nil {
		feature := FeatureGracefulRestartOff
		if *b.GracefulRestart {
			feature = FeatureGracefulRestart
		}
		n.feature(bgp.Field("gracefulRestart"), feature)
	}
	if slices.Contains(r.Families, IPv6) {
		n.feature(n.s.At(), FeatureIPv6)
	}
	for _, g := range r.Groups {
		n.session(&g.SessionConfig, g.At)
	}
	for _, l := range r.Listens {
		at := l.Group.At
		if b := n.s.Model.BGP; b != nil && b.DynamicNeighbors {
			at = bgp.Field("dynamicNeighbors")
		}
		n.feature(at, FeatureDynamicNeighbors)
		if n.s.Dialect.ListensIP4 && l.Prefix.Addr().Is6() {
			n.add(at, FeatureDynamicNeighbors, func(d *Dialect) bool { return d.Has(FeatureDynamicNeighbors) && !d.ListensIP4 },
				"has no dynamic neighbors over IPv6")
		}
		if l.Group.Password != nil && n.s.Dialect.Has(FeatureDynamicNeighbors|FeaturePassword) {
			n.feature(l.Group.At.Field("password"), FeatureDynamicPasswords)
		}
		if l.Group.RemoteASN == 0 && n.s.Dialect.Has(FeatureDynamicNeighbors) {
			n.feature(l.Group.At, FeatureDynamicASNumbers)
		}
		overrides := slices.ContainsFunc(l.Group.Families, func(f *FamilyConfig) bool { return f.ASOverride })
		if overrides && n.s.Dialect.Has(FeatureDynamicNeighbors|FeatureASOverride) {
			n.feature(l.Group.At.Field("asOverride"), FeatureDynamicASOverride)
		}
	}
	for _, b := range r.Neighbors {
		if b.Group != nil {
			continue
		}
		n.session(&b.SessionConfig, bgp)
		if b.Interface != "" {
			n.feature(b.Session.At, FeatureUnnumbered)
		}
	}
}

// session reports what one group or neighbor asks for; at is the declaration whose fields say so: a rack, or a switch's bgp.
func (n *needs) session(c *SessionConfig, at source.Path) {
	type ask struct {
		is bool
		at source.Path
		f  Feature
	}
	asks := []ask{
		{c.BFD, at.Field("bfd"), FeatureBFD},
		{c.TTLSecurity > 0, at.Field("ttlSecurity"), FeatureTTLSecurity},
		{c.UpdateSource.IsValid(), at.Field("session"), FeatureLoopbackSession},
		{c.Password != nil, at.Field("password"), FeaturePassword},
		{slices.ContainsFunc(c.Families, func(f *FamilyConfig) bool { return f.PeerAllowsOwnAS }), at.Field("numAllowedLocalASNumbers"), FeaturePeerASN},
		{c.Keepalive > 0 && c.Hold > 0 && c.Hold != 3*c.Keepalive, n.s.At().Fields("bgp", "keepalive"), FeatureKeepalive},
		{c.TTLSecurity > 0 && c.Internal && n.s.Dialect.Has(FeatureTTLSecurity), at.Field("ttlSecurity"), FeatureInternalTTLSecurity},
	}
	for _, f := range c.Families {
		asks = append(asks,
			ask{f.ASOverride, at.Field("asOverride"), FeatureASOverride},
			ask{f.ReflectorClient, n.s.At().Field("asNumber"), FeatureReflector},
			ask{f.DefaultOriginate, n.s.At().Fields("bgp", "defaultOriginate"), FeatureDefaultOriginate},
			ask{f.DefaultOriginate && !permitsDefaultOnly(f.Out) && n.s.Dialect.Has(FeatureDefaultOriginate),
				n.s.At().Fields("bgp", "defaultOriginate"), FeatureDefaultBesideRoutes})
	}
	for _, a := range asks {
		if a.is {
			n.feature(a.at, a.f)
		}
	}
	if most := n.s.Dialect.MaxTTLHops; most > 0 && c.TTLSecurity > most && n.s.Dialect.Has(FeatureTTLSecurity) {
		n.add(at.Field("ttlSecurity"), 0, func(d *Dialect) bool {
			return d.Has(FeatureTTLSecurity) && (d.MaxTTLHops == 0 || d.MaxTTLHops >= c.TTLSecurity)
		}, "has TTL security over at most %d hops, not %d", most, c.TTLSecurity)
	}
}

// permitsDefaultOnly reports whether a policy permits a default route and nothing else.
func permitsDefaultOnly(p *Policy) bool {
	return p != nil && !slices.ContainsFunc(p.Terms, func(t Term) bool {
		return t.PrefixList == nil || slices.ContainsFunc(t.PrefixList.Entries, func(e PrefixEntry) bool {
			_, high := e.Lengths()
			return high > 0
		})
	})
}
