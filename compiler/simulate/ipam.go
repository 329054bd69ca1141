package simulate

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/fabric"
)

// held is a prefix that IPAM gave a node.
type held struct {
	prefix   netip.Prefix // masked
	pool     string       // that it lies in; empty: in none
	single   bool         // it is announced as a pod's own route, not as an aggregate: blocks of one address, borrowed addresses
	borrowed bool         // it lies in, or would belong to, another node's block
}

// allocations is what IPAM gave the nodes of a cluster. Immutable.
type allocations struct {
	of      map[*fabric.Node][]held // sorted by prefix
	lenders map[*fabric.Node]bool   // others hold something that lies in a block of theirs, or is one; or it is one address in no pool
}

// onceAllocated is allocations that are made when they are needed first.
type onceAllocated struct {
	once sync.Once
	made *allocations
}

// ipamPool is what IPAM asks of a pool.
type ipamPool struct {
	name         string
	cidr         netip.Prefix
	blockSize    int
	isGiven      bool   // gives out blocks by itself
	nodeSelector string // of nodes that it gives them to
}

// allocations returns what IPAM gives the nodes by what the objects say.
func (r *clusterRules) allocations() *allocations {
	r.allocated.once.Do(func() {
		pools := make([]ipamPool, len(r.pools))
		for i, p := range r.pools {
			s := &p.object.Spec
			pools[i] = ipamPool{name: p.name, cidr: p.cidr, blockSize: p.blockSize, nodeSelector: s.NodeSelector,
				isGiven: !p.disabled && (len(s.AllowedUses) == 0 || slices.Contains(s.AllowedUses, "Workload")) &&
					(s.AssignmentMode == nil || *s.AssignmentMode != "Manual")}
		}
		r.allocated.made = allocate(pools, r.cluster.Nodes, func(i int) map[string]string {
			labels := kubeletLabels(r.cluster.Nodes[i].Name)
			maps.Copy(labels, r.nodes[i].labels)
			return labels
		})
	})
	return r.allocated.made
}

// apart returns the nodes that must be parts of their own: those in whose blocks others hold addresses, since they tell on none of
// these, those that hold the same block as another, and those with services that others may not have.
func (r *clusterRules) apart() map[*fabric.Node]bool {
	apart := map[*fabric.Node]bool{}
	hasBlocks := false
	for _, n := range r.cluster.Nodes {
		hasBlocks = hasBlocks || len(n.Model.Blocks) > 0
		if len(n.Model.LocalServices) > 0 {
			apart[n] = true
		}
	}
	if hasBlocks { // what IPAM gives by itself never collides
		maps.Copy(apart, r.allocations().lenders)
	}
	return apart
}

// allocator gives out blocks: those that are written first, then each other node its first one in every pool that it may use,
// nodes in the order of their names.
type allocator struct {
	pools   []ipamPool
	made    *allocations
	holders map[netip.Prefix]*fabric.Node // of blocks
}

// allocate gives out what nodes, sorted by name, hold; labels are those of the node of an index.
func allocate(pools []ipamPool, nodes []*fabric.Node, labels func(i int) map[string]string) *allocations {
	a := &allocator{pools: pools, holders: make(map[netip.Prefix]*fabric.Node, len(nodes)),
		made: &allocations{of: make(map[*fabric.Node][]held, len(nodes)), lenders: map[*fabric.Node]bool{}}}
	for _, n := range nodes {
		for _, p := range n.Model.Blocks {
			a.write(n, p.Masked())
		}
	}
	picker := newBlockPicker()
	for i := range pools {
		if p := &pools[i]; p.isGiven && p.cidr.Bits() <= p.blockSize && p.blockSize <= p.cidr.Addr().BitLen() {
			a.fill(i, nodes, p.mayUse(labels), picker)
		}
	}
	for _, n := range nodes {
		a.lend(n)
	}
	return a.made
}

// write notes what the topology says a node holds, but for single addresses: who lends them is known later.
func (a *allocator) write(n *fabric.Node, p netip.Prefix) {
	i := a.poolOf(p)
	if i >= 0 && p.Bits() > a.pools[i].blockSize {
		return
	}
	if other := a.holders[p]; other == n {
		return
	} else if other != nil {
		a.made.lenders[n], a.made.lenders[other] = true, true
	}
	h := held{prefix: p, single: p.IsSingleIP()}
	if i >= 0 {
		h.pool = a.pools[i].name
	} else if h.single {
		a.made.lenders[n] = true
	}
	a.holders[p] = n
	a.made.of[n] = append(a.made.of[n], h)
}

// fill gives each node that has nothing written its first block of a pool.
func (a *allocator) fill(pool int, nodes []*fabric.Node, mayUse func(i int) bool, picker *blockPicker) {
	p := &a.pools[pool]
	isTaken := func(block netip.Prefix) bool { return a.holders[block] != nil }
	family := fabric.FamilyOf(p.cidr.Addr())
	for i, n := range nodes {
		if n.Model.Blocks != nil || !n.Prefix(family).IsValid() || !mayUse(i) {
			continue
		}
		block, isFree := picker.pick(p.cidr, p.blockSize, n.Name, isTaken)
		if !isFree {
			return
		}
		a.holders[block] = n
		a.made.of[n] = append(a.made.of[n], held{prefix: block, pool: p.name, single: block.IsSingleIP()})
	}
}

// lend notes the single addresses that are written for a node, and sorts what it has.
func (a *allocator) lend(n *fabric.Node) {
	for _, p := range n.Model.Blocks {
		p = p.Masked()
		i := a.poolOf(p)
		if i < 0 || p.Bits() <= a.pools[i].blockSize {
			continue
		}
		block, _ := p.Addr().Prefix(a.pools[i].blockSize)
		lender := a.holders[block]
		if lender == n {
			continue // part of its own block, and announced with it
		}
		if lender != nil {
			a.made.lenders[lender] = true
		}
		a.made.of[n] = append(a.made.of[n], held{prefix: p, pool: a.pools[i].name, single: true, borrowed: true})
	}
	slices.SortFunc(a.made.of[n], func(x, y held) int { return fabric.ComparePrefix(x.prefix, y.prefix) })
	a.made.of[n] = slices.Compact(a.made.of[n])
}

// mayUse returns which nodes a pool gives blocks to. A selector that Calico cannot read matches none.
func (p *ipamPool) mayUse(labels func(i int) map[string]string) func(i int) bool {
	if text := cmp.Or(p.nodeSelector, "all()"); text != "all()" {
		s, err := selector.Parse(text)
		return func(i int) bool { return err == nil && s.Evaluate(labels(i)) }
	}
	return func(int) bool { return true }
}

// poolOf returns the smallest pool that p lies in, or -1.
func (a *allocator) poolOf(p netip.Prefix) int {
	found := -1
	for i := range a.pools {
		if cidr := a.pools[i].cidr; covering(cidr, p) && (found < 0 || cidr.Bits() > a.pools[found].cidr.Bits()) {
			found = i
		}
	}
	return found
}
