package check

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "pool-too-few-blocks",
	Severity: diag.Error,
	Doc: `pool-too-few-blocks: a pool needs at least one block for each node

Calico gives addresses out in blocks, and a block belongs to one node. When there are more nodes than blocks, the nodes that
come last borrow single addresses from the blocks of others, announce a /32 for each, and with strict affinity get none: their
pods stay in ContainerCreating (calico#4861). In cni-plugin#920 that hit the machines that replaced others: "pools are likely
exhausted", and calico-node itself in CrashLoopBackOff, for want of one address for its tunnel. Fewer than one and a half
blocks for each node is a warning: a node that fills its block takes a second one. LoadBalancer-only, manual and disabled
pools are not counted.

Mend it with a wider range, or with a longer blockSize where nodes run few pods. Calico cannot change either of an existing
pool: a running cluster gets a further pool.`,
	Source: "calico#4861, cni-plugin#920, calico#8435",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
				p.tooFewBlocks(c, f)
			}
		}
	},
})

// tooFewBlocks judges the pools of a family, taken together where they serve the same nodes. Which nodes a selector picks is
// known here for all() and racks only: where another selector is in play nothing is told, since its pool could help out.
func (p *Pass) tooFewBlocks(c *fabric.Cluster, f fabric.Family) {
	var everywhere, all []*fabric.Pool
	byRack := map[*fabric.Rack][]*fabric.Pool{}
	for _, pool := range c.Pools {
		switch {
		case !servesPods(pool) || fabric.FamilyOf(pool.CIDR.Addr()) != f:
			continue
		case pool.Rack != nil:
			byRack[pool.Rack] = append(byRack[pool.Rack], pool)
		case pool.NodeSelector == "all()" || pool.NodeSelector == "":
			everywhere = append(everywhere, pool)
		default:
			return
		}
		all = append(all, pool)
	}
	planned := c.PlannedNodes - withoutPods(c.Nodes)
	others := planned // that have no pool of their rack's
	for _, r := range c.Racks {
		if len(byRack[r]) == 0 {
			continue
		}
		inRack := len(r.Nodes) - withoutPods(r.Nodes)
		others -= inRack
		if len(everywhere) == 0 && !p.enoughBlocks(byRack[r], inRack, "rack "+r.Name) {
			return
		}
	}
	if len(everywhere) > 0 && p.enoughBlocks(everywhere, others, "cluster "+c.Name) {
		p.enoughBlocks(all, planned, "cluster "+c.Name)
	}
}

// withoutPods counts the nodes of which it is written that they hold no block.
func withoutPods(nodes []*fabric.Node) int {
	n := 0
	for _, node := range nodes {
		if node.Model.Blocks != nil && len(node.Model.Blocks) == 0 {
			n++
		}
	}
	return n
}

// servesPods reports whether pods get addresses from the pool without asking for it by name.
func servesPods(p *fabric.Pool) bool {
	return p.Own() && !p.Disabled && p.AssignmentMode != "Manual" && (p.AllowedUses == nil || slices.Contains(p.AllowedUses, "Workload"))
}

// enoughBlocks judges pools that serve the same nodes; at least one. It reports the smallest of them and false where they
// are too few.
func (p *Pass) enoughBlocks(pools []*fabric.Pool, nodes int, where string) bool {
	blocks, blame := 0, pools[0]
	var parts []string
	for _, pool := range pools {
		blocks += pool.Blocks()
		if pool.Blocks() < blame.Blocks() {
			blame = pool
		}
		parts = append(parts, fmt.Sprintf("%s has %d", pool.Name, pool.Blocks()))
	}
	if 2*blocks >= 3*nodes {
		return true
	}
	severity, expected := diag.Warning, "fewer than one and a half for each"
	if blocks < nodes {
		severity, expected = diag.Error, "fewer than one for each"
	}
	subject := fmt.Sprintf("pool %s has %s of /%d", blame.Name, count(blocks, "block"), blame.BlockSize)
	if len(pools) > 1 {
		subject = fmt.Sprintf("%d pools have %d blocks (%s)", len(pools), blocks, strings.Join(parts, ", "))
	}
	d := p.Report(severity, poolClaim(blame).at, "%s for the %s of %s: %s", subject, count(nodes, "node"), where, expected)
	if m := blame.Cluster.Model.Capacity; m != nil && m.Nodes != nil && nodes > len(blame.Cluster.Nodes) {
		d.Note(blame.Cluster.At().Fields("capacity", "nodes"), "so many nodes are planned here")
	}
	wanted := (3*nodes + 1) / 2
	if c := blame.Cluster; c.Model.Capacity != nil {
		wanted = max(wanted, nodes*blocksPerNode(c, pools)) // else pool-too-few-addresses would ask for more after the edit
	}
	need := wanted - blocks + blame.Blocks()
	if length := blame.BlockSize - bits.Len(uint(need-1)); length > 0 {
		d.WithHint("write a range of /%d or wider: it has %d blocks", length, 1<<(blame.BlockSize-length))
	}
	return false
}
