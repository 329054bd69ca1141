package fabric

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"

	"topoc/compiler/model"
)

// What every session of a switch gets unless the topology says otherwise.
const (
	minPaths        = 2
	unknownMaxPaths = 64 // of a switch without a dialect
	warnPercent     = 75
	restartMinutes  = 5
	minMaxPrefixes  = 1000
	loopbackTTL     = 2 // node and switch are one hop apart, a loopback is one more
	defaultLimit    = 100
	staticTag       = 179 // marks the static routes that a switch passes on by BGP
	blocksPerNode   = 20  // Calico's default limit (IPAMConfig maxBlocksPerHost)
)

// linkRouters derives the BGP part of every switch.
func (l *linker) linkRouters() {
	byName := map[*Switch][]*Session{}
	for _, s := range l.f.Sessions {
		for _, end := range []*End{&s.A, &s.B} {
			if sw, ok := end.Device.(*Switch); ok {
				byName[sw] = append(byName[sw], s)
			}
		}
	}
	owned := l.ownedRanges()
	for _, s := range l.f.Switches {
		l.needASN(s)
		taken := map[string]bool{}
		for _, vrf := range vrfsOf(byName[s], s) {
			b := &routerBuilder{linker: l, s: s, owned: owned, taken: taken, r: &BGPRouter{VRF: vrf, ASN: s.ASN}}
			for _, session := range byName[s] {
				if vrfAt(session, s) == vrf {
					b.sessions = append(b.sessions, session)
				}
			}
			s.Routers = append(s.Routers, b.build())
		}
	}
}

// needASN reports a switch that has to speak BGP and lacks its AS number or router ID.
func (l *linker) needASN(s *Switch) {
	linked := slices.ContainsFunc(s.Links, func(e *LinkEnd) bool { return e.Link.BGP })
	if len(s.Racks) == 0 && !linked {
		return
	}
	if s.Model.ASNumber == nil {
		d := l.missing(s.At(), "switch %s speaks BGP and has no AS number", s.Name).WithHint("add asNumber, as in asNumber: 65001")
		if len(s.Racks) > 0 {
			d.Note(s.Racks[0].At().Field("switches"), "rack %s peers with it", s.Racks[0].Name)
		} else {
			d.Note(s.Links[0].Link.At(), "link %s carries a session of it", s.Links[0].Link.Name)
		}
		return
	}
	if !s.RouterID.IsValid() {
		if s.RouterID = derivedRouterID(s); !s.RouterID.IsValid() {
			l.missing(s.At(), "switch %s speaks BGP and has no IPv4 address to take its router ID from", s.Name).
				WithHint("add routerID, as in routerID: \"192.0.2.1\"")
		}
	}
}

// derivedRouterID takes the loopback, else the lowest IPv4 address (RFC 6286 asks only that it be unique in the AS).
func derivedRouterID(s *Switch) netip.Addr {
	if s.Loopback.IsValid() && s.Loopback.Addr().Is4() {
		return s.Loopback.Addr()
	}
	var lowest netip.Addr
	consider := func(p netip.Prefix) {
		if p.IsValid() && (!lowest.IsValid() || p.Addr().Less(lowest)) {
			lowest = p.Addr()
		}
	}
	for _, i := range s.Interfaces {
		consider(i.Address)
	}
	for _, e := range s.Links {
		consider(e.Address)
	}
	return lowest
}

// vrfsOf returns the VRFs in which a switch has sessions, the default one first.
func vrfsOf(sessions []*Session, s *Switch) []string {
	var vrfs []string
	for _, session := range sessions {
		if v := vrfAt(session, s); !slices.Contains(vrfs, v) {
			vrfs = append(vrfs, v)
		}
	}
	slices.Sort(vrfs)
	return vrfs
}

// vrfAt is the VRF of a session at one of its switches.
func vrfAt(session *Session, s *Switch) string {
	if session.Link == nil {
		return session.VRF
	}
	for _, e := range session.Link.Ends {
		if e.Switch == s {
			return e.VRF
		}
	}
	return session.VRF
}

// routerBuilder derives one BGPRouter.
type routerBuilder struct {
	*linker
	s        *Switch
	r        *BGPRouter
	sessions []*Session // of this switch in this VRF
	owned    map[vrfKey][]PrefixEntry
	taken    map[string]bool // names of groups, lists and policies, of all VRFs
	linksTo  map[*Switch]int // with BGP; nil: not counted yet
}

// name makes a name that nothing else on the switch has.
func (b *routerBuilder) name(words ...string) string { return unique(b.taken, policyName, words...) }

func (b *routerBuilder) build() *BGPRouter {
	bgp := or(b.s.Model.BGP, model.SwitchBGP{})
	b.r.RouterID = b.s.RouterID
	b.r.GracefulRestart = or(bgp.GracefulRestart, true)
	for _, f := range []Family{IPv4, IPv6} {
		if slices.ContainsFunc(b.sessions, func(s *Session) bool { return slices.Contains(s.Carries(), f) }) {
			b.r.Families = append(b.r.Families, f)
		}
	}
	b.rackGroups(&bgp)
	b.switchNeighbors(&bgp)
	b.networks(&bgp)
	b.redistribution()
	b.paths(&bgp)
	return b.r
}

// Carries returns the families that a session carries routes of: that of its addresses, or both where it runs over link-local
// ones (RFC 8950).
func (s *Session) Carries() []Family {
	if s.Link != nil && s.Link.Unnumbered() {
		return []Family{IPv4, IPv6}
	}
	return []Family{s.Family}
}

// groupKey tells the peer groups of a rack apart: a dialect can neither mix families nor iBGP and eBGP in one.
type groupKey struct {
	rack     *Rack
	family   Family
	internal bool
}

func (b *routerBuilder) rackGroups(bgp *model.SwitchBGP) {
	members := map[groupKey][]*Session{}
	var order []groupKey
	for _, s := range b.sessions {
		if s.Kind != RackSession {
			continue
		}
		key := groupKey{s.Rack, s.Family, s.B.Internal()}
		if members[key] == nil {
			order = append(order, key)
		}
		members[key] = append(members[key], s)
	}
	slices.SortFunc(order, func(x, y groupKey) int {
		return cmp.Or(cmp.Compare(x.rack.Cluster.Name, y.rack.Cluster.Name), cmp.Compare(x.rack.Name, y.rack.Name),
			int(x.family)-int(y.family), boolInt(x.internal)-boolInt(y.internal))
	})
	for _, key := range order {
		b.rackGroup(bgp, key, members[key])
	}
}

func boolInt(v bool) int {
	if v {
		return 1
	}
	return 0
}

func (b *routerBuilder) rackGroup(bgp *model.SwitchBGP, key groupKey, sessions []*Session) {
	r := key.rack
	words := []string{r.Cluster.Name, r.Name}
	if b.r.VRF != "" {
		words = append(words, b.r.VRF)
	}
	if usual := or(r.Model.LocalASNumber, r.ASN) == b.s.ASN; key.internal && !usual {
		words = append(words, "ibgp")
	} else if usual && !key.internal {
		words = append(words, "ebgp")
	}
	g := &PeerGroup{At: r.At(), Rack: r}
	g.Internal = key.internal
	g.Keepalive, g.Hold = or(bgp.Keepalive, 0), or(bgp.Hold, 0)
	g.Password = r.Model.Password
	if numbers := asns(sessions); len(numbers) == 1 {
		g.RemoteASN = numbers[0]
	}
	if hops := or(r.Model.TTLSecurity, 0); hops > 0 {
		g.TTLSecurity = hops
	}
	if r.ByLoopback {
		g.UpdateSource = b.s.LoopbackOf(key.family)
		if !key.internal && g.TTLSecurity == 0 {
			g.Multihop = loopbackTTL
		}
	}
	suffix := key.family.number()
	g.Name = b.name(append(words, suffix)...)
	in := b.policy(key.family, append(slices.Clone(words), "in", suffix), normalize(b.fromNodes(r, key.family)))
	out := b.policy(key.family, append(slices.Clone(words), "out", suffix), normalize(b.toNodes(bgp, r, key.family)))
	derived, possible := b.rackMaxPrefixes(r, key.family)
	g.Families = []*FamilyConfig{{Family: key.family, In: in, Out: out, WarnPercent: warnPercent, RestartMinutes: restartMinutes,
		MaxPrefixes: or(bgp.MaxPrefixes, derived), DerivedPrefixes: derived, PossiblePrefixes: possible,
		ASOverride: r.Model.ASOverride && !key.internal, PeerAllowsOwnAS: or(r.Model.NumAllowedLocalASNumbers, 0) > 0 && !key.internal,
		NextHopSelf: key.internal, ReflectorClient: key.internal, DefaultOriginate: bgp.DefaultOriginate}}
	if key.internal {
		b.r.ClusterID = b.s.RouterID
	}
	b.r.Groups = append(b.r.Groups, g)
	b.members(g, sessions)
}

// members adds the neighbors of a group, or the ranges it listens on.
func (b *routerBuilder) members(g *PeerGroup, sessions []*Session) {
	for _, s := range sessions {
		if !s.Dynamic {
			neighbor := &Neighbor{Address: s.A.Address, Group: g, Session: s, Description: s.A.Device.DeviceName()}
			neighbor.RemoteASN = s.B.PeerASN
			b.r.Neighbors = append(b.r.Neighbors, neighbor)
			continue
		}
		subnet := s.ListenRange()
		if !slices.ContainsFunc(b.r.Listens, func(l *Listen) bool { return l.Prefix == subnet }) {
			b.r.Listens = append(b.r.Listens, &Listen{Prefix: subnet, Group: g, Limit: max(defaultLimit, g.Rack.Cluster.PlannedNodes)})
		}
	}
	slices.SortStableFunc(b.r.Listens, func(x, y *Listen) int { return ComparePrefix(x.Prefix, y.Prefix) })
}

// ListenRange is the subnet that a switch listens on for a dynamic session: the one the node has its address in.
func (s *Session) ListenRange() netip.Prefix {
	n, a := s.A.Device.(*Node), s.A.Address
	if p := n.Prefix(s.Family); p.Addr() == a {
		return p.Masked()
	}
	for _, nic := range n.NICs {
		for _, p := range []netip.Prefix{nic.Address, nic.Address6} {
			if p.IsValid() && p.Addr() == a {
				return p.Masked()
			}
		}
	}
	return netip.PrefixFrom(a, a.BitLen())
}

// switchNeighbors adds the sessions to other switches; each stands alone, since each may send something else.
func (b *routerBuilder) switchNeighbors(bgp *model.SwitchBGP) {
	for _, s := range b.sessions {
		if s.Kind != LinkSession {
			continue
		}
		near, far := &s.A, &s.B
		if s.A.Device != Device(b.s) {
			near, far = far, near
		}
		other := far.Device.(*Switch)
		n := &Neighbor{Address: far.Address, Session: s, Description: other.Name}
		if i := s.endOf(b.s).Interface; !far.Address.IsValid() || far.Address.IsLinkLocalUnicast() && far.Address.Is6() && i != "" {
			n.Address, n.Interface = netip.Addr{}, i
		}
		n.RemoteASN, n.Internal = near.PeerASN, near.Internal()
		n.Keepalive, n.Hold = or(bgp.Keepalive, 0), or(bgp.Hold, 0)
		theirs := or(other.Model.BGP, model.SwitchBGP{}) // what one end asks for, both must do
		n.Password = cmp.Or(bgp.Password, theirs.Password)
		n.BFD = bgp.BFD || theirs.BFD
		for _, f := range s.Carries() {
			n.Families = append(n.Families, b.switchFamily(bgp, s, other, f))
		}
		b.r.Neighbors = append(b.r.Neighbors, n)
	}
}

func (b *routerBuilder) switchFamily(bgp *model.SwitchBGP, s *Session, other *Switch, f Family) *FamilyConfig {
	suffix := f.number()
	words := []string{other.Name}
	if b.parallel(other) {
		words = append(words, s.Link.Name)
	}
	if b.r.VRF != "" {
		words = append(words, b.r.VRF)
	}
	vrf := vrfAt(s, other)
	theirs, permitted := b.sends(other, vrf, b.s), permits(bgp.Accept, "switches", f)
	derived, possible := b.switchMaxPrefixes(other, vrf, len(theirs.all[f.index()])+len(permitted), f)
	return &FamilyConfig{Family: f, WarnPercent: warnPercent, RestartMinutes: restartMinutes, NextHopSelf: s.A.Internal(),
		MaxPrefixes: or(bgp.MaxPrefixes, derived), DerivedPrefixes: derived, PossiblePrefixes: possible,
		In:  b.policy(f, append(slices.Clone(words), "in", suffix), theirs.with(permitted, f)),
		Out: b.policy(f, append(slices.Clone(words), "out", suffix), b.sends(b.s, b.r.VRF, other).with(permits(bgp.Send, "switches", f), f))}
}

// parallel reports whether more than one link leads to the other switch, so that names need the link's too.
func (b *routerBuilder) parallel(other *Switch) bool {
	if b.linksTo == nil {
		b.linksTo = map[*Switch]int{}
		for _, e := range b.s.Links {
			if e.Link.BGP {
				b.linksTo[e.Other().Switch]++
			}
		}
	}
	return b.linksTo[other] > 1
}

func (s *Session) endOf(sw *Switch) *LinkEnd {
	if s.Link.Ends[0].Switch == sw {
		return s.Link.Ends[0]
	}
	return s.Link.Ends[1]
}

// policy makes a policy that permits normalized entries and denies the rest.
func (b *routerBuilder) policy(f Family, words []string, entries []PrefixEntry) *Policy {
	p := &Policy{Name: b.name(words...), Family: f}
	if len(entries) > 0 {
		list := &PrefixList{Name: p.Name, Family: f, Entries: entries}
		b.r.PrefixLists = append(b.r.PrefixLists, list)
		p.Terms = []Term{{Seq: 10, PrefixList: list}}
	}
	b.r.Policies = append(b.r.Policies, p)
	return p
}

// networks originates the subnets of the interfaces and the loopback, where there is a switch to tell them to.
func (b *routerBuilder) networks(bgp *model.SwitchBGP) {
	if slices.ContainsFunc(b.r.Neighbors, func(n *Neighbor) bool { return n.Group == nil }) {
		b.r.Networks = advertisedNetworks(b.s, b.r.VRF)
	}
}

// redistribution passes static routes on to other switches, by tag.
func (b *routerBuilder) redistribution() {
	for _, f := range []Family{IPv4, IPv6} {
		if !slices.ContainsFunc(b.r.Neighbors, func(n *Neighbor) bool {
			return slices.ContainsFunc(n.Families, func(c *FamilyConfig) bool { return n.Group == nil && c.Family == f })
		}) {
			continue // no switch to tell them to
		}
		found := false
		for _, r := range b.s.Statics {
			if r.VRF == b.r.VRF && FamilyOf(r.Prefix.Addr()) == f {
				r.Tag, found = staticTag, true
			}
		}
		if found {
			words := append([]string{"static"}, f.number())
			if b.r.VRF != "" {
				words = append(words, b.r.VRF)
			}
			p := &Policy{Name: b.name(words...), Family: f, Terms: []Term{{Seq: 10, Tag: staticTag}}}
			b.r.Policies = append(b.r.Policies, p)
			b.r.Redistribute = append(b.r.Redistribute, &Redistribution{Family: f, Policy: p})
		}
	}
}

// paths derives how many equal-cost paths the router uses: the most sessions over which one prefix can come.
func (b *routerBuilder) paths(bgp *model.SwitchBGP) {
	most, differ := b.widest()
	b.r.PossiblePaths, b.r.RelaxASPath = most, differ
	b.r.WantedPaths = 1 << bits.Len(uint(max(most, minPaths)-1))
	limit := unknownMaxPaths
	if d := b.s.Dialect; d != nil {
		limit = d.SafePaths
	}
	b.r.MaximumPaths = min(b.r.WantedPaths, limit)
	if bgp.MaximumPaths != nil {
		b.r.MaximumPaths, b.r.WantedPaths = *bgp.MaximumPaths, *bgp.MaximumPaths
	}
}
