package check

import (
	"fmt"
	"math/bits"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// maxBlocks is how many blocks of a family Calico lets a node have (libcalico-go/lib/ipam/ipam.go; IPAMConfiguration can change it).
const maxBlocks = 20

var _ = rule(Rule{
	Name:     "pool-too-few-addresses",
	Severity: diag.Warning,
	Doc: `pool-too-few-addresses: the pods that are planned should fit into the pools

Where capacity is written, the pools of each family must have an address for podsPerNode pods (110 where it is left out) on each
node that is planned, and for each node's tunnel where the pools are encapsulated. They must also have the blocks that it takes:
a node that finds no free block borrows addresses out of those of others, announces each as a route of its own, and under strict
affinity gets none. So does a node that has the 20 blocks that Calico lets it have: with blocks of /30 after 80 pods. It shows
months later, as pods that stay in ContainerCreating (calico#2713, calico#4861, calico#7382). Fewer blocks than one and a half
for each node are told by pool-too-few-blocks.

Mend it with a wider range or a further pool, or by writing the capacity that is meant. Calico cannot change the range or the
blockSize of an existing pool.`,
	Source: "calico#2713, calico#4861, calico#7382; libcalico-go/lib/ipam/ipam.go",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if c.Model.Capacity == nil {
				continue
			}
			for _, s := range p.supplies(c) {
				p.tooFewAddresses(s)
			}
		}
	},
})

// demand is nodes and the pools that all of their pods get addresses from.
type demand struct {
	supply *supply
	pools  []*fabric.Pool // that serve pods; never empty
	nodes  int
	where  string // whose nodes: "cluster prod", "rack r1"
}

func (p *Pass) tooFewAddresses(s *supply) {
	if !s.isKnown {
		return
	}
	for _, d := range demands(s) {
		if p.unmet(d) {
			return // what holds for these nodes counts for the whole cluster too
		}
	}
}

// demands returns who needs addresses from which pools: the nodes that have no pools but some of those that a share has, for each
// share, fewer pools first; then all that are planned and all pools.
func demands(s *supply) []*demand {
	var all []*demand
	for _, h := range s.shares {
		d := &demand{supply: s, pools: serving(h.pools), where: "cluster " + s.cluster.Name}
		if r := h.nodes[0].Rack; r != nil && !slices.ContainsFunc(h.nodes, func(n *fabric.Node) bool { return n.Rack != r }) {
			d.where = "rack " + r.Name
		}
		if len(d.pools) > 0 && !slices.ContainsFunc(all, func(other *demand) bool { return slices.Equal(other.pools, d.pools) }) {
			all = append(all, d)
		}
	}
	whole := &demand{supply: s, pools: serving(s.pools), nodes: s.cluster.PlannedNodes, where: "cluster " + s.cluster.Name}
	if all = slices.DeleteFunc(all, func(d *demand) bool { return len(d.pools) == len(whole.pools) }); len(whole.pools) == 0 {
		return nil
	}
	for _, h := range s.shares {
		own, withPods := serving(h.pools), 0
		for _, n := range h.nodes {
			if runsPods(n) {
				withPods++
			}
		}
		for _, d := range all {
			if len(own) > 0 && !slices.ContainsFunc(own, func(pool *fabric.Pool) bool { return !slices.Contains(d.pools, pool) }) {
				d.nodes += withPods
			}
		}
		whole.nodes -= len(h.nodes) - withPods
	}
	slices.SortStableFunc(all, func(a, b *demand) int { return len(a.pools) - len(b.pools) })
	return append(all, whole)
}

// podsOf is how many addresses a node needs: one for each pod, and one for its tunnel.
func podsOf(c *fabric.Cluster, pools []*fabric.Pool) int {
	if slices.ContainsFunc(pools, func(pool *fabric.Pool) bool { return pool.Encapsulation != "None" }) {
		return c.PodsPerNode + 1
	}
	return c.PodsPerNode
}

// blockAddresses is how many addresses a block of the pool has.
func blockAddresses(pool *fabric.Pool) int { return 1 << (pool.CIDR.Addr().BitLen() - pool.BlockSize) }

// blocksPerNode is how many blocks a node takes for the pods that are planned on it, by the smallest blocks among its pools.
func blocksPerNode(c *fabric.Cluster, pools []*fabric.Pool) int {
	least := blockAddresses(pools[0])
	for _, pool := range pools {
		least = min(least, blockAddresses(pool))
	}
	return (podsOf(c, pools) + least - 1) / least
}

// stock is what some pools have together.
type stock struct {
	blocks, addresses int
	smallest          *fabric.Pool // by addresses
	largestBlocks     *fabric.Pool
	isOneSize         bool // all blocks are of one size
}

func stockOf(pools []*fabric.Pool) stock {
	s := stock{smallest: pools[0], largestBlocks: pools[0], isOneSize: true}
	for _, pool := range pools {
		size := pool.Blocks() * blockAddresses(pool)
		s.blocks += pool.Blocks()
		s.addresses += size
		s.isOneSize = s.isOneSize && pool.BlockSize == pools[0].BlockSize
		if size < s.smallest.Blocks()*blockAddresses(s.smallest) {
			s.smallest = pool
		}
		if blockAddresses(pool) > blockAddresses(s.largestBlocks) {
			s.largestBlocks = pool
		}
	}
	return s
}

// unmet reports a demand that its pools cannot meet. It returns true where that has been told, here or by pool-too-few-blocks.
func (p *Pass) unmet(d *demand) bool {
	c, s := d.supply.cluster, stockOf(d.pools)
	pods, perNode, at := podsOf(c, d.pools), blocksPerNode(c, d.pools), poolClaim(s.smallest).at
	var f *diag.Diagnostic
	switch {
	case d.nodes < 1:
		return false
	case 2*s.blocks < 3*d.nodes && isPlain(d.supply):
		return true
	case pods > maxBlocks*blockAddresses(s.largestBlocks):
		p.smallBlocks(d, s.largestBlocks)
		return true
	case d.nodes*pods > s.addresses:
		f = p.Reportf(at, "%s %d addresses, fewer than the %d that are planned: %s", havePools(d.pools), s.addresses, d.nodes*pods, d)
	case s.isOneSize && d.nodes*perNode > s.blocks:
		f = p.Reportf(at, "%s %s of /%d, fewer than the %d that it takes, %d for %s: some nodes would borrow addresses",
			havePools(d.pools), count(s.blocks, "block"), s.smallest.BlockSize, d.nodes*perNode, perNode, d)
	default:
		return false
	}
	f.Note(c.At().Field("capacity"), "the capacity is written here")
	need := d.nodes*perNode - (s.blocks - s.smallest.Blocks())
	if !s.isOneSize {
		need = (d.nodes*pods-s.addresses)/blockAddresses(s.smallest) + 1 + s.smallest.Blocks()
	}
	if length := s.smallest.BlockSize - bits.Len(uint(need-1)); length > 0 {
		f.WithHint("write a range of /%d or wider, or the podsPerNode that is meant", length)
	} else {
		f.WithHint("write the podsPerNode that is meant: no range has so many addresses")
	}
	return true
}

// String says what is planned: "110 pods on each of 4 nodes of cluster prod".
func (d *demand) String() string {
	if d.nodes == 1 {
		return fmt.Sprintf("%s on 1 node of %s", d.each(), d.where)
	}
	return fmt.Sprintf("%s on each of %d nodes of %s", d.each(), d.nodes, d.where)
}

// each is what is planned on one node.
func (d *demand) each() string {
	c := d.supply.cluster
	if podsOf(c, d.pools) > c.PodsPerNode {
		return count(c.PodsPerNode, "pod") + " and a tunnel"
	}
	return count(c.PodsPerNode, "pod")
}

// isPlain reports whether each pool is for all nodes or for a rack: then pool-too-few-blocks judges them.
func isPlain(s *supply) bool {
	return !slices.ContainsFunc(serving(s.pools), func(pool *fabric.Pool) bool { return pool.Rack == nil && !isForAll(pool) })
}

// smallBlocks reports blocks of which a node may not have enough for its pods.
func (p *Pass) smallBlocks(d *demand, pool *fabric.Pool) {
	pods, at := podsOf(d.supply.cluster, d.pools), poolClaim(pool).at
	if m := pool.Cluster.Model.IPPools[pool.Name]; m != nil && m.BlockSize != nil {
		at = pool.At.Field("blockSize")
	}
	size := pool.CIDR.Addr().BitLen() - bits.Len(uint((pods+maxBlocks-1)/maxBlocks-1))
	f := p.Reportf(at, "a node has at most %d blocks, %d addresses of pool %s with blocks of /%d: fewer than it needs for %s", maxBlocks,
		maxBlocks*blockAddresses(pool), pool.Name, pool.BlockSize, d.each()).
		Note(pool.Cluster.At().Field("capacity"), "the capacity is written here")
	if size >= pool.CIDR.Bits() {
		f.WithHint("write blockSize: %d", size)
	} else {
		f.WithHint("write a range of /%d or wider with blockSize: %d", size-bits.Len(uint(d.nodes)), size)
	}
}

// havePools is the subject of what pools have.
func havePools(pools []*fabric.Pool) string {
	if len(pools) == 1 {
		return "pool " + pools[0].Name + " has"
	}
	return "pools " + someOf(pools, poolName) + " have"
}
