package oracle

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/projectcalico/api/pkg/lib/numorstring"

	"topoc/compiler/calico"
)

// filter is a BGPFilter, the rules of both families in one list: those of the other family never match.
type filter struct{ imports, exports []rule }

// rule is one rule of a BGPFilter. Conditions that are zero match everything.
type rule struct {
	isIPv4      bool
	cidr        netip.Prefix
	operator    string
	minBits     int
	maxBits     int // 0: no bounds on the length
	remoteOnly  bool
	iface       string
	peerType    string
	community   *community
	asPrefix    []uint32
	priority    *int
	operations  []calico.FilterOperation
	isAccepting bool
}

// verdict is what a filter says of a route.
type verdict uint8

const (
	undecided verdict = iota
	accepted
	refused
)

// judged is a route as the rules see it. Operations change its attributes.
type judged struct {
	prefix     netip.Prefix
	attributes *attributes
	session    *session
	isLearned  bool
	iface      string
}

func readFilter(o *calico.BGPFilter) *filter {
	f := &filter{}
	four := func(rules []calico.BGPFilterRuleV4) []rule {
		var all []rule
		for i := range rules {
			r := &rules[i]
			made := newRule(string(r.Action), r.CIDR, string(r.MatchOperator), string(r.Source), r.Interface, &r.NewerRule)
			made.isIPv4 = true
			if l := r.PrefixLength; l != nil {
				made.bound(l.Min, l.Max)
			}
			all = append(all, made)
		}
		return all
	}
	six := func(rules []calico.BGPFilterRuleV6) []rule {
		var all []rule
		for i := range rules {
			r := &rules[i]
			made := newRule(string(r.Action), r.CIDR, string(r.MatchOperator), string(r.Source), r.Interface, &r.NewerRule)
			if l := r.PrefixLength; l != nil {
				made.bound(l.Min, l.Max)
			}
			all = append(all, made)
		}
		return all
	}
	f.imports = slices.Concat(four(o.Spec.ImportV4), six(o.Spec.ImportV6))
	f.exports = slices.Concat(four(o.Spec.ExportV4), six(o.Spec.ExportV6))
	return f
}

func newRule(action, cidr, operator, source, iface string, newer *calico.NewerRule) rule {
	r := rule{operator: operator, remoteOnly: source == "RemotePeers", iface: iface, isAccepting: action == "Accept",
		peerType: newer.PeerType, asPrefix: numbers(newer.ASPathPrefix), priority: newer.Priority, operations: newer.Operations}
	for _, p := range appendPrefix(nil, cidr) {
		r.cidr = p
	}
	if newer.Communities != nil {
		for _, text := range newer.Communities.Values {
			if c, ok := parseCommunity(text); ok {
				r.community = &c
			}
		}
	}
	return r
}

// bound adds the bounds on the prefix length: from that of the range to that of an address, where they are not given.
func (r *rule) bound(low, high *int32) {
	if !r.cidr.IsValid() {
		return
	}
	r.minBits, r.maxBits = r.cidr.Bits(), r.cidr.Addr().BitLen()
	if low != nil {
		r.minBits = int(*low)
	}
	if high != nil {
		r.maxBits = int(*high)
	}
}

func numbers(from []numorstring.ASNumber) []uint32 {
	var all []uint32
	for _, n := range from {
		all = append(all, uint32(n))
	}
	return all
}

// judge finds the first rule that matches.
func (f *filter) judge(rules []rule, j *judged) verdict {
	for i := range rules {
		r := &rules[i]
		if !r.matches(j) {
			continue
		}
		if !r.isAccepting {
			return refused
		}
		for _, op := range r.operations {
			j.apply(op)
		}
		return accepted
	}
	return undecided
}

func (r *rule) matches(j *judged) bool {
	peerType := "eBGP"
	if j.session.isInternal {
		peerType = "iBGP"
	}
	switch {
	case r.isIPv4 != j.prefix.Addr().Is4(), !r.matchesRange(j.prefix):
		return false
	case r.remoteOnly && !j.isLearned:
		return false
	case r.iface != "" && !matchesInterface(r.iface, j.iface):
		return false
	case r.peerType != "" && r.peerType != peerType:
		return false
	case r.community != nil && !slices.Contains(j.attributes.communities, *r.community):
		return false
	case r.priority != nil && int64(j.attributes.localPref) != maxPriority-int64(*r.priority):
		return false
	}
	path := j.attributes.asPath
	return len(path) >= len(r.asPrefix) && slices.Equal(path[:len(r.asPrefix)], r.asPrefix)
}

func (r *rule) matchesRange(p netip.Prefix) bool {
	if !r.cidr.IsValid() {
		return true
	}
	isInside, isEqual := within(p, r.cidr), p == r.cidr
	if r.maxBits > 0 {
		inBounds := r.minBits <= p.Bits() && p.Bits() <= r.maxBits
		isInside, isEqual = isInside && inBounds, false // of a prefix and a set of prefixes BIRD says that they differ
	}
	switch r.operator {
	case "Equal":
		return isEqual
	case "NotEqual":
		return !isEqual
	case "NotIn":
		return !isInside
	}
	return isInside
}

// matchesInterface compares a name with a pattern in which * stands for any text.
func matchesInterface(pattern, name string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "_"), strings.ReplaceAll(name, "/", "_"))
	return err == nil && ok
}

// apply changes an accepted route. Slices are shared with other routes, so they are replaced.
func (j *judged) apply(op calico.FilterOperation) {
	a := j.attributes
	switch {
	case op.AddCommunity != nil:
		if c, ok := parseCommunity(op.AddCommunity.Value); ok {
			a.add(c)
		}
	case op.PrependASPath != nil:
		a.asPath = slices.Concat(numbers(op.PrependASPath.Prefix), a.asPath)
	case op.SetPriority != nil:
		a.localPref = uint32(maxPriority - op.SetPriority.Value)
	}
}

// add adds a community that isn't there yet, and keeps them sorted.
func (a *attributes) add(c community) {
	if slices.Contains(a.communities, c) {
		return
	}
	a.communities = slices.Concat(a.communities, []community{c})
	slices.SortFunc(a.communities, func(x, y community) int {
		if x.large != y.large {
			return compareBool(x.large, y.large)
		}
		return slices.Compare(x.parts[:], y.parts[:])
	})
}

// exportFilter is Calico's export filter (bird_ipam.cfg.template, calico_export_to_bgp_peers) for one protocol.
func (s *session) exportFilter(r *route, p netip.Prefix, a *attributes) bool {
	n := s.owner.node
	metric := uint32(0)
	if n.atLeast(32, 0) {
		if r.in == nil {
			metric = normalPriority // BIRD's static routes have none
			if r.source == fromKernel {
				metric = r.kernelMetric
			}
			a.localPref = maxPriority - metric
		} else {
			metric = maxPriority - a.localPref
		}
	}
	for _, f := range s.peering.filters {
		switch f.judge(f.exports, &judged{prefix: p, attributes: a, session: s, isLearned: r.in != nil, iface: r.iface}) {
		case refused:
			return false
		case accepted:
			return true
		}
	}
	if slices.ContainsFunc(n.pools, func(o *pool) bool { return o.disableBGPExport && within(p, o.cidr) }) {
		return false
	}
	if s.hidesTunnels() && n.isTunnel(r.iface) {
		return false
	}
	for _, adv := range n.advertisements {
		if adv.cidr.IsValid() && within(p, adv.cidr) {
			for _, c := range adv.communities {
				a.add(c)
			}
		}
	}
	for _, b := range n.blocks {
		if b == p {
			return true
		}
		if within(p, b) {
			return n.atLeast(32, 0) && metric < normalPriority
		}
	}
	return isIn(p, n.services) || n.reflectsRange(p) ||
		slices.ContainsFunc(n.pools, func(o *pool) bool { return !o.disableBGPExport && within(p, o.cidr) })
}

// hidesTunnels reports whether routes out of tunnels are kept from the peer: from internal ones since 3.27. Up to 3.31 every
// peer of the mesh counts as internal.
func (s *session) hidesTunnels() bool {
	n := s.owner.node
	return n.atLeast(27, 0) && (s.isInternal || s.peering.isMesh && !n.atLeast(32, 0))
}

func (n *nodeRules) isTunnel(iface string) bool {
	return strings.HasSuffix(iface, ".cali") || strings.HasSuffix(iface, ".calico") ||
		iface == "tunl0" && n.atLeast(33, 0) && !n.birdPrograms(ipip)
}

// reflectsRange reports whether a reflector passes on what lies in its service ranges though it announces none of it.
func (n *nodeRules) reflectsRange(p netip.Prefix) bool {
	if n.clusterID == 0 {
		return false
	}
	return n.atLeast(27, 3) && isIn(p, n.loadBalancers) || n.atLeast(33, 0) && isIn(p, n.externalIPs)
}
