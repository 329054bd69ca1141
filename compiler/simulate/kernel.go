package simulate

import (
	"encoding/binary"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// programmer turns what BGP speakers of one domain know into what they have in their kernels. Equal actions are one pointer.
// Not safe for concurrent use.
type programmer struct {
	domain   *domain
	resolver *resolver
	classes  map[classKey]kernelClass
	known    map[string]*action // by what decides them
	key      []byte             // scratch
	peers    []*bgp.Hop         // by speaker of nodes: the node addresses that Felix sends to; nil: none is known
}

func newProgrammer(d *domain, r *resolver) *programmer {
	k := &programmer{domain: d, resolver: r, classes: map[classKey]kernelClass{}, known: map[string]*action{},
		peers: make([]*bgp.Hop, len(d.parts))}
	for _, h := range d.network.Hops {
		if h.Speaker == nil || k.peers[h.Speaker.Index] != nil {
			continue
		}
		if p := d.parts[h.Speaker.Index]; p.Nodes != nil && h.Addrs[0] == p.Nodes[0].Addr(d.family) {
			k.peers[h.Speaker.Index] = h
		}
	}
	return k
}

// route is what a speaker has of a destination: its best path, and the next hops in use.
type route struct {
	best   *bgp.Path  // nil: none
	used   []bgp.Path // the best one and those beside it
	reason bgp.Reason // without a best one: why the offer that got furthest did not get in
	end    *bgp.End   // at which it did not; nil: there was no offer
}

// action is what a slot does with packets to a destination.
func (k *programmer) action(d *destination, slot int, r route) *action {
	p := d.part(slot)
	k.begin(d, slot, p)
	k.addPaths(r)
	if known, ok := k.known[string(k.key)]; ok {
		return known
	}
	act := k.decide(d, slot, p, r)
	k.known[string(k.key)] = act
	return act
}

// begin writes the first half of the key: what the destination is to the part.
func (k *programmer) begin(d *destination, slot int, p *Part) {
	c := k.class(d, p)
	k.key = binary.AppendUvarint(k.key[:0], uint64(p.Index))
	k.key = append(k.key, byte(c.rule), byte(d.kind), flag(p.Nodes != nil && k.isOrigin(d, slot, p)), flag(d.cluster == p.Cluster),
		flag(d.Prefix.IsSingleIP()))
	k.key = binary.AppendVarint(k.key, int64(c.pool))
	k.key = append(k.key, flag(d.Owner != nil))
	if d.Owner != nil {
		k.key = binary.AppendUvarint(k.key, uint64(d.Owner.Index))
	}
	if c.rule == ofGround || c.rule == byFelix || p.Switch != nil {
		k.key = binary.AppendUvarint(k.key, uint64(d.Index)) // depends on the prefix, or on who has it
	}
}

// addPaths writes the second half: what decides of the routes.
func (k *programmer) addPaths(r route) {
	if r.best == nil {
		k.key = append(k.key, 0, byte(r.reason))
		if r.end != nil {
			k.key = binary.AppendUvarint(k.key, uint64(r.end.Index))
		}
		return
	}
	b := r.best
	k.key = append(k.key, 1, byte(b.Source), flag(b.Origination >= 0), flag(b.Metric == bgp.Unreachable))
	k.key = binary.LittleEndian.AppendUint32(k.key, b.LocalPref)
	k.addHop(b)
	for i := range r.used {
		k.addHop(&r.used[i])
	}
}

func (k *programmer) addHop(p *bgp.Path) {
	k.key = binary.AppendVarint(k.key, int64(p.NextHop.Hop))
	k.key = binary.AppendVarint(append(k.key, byte(p.NextHop.Who)), int64(p.Count))
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (k *programmer) decide(d *destination, slot int, p *Part, r route) *action {
	act := action{best: r.best != nil, reason: r.reason, end: r.end}
	switch {
	case p.Nodes != nil:
		k.atNode(&act, d, slot, p, r)
	case p.Switch != nil:
		k.atSwitch(&act, d, p, r)
	case r.best != nil && r.best.Origination < 0:
		k.forward(&act, d, p, r) // outside the topology
	case r.best != nil:
		act.kind = deliver
	}
	return &act
}

// forward makes the action send over the next hops of a route, as far as they resolve: each gateway once, at the lowest of
// the next hops behind it. It reports whether any does.
func (k *programmer) forward(act *action, d *destination, p *Part, r route) bool {
	speaker := p.speakers[familyIndex(k.domain.family)]
	for i := range r.used {
		via := r.used[i].NextHop
		if via.Hop < 0 {
			continue
		}
		of := k.domain.network.Hops[via.Hop]
		w := k.resolver.way(speaker, of)
		h := hop{NextHop: via, isUnknown: w.isUnknown}
		if n := r.used[i].Count; int(n) < k.width(h, d, p) {
			h.count = n
		}
		switch {
		case w.metric == bgp.Unreachable:
		case w.gateways != nil || w.links != nil:
			for _, h.gateway = range w.gateways {
				act.add(h)
			}
			for _, link := range w.links {
				act.add(link)
			}
		default:
			act.add(h)
		}
	}
	if len(act.hops) == 0 {
		return false
	}
	act.kind = forward
	return true
}

// add adds a next hop, unless another one is through the same gateway.
func (a *action) add(h hop) {
	isThere := func(o hop) bool {
		if h.gateway.IsValid() || h.isUnknown {
			return o.gateway == h.gateway && o.isUnknown == h.isUnknown
		}
		return o == h
	}
	if !slices.ContainsFunc(a.hops, isThere) {
		a.hops = append(a.hops, h)
	}
}

// switchMetric is the metric of BGP routes in the kernel (FRR, zebra's default for BGP).
const switchMetric = 20

// atSwitch programs a switch: connected routes before static ones before BGP.
func (k *programmer) atSwitch(act *action, d *destination, p *Part, r route) {
	g := p.ground[familyIndex(k.domain.family)]
	if own, prefix := g.toward(d.Prefix, k.resolver.view.down); own != nil && prefix == d.Prefix {
		isBest := act.best
		*act = *own
		act.best = isBest
		return
	}
	switch {
	case r.best == nil:
	case r.best.Origination < 0:
		act.proto, act.metric = "bgp", switchMetric
		if !k.forward(act, d, p, r) {
			*act = action{best: true, note: "no next hop is reachable"}
		}
	case slices.Contains(g.loopbacks, d.Prefix.Addr()) && d.Prefix.IsSingleIP():
		act.kind = deliver
	default:
		act.note = "originated, and no route of the switch itself"
	}
}

// kernelClass is what a destination is to the nodes of a cluster, as the kernel is concerned.
type kernelClass struct {
	rule kernelRule
	pool int // that covers it, in clusterRules.pools; -1: none
}

// kernelRule is who decides of a route in a node's kernel.
type kernelRule uint8

const (
	byBIRD    kernelRule = iota // calico_kernel_programming lets it in
	ofGround                    // a connected or static route has the same prefix
	rejected                    // a range of the cluster's own services
	byFelix                     // the pool's routes are Felix's, and so are the cluster's own blocks
	byNobody                    // the pool's routes are Felix's, who knows no block of another cluster
	asDefault                   // a default route, where the node has one
)

type classKey struct {
	part  int
	index int
}

// class is what a destination is to a part.
func (k *programmer) class(d *destination, p *Part) kernelClass {
	if p.Nodes == nil || p.rules == nil {
		return kernelClass{pool: -1}
	}
	key := classKey{p.Index, d.Index}
	if known, ok := k.classes[key]; ok {
		return known
	}
	c := k.classify(d, p)
	k.classes[key] = c
	return c
}

func (k *programmer) classify(d *destination, p *Part) kernelClass {
	c := kernelClass{pool: poolOver(p.rules.pools, d)}
	g := p.ground[familyIndex(k.domain.family)]
	own, prefix := g.toward(d.Prefix, nil)
	switch {
	case own != nil && prefix == d.Prefix:
		c.rule = ofGround
	case d.Prefix.Bits() == 0 && g.gateway.IsValid():
		c.rule = asDefault
	case inServices(p.rules.services, d):
		c.rule = rejected
	case c.pool >= 0 && p.rules.isFelix(p.rules.pools[c.pool]):
		c.rule = byNobody
		if d.cluster == p.Cluster && (d.kind == podBlock || d.kind == borrowed) {
			c.rule = byFelix
		}
	}
	return c
}

// poolOver returns the pool that a destination is in, or -1.
func poolOver(pools []*pool, d *destination) int {
	return slices.IndexFunc(pools, func(p *pool) bool {
		return p.cidr.Bits() <= d.Prefix.Bits() && p.cidr.Contains(d.Prefix.Addr())
	})
}

// inServices reports whether a destination lies in a range of services that BIRD rejects for the kernel: those that are
// announced as they stand.
func inServices(ranges []serviceRange, d *destination) bool {
	return slices.ContainsFunc(ranges, func(r serviceRange) bool {
		return r.whole && r.prefix.Bits() <= d.Prefix.Bits() && r.prefix.Contains(d.Prefix.Addr())
	})
}

// isFelix reports whether the kernel routes of a pool are Felix's and not BIRD's: always those of VXLAN; the others as
// BGPConfiguration's programClusterRoutes says, by release (Calico, confd/pkg/backends/calico/bgp_processor.go). Felix is taken
// to be told the opposite, since nothing else works.
func (r *clusterRules) isFelix(p *pool) bool {
	if p.vxlan != never && p.vxlan != "" {
		return true
	}
	if !r.version.AtLeast(fabric.Version{Major: 3, Minor: 32}) {
		return false
	}
	word := ""
	if b := r.objects.BGPConfiguration; b != nil {
		word = b.Spec.ProgramClusterRoutes
	}
	isIPIP := p.ipip != never && p.ipip != ""
	if !r.version.AtLeast(fabric.Version{Major: 3, Minor: 33}) {
		return word == "Disabled"
	}
	switch word {
	case "Enabled":
		return false
	case "Disabled":
		return true
	case "EnabledIPIPOnly":
		return !isIPIP
	}
	return isIPIP // EnabledNoEncapOnly
}

// Modes of a pool's tunnels.
const (
	never       = "Never"
	crossSubnet = "CrossSubnet"
)
