package simulate

import (
	"net/netip"
	"slices"
	"strings"
	"sync"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// direction is which way routes go, seen from the end that judges them.
type direction uint8

const (
	imports direction = iota
	exports
)

// peerType says whether a session is within an AS, in the words of BGPFilter.
type peerType string

const (
	internalPeer peerType = "iBGP"
	externalPeer peerType = "eBGP"
)

// peerType judges a session as Calico does: by the AS that it expects.
func (s *Session) peerType() peerType {
	if s.LocalASN == s.PeerASN {
		return internalPeer
	}
	return externalPeer
}

// newPolicies returns what a session's own end does to routes of one family. nil: everything passes.
func newPolicies(s *Session, f fabric.Family) (imp, exp bgp.Policy) {
	switch {
	case s.Part.rules != nil:
		return newNodePolicies(s, f)
	case s.Part.Switch != nil:
		return newSwitchPolicies(s, f)
	}
	return nil, silence{}
}

// silence is the export policy of speakers outside the topology: what they announce nobody knows, so nothing is predicted of
// it, not even that they tell on what they hear.
type silence struct{}

// Decisions implements bgp.Policy.
func (silence) Decisions(all []*bgp.Destination) []bgp.Decision {
	return slices.Repeat([]bgp.Decision{bgp.Reject}, len(all))
}

// Decide implements bgp.Policy.
func (silence) Decide(*bgp.Destination, *bgp.Route) bool { return false }

// mentioner is a policy that tells which prefixes it goes by.
type mentioner interface {
	// mentions calls visit with every prefix that judges what lies in it differently from what does not, some of them more
	// than once, and those that begin outside of a range of addresses as it likes. Policies that share what they mention tell
	// it through the same key, which visited remembers.
	mentions(visited map[any]bool, within addressRange, visit func(netip.Prefix))
}

// explainer is a policy that tells why.
type explainer interface {
	explain(d *bgp.Destination, r bgp.Route) (rule string, at source.Path)
}

// explainPolicy tells which rule of a policy accepts or drops a route, as it came in, and where that is declared. It is empty
// for a nil policy, and the path where nobody declared the rule.
func explainPolicy(p bgp.Policy, d *bgp.Destination, r *bgp.Route) (rule string, at source.Path) {
	if e, ok := p.(explainer); ok {
		return e.explain(d, *r)
	}
	return "", ""
}

// nodePolicy is the import or export filter of sessions of the nodes of a part.
type nodePolicy struct {
	filter *birdFilter
	part   *Part
	family int // index
	dir    direction
}

func newNodePolicies(s *Session, f fabric.Family) (imp, exp bgp.Policy) {
	rules := s.Part.rules
	key := rules.filterKey(s, f)
	index := familyIndex(f)
	learned := key
	learned.iface = s.outInterface()
	if filter := rules.birdFilter(learned, imports); len(filter.statements) > 0 {
		imp = rules.policy(nodePolicy{filter, s.Part, index, imports})
	}
	return imp, rules.policy(nodePolicy{rules.birdFilter(key, exports), s.Part, index, exports})
}

// outInterface is the interface that a session of nodes runs over, and that what is learned by it mostly leads out of.
func (s *Session) outInterface() string {
	n := s.Part.Nodes[0]
	for _, nic := range n.NICs {
		if a := memberOf(s.local, 0); nic.Address.Addr() == a || nic.Address6.Addr() == a {
			return nic.Name
		}
	}
	return n.Interface
}

// Decisions implements bgp.Policy. The slice may be shared.
func (p *nodePolicy) Decisions(all []*bgp.Destination) []bgp.Decision {
	learned := scope{sources: sourcesOf(bgp.FromBGP), raises: p.raises()}
	base := p.filter.judge(all, learned)
	if p.dir == imports {
		return base
	}
	decisions := base
	for _, i := range p.part.rules.originated(all, p.part.speakers[p.family]) {
		d := all[i]
		local := p.localSources(d)
		if &decisions[0] == &base[0] {
			decisions = slices.Clone(base)
		}
		decisions[i] = p.filter.decide(d.Prefix, scope{learned.sources | local, learned.raises})
	}
	return decisions
}

// Decide implements bgp.Policy.
func (p *nodePolicy) Decide(d *bgp.Destination, r *bgp.Route) bool {
	_, accepted := p.filter.run(d.Prefix, r)
	return accepted
}

// localSources is the ways in which the part's members come by a destination themselves.
func (p *nodePolicy) localSources(d *bgp.Destination) sourceSet {
	var set sourceSet
	for i := range d.Origins {
		if o := &d.Origins[i]; o.Speaker == p.part.speakers[p.family] {
			set |= sourcesOf(o.Source)
		}
	}
	return set
}

func (p *nodePolicy) raises() bool {
	d := p.part.domains[p.family]
	return d == nil || d.raises
}

func (p *nodePolicy) mentions(visited map[any]bool, _ addressRange, visit func(netip.Prefix)) {
	if visited[p.filter] {
		return
	}
	visited[p.filter] = true
	for i := range p.filter.statements {
		if cidr := p.filter.statements[i].prefix.cidr; cidr.IsValid() {
			visit(cidr)
		}
	}
}

func (p *nodePolicy) explain(d *bgp.Destination, r bgp.Route) (rule string, at source.Path) {
	st, _ := p.filter.run(d.Prefix, &r)
	if st != nil {
		return st.name, st.at
	}
	if p.dir == imports {
		return "Calico takes what no BGPFilter rejects", ""
	}
	c := p.part.rules.cluster
	at = c.At()
	if len(c.Model.IPPools) > 0 {
		at = at.Field("ipPools")
	}
	return "no IPPool of " + c.Name + " covers " + d.Prefix.String(), at
}

// judged remembers what a filter says of routes learned by BGP: most destinations are nobody's own at most nodes.
type judged struct {
	mu        sync.Mutex
	of        []*bgp.Destination
	decisions []bgp.Decision
}

// judge decides all destinations for one scope, that of learned routes. The slice is shared, do not modify.
func (f *birdFilter) judge(all []*bgp.Destination, s scope) []bgp.Decision {
	f.judged.mu.Lock()
	defer f.judged.mu.Unlock()
	if len(all) > 0 && len(all) == len(f.judged.of) && all[0] == f.judged.of[0] {
		return f.judged.decisions
	}
	decisions := make([]bgp.Decision, len(all))
	for i, d := range all {
		decisions[i] = f.decide(d.Prefix, s)
	}
	f.judged.of, f.judged.decisions = all, decisions
	return decisions
}

// origins remembers who brings in which destinations.
type origins struct {
	of []*bgp.Destination
	by map[*bgp.Speaker][]int
}

// originated returns which destinations a speaker brings in, ascending, some more than once. Shared, do not modify.
func (r *clusterRules) originated(all []*bgp.Destination, s *bgp.Speaker) []int {
	r.compiled.mu.Lock()
	defer r.compiled.mu.Unlock()
	known := &r.compiled.origins
	if known.by == nil || len(all) != len(known.of) || len(all) > 0 && all[0] != known.of[0] {
		*known = origins{all, map[*bgp.Speaker][]int{}}
		for i, d := range all {
			for k := range d.Origins {
				by := d.Origins[k].Speaker
				known.by[by] = append(known.by[by], i)
			}
		}
	}
	return known.by[s]
}

// filterKey is all that the filters of a session depend on. Equal keys have equal filters.
type filterKey struct {
	family           fabric.Family
	dir              direction
	peer             peerType
	isMesh, reflects bool
	isExcluded       bool
	filters          string // names, one on each line
	iface            string // main interface of the nodes
	apart            *Part  // that announces local services, lends addresses, or has a BGPConfiguration of its own; nil: like others
}

func (r *nodeRules) filterKey(s *Session, f fabric.Family) filterKey {
	key := filterKey{family: f, peer: s.peerType(), isMesh: s.peer == nil, reflects: r.clusterID != 0, isExcluded: r.isExcluded,
		iface: s.Part.Nodes[0].Interface}
	if s.peer != nil && r.version.AtLeast(fabric.Version{Major: 3, Minor: 26}) {
		key.filters = strings.Join(s.peer.filters, "\n")
	}
	if n := s.Part.Nodes[0]; len(n.Model.LocalServices) > 0 || r.own != nil || r.allocations().lenders[n] {
		key.apart = s.Part
	}
	return key
}

// birdFilter returns the filter of a key in one direction, made when it is needed first.
func (r *clusterRules) birdFilter(key filterKey, dir direction) *birdFilter {
	key.dir = dir
	r.compiled.mu.Lock()
	defer r.compiled.mu.Unlock()
	filter := r.compiled.filters[key]
	if filter == nil {
		filter = r.newBirdFilter(key)
		if r.compiled.filters == nil {
			r.compiled.filters = map[filterKey]*birdFilter{}
		}
		r.compiled.filters[key] = filter
	}
	return filter
}

// policy returns the one policy that is equal to p: sessions that share it are judged once.
func (r *clusterRules) policy(p nodePolicy) *nodePolicy {
	r.compiled.mu.Lock()
	defer r.compiled.mu.Unlock()
	if r.compiled.policies == nil {
		r.compiled.policies = map[nodePolicy]*nodePolicy{}
	}
	known := r.compiled.policies[p]
	if known == nil {
		known = &p
		r.compiled.policies[p] = known
	}
	return known
}

// compiledFilters is the filters and policies of a cluster's nodes, each once.
type compiledFilters struct {
	mu       sync.Mutex
	filters  map[filterKey]*birdFilter
	origins  origins
	policies map[nodePolicy]*nodePolicy
}
