package simulate

import (
	"iter"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// kernelClass is what a destination is to a part, as its kernel is concerned, whatever the state of the network.
type kernelClass struct {
	rule kernelRule
	pool int16 // of nodes: that covers it, in clusterRules.pools; -1: none
}

// kernelRule is who decides of a route in a kernel.
type kernelRule uint8

const (
	byBGP     kernelRule = iota // BGP; at nodes calico_kernel_programming lets it in
	ofGround                    // a connected or static route has the same prefix; at switches one that may lead nowhere
	rejected                    // a range of the cluster's own services
	byFelix                     // the pool's routes are Felix's, and so are the cluster's own blocks
	byNobody                    // the pool's routes are Felix's, who knows no block of another cluster
	asDefault                   // a default route, where the node has one
)

// kernelClasses returns the classes of every destination: by destination, then part. Computed once; shared, do not modify.
func (d *domain) kernelClasses() []kernelClass {
	d.classesOnce.Do(func() { d.classes = d.classify() })
	return d.classes
}

// grounded returns the speakers of parts with a route to a destination's very prefix that is not BGP's. Shared, do not modify.
func (d *domain) grounded(of *destination) []int32 {
	d.kernelClasses()
	return d.ground[of.Index]
}

func (d *domain) classify() []kernelClass {
	byRules := map[*clusterRules][]kernelClass{} // by destination
	columns := make([][]kernelClass, len(d.parts))
	for i, p := range d.parts {
		var rules *clusterRules
		if p.Nodes != nil && p.rules != nil {
			rules = p.rules.clusterRules
		}
		if byRules[rules] == nil {
			byRules[rules] = rules.classify(d.dests)
		}
		columns[i] = byRules[rules]
	}
	all := make([]kernelClass, 0, len(d.dests)*len(d.parts))
	for i := range d.dests {
		for _, column := range columns {
			all = append(all, column[i])
		}
	}
	d.ground = make([][]int32, len(d.dests))
	for i, p := range d.parts {
		for of := range d.onGround(p) {
			d.ground[of.Index] = append(d.ground[of.Index], int32(i))
			all[of.Index*len(d.parts)+i].specialize(p, of)
		}
	}
	return all
}

// onGround yields the destinations of the prefixes that a part has routes to without BGP, some more than once.
func (d *domain) onGround(p *Part) iter.Seq[*destination] {
	return func(yield func(*destination) bool) {
		for prefix := range p.ground[familyIndex(d.family)].prefixes(d.family) {
			at, _ := slices.BinarySearchFunc(d.dests, prefix, func(of *destination, p netip.Prefix) int {
				return fabric.ComparePrefix(of.Prefix, p)
			})
			for ; at < len(d.dests) && d.dests[at].Prefix == prefix; at++ {
				if !yield(d.dests[at]) {
					return
				}
			}
		}
	}
}

// prefixes yields the prefixes of all routes that are not BGP's, that of the default route even where there is none.
func (g *ground) prefixes(f fabric.Family) iter.Seq[netip.Prefix] {
	return func(yield func(netip.Prefix) bool) {
		if g == nil || !yield(defaultPrefix(f)) {
			return
		}
		for i := range g.attached {
			if !yield(g.attached[i].subnet) {
				return
			}
		}
		for i := range g.statics {
			if !yield(g.statics[i].prefix) {
				return
			}
		}
	}
}

// specialize puts a class right where a part has a route of its own to the very prefix.
func (c *kernelClass) specialize(p *Part, d *destination) {
	g := p.ground[familyIndex(d.domain.family)]
	own, prefix := g.toward(d.Prefix, nil)
	switch {
	case p.Switch != nil:
		c.rule = ofGround
	case p.Nodes == nil || p.rules == nil:
	case own != nil && prefix == d.Prefix:
		c.rule = ofGround
	case d.Prefix.Bits() == 0 && g.gateway.IsValid():
		c.rule = asDefault
	}
}

// classify returns the classes of destinations to the nodes of a cluster, routes of their own aside; nil rules: to what is no node.
func (r *clusterRules) classify(dests []*destination) []kernelClass {
	classes := make([]kernelClass, len(dests))
	for i, d := range dests {
		c := kernelClass{pool: -1}
		if r != nil {
			c.pool = int16(poolOver(r.pools, d))
		}
		switch {
		case r == nil:
		case inServices(r.services, d):
			c.rule = rejected
		case c.pool >= 0 && r.isFelix(r.pools[c.pool]):
			c.rule = byNobody
			if d.cluster == r.cluster && (d.kind == podBlock || d.kind == borrowed) {
				c.rule = byFelix
			}
		}
		classes[i] = c
	}
	return classes
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
