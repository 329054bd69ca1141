package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "node-without-pool",
	Severity: diag.Error,
	Doc: `node-without-pool: every node needs a pool that its pods get addresses from

Calico gives a pod an address of a pool that selects the pod's node, and of no other: where no pool does, pods of the node stay
in ContainerCreating, while the node is Ready and the scheduler goes on sending pods there. In a cluster with pools of both
families a node needs one of each: a pod that gets only one of its two addresses doesn't start either. Pools that are disabled,
for tunnels or load balancers only, or that pods must ask for by name don't count; of the last, one that is meant for some nodes
counts there. Not judged is a cluster without any pool, whose pools are somebody else's, or with none but those to ask for.

Mend it by a pool for the nodes, or by correcting a nodeSelector. Write blocks: [] at a node that runs no pods, such as a
reflector that is nothing else.`,
	Source: "Calico, networking/ipam/assign-ip-addresses-topology, and cni-plugin/pkg/ipamplugin/ipam_plugin.go",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if p.poolsDisabled(c) {
				continue
			}
			for _, l := range p.lacks(c) {
				p.reportLack(c, l)
			}
		}
	},
})

// lack is nodes that have no pool of some families.
type lack struct {
	families []fabric.Family
	nodes    []*fabric.Node // sorted by name; never empty
	blame    []*fabric.Pool // pools of these families whose selectors match no node: told with the nodes that they were meant for
}

// lacks returns the nodes of a cluster that have no pool of a family in which others have. Nodes that lack both are one lack.
func (p *Pass) lacks(c *fabric.Cluster) []*lack {
	var all []*lack
	supplies := p.supplies(c)
	isServed := slices.ContainsFunc(supplies, func(s *supply) bool { return len(serving(s.pools)) > 0 })
	if !isServed && slices.ContainsFunc(supplies, func(s *supply) bool { return slices.ContainsFunc(s.pools, isManual) }) {
		return nil
	}
	for _, s := range supplies {
		if isServed && len(serving(s.pools)) == 0 {
			continue
		}
		nodes := s.unserved()
		if len(nodes) == 0 {
			continue
		}
		i := slices.IndexFunc(all, func(l *lack) bool { return slices.Equal(l.nodes, nodes) })
		if i < 0 {
			i = len(all)
			all = append(all, &lack{nodes: nodes})
		}
		all[i].families = append(all[i].families, s.family)
		for _, pool := range s.idle() {
			if servesPods(pool) && pool.Rack == nil && !isForAll(pool) {
				all[i].blame = append(all[i].blame, pool)
			}
		}
	}
	return all
}

// unserved returns the nodes that no pool is for.
func (s *supply) unserved() []*fabric.Node {
	var nodes []*fabric.Node
	for _, h := range s.shares {
		if slices.ContainsFunc(h.pools, func(pool *fabric.Pool) bool {
			return servesPods(pool) || isManual(pool) && !isForAll(pool)
		}) {
			continue
		}
		nodes = append(nodes, slices.DeleteFunc(slices.Clone(h.nodes), func(n *fabric.Node) bool { return !runsPods(n) })...)
	}
	slices.SortFunc(nodes, func(a, b *fabric.Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes
}

// idle returns the pools that select no node, where all nodes are listed and there are some.
func (s *supply) idle() []*fabric.Pool {
	if !s.isKnown || s.cluster.Incomplete || len(s.cluster.Nodes) == 0 {
		return nil
	}
	used := map[*fabric.Pool]bool{}
	for _, h := range s.shares {
		for _, pool := range h.pools {
			used[pool] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(s.pools), func(pool *fabric.Pool) bool { return used[pool] })
}

// isManual reports whether pods must ask for the pool by name.
func isManual(pool *fabric.Pool) bool { return pool.AssignmentMode == "Manual" }

// runsPods reports whether pods are to be expected on a node: not where the user says that it holds no block.
func runsPods(n *fabric.Node) bool { return n.Model.Blocks == nil || len(n.Model.Blocks) > 0 }

// poolsDisabled reports a cluster of which every pool is disabled.
func (p *Pass) poolsDisabled(c *fabric.Cluster) bool {
	var own []*fabric.Pool
	for _, pool := range c.Pools {
		if pool.Own() && !pool.LoadBalancerOnly() {
			if !pool.Disabled {
				return false
			}
			own = append(own, pool)
		}
	}
	if len(own) == 0 || !slices.ContainsFunc(c.Nodes, runsPods) {
		return false
	}
	what := "the only pool of cluster " + c.Name + ", " + own[0].Name + ","
	if len(own) > 1 {
		what = "each pool of cluster " + c.Name + " (" + someOf(own, poolName) + ")"
	}
	p.Reportf(own[0].At.Field("disabled"), "%s is disabled: no pod gets an address", what).
		WithHint("delete disabled, or add a pool that takes its place")
	return true
}

func (p *Pass) reportLack(c *fabric.Cluster, l *lack) {
	family := ""
	if len(l.families) == 1 && len(p.supplies(c)) > 1 {
		family = l.families[0].String() + " "
	}
	who := "node " + l.nodes[0].Name + " of cluster " + c.Name + " has"
	if len(l.nodes) > 1 {
		who = fmt.Sprintf("%d nodes of cluster %s (%s) have", len(l.nodes), c.Name, someOf(l.nodes, nodeName))
	}
	if len(l.blame) > 0 {
		pool := l.blame[0]
		d := p.Reportf(pool.At.Field("nodeSelector"), "pool %s selects %s, which matches no node, and %s no %spool to give addresses to pods",
			pool.Name, strconv.Quote(pool.NodeSelector), who, family)
		noteNodes(d, l.nodes)
		d.WithHint("%s", betterSelector(pool))
		return
	}
	at := c.At().Field("nodes")
	rack := l.nodes[0].Rack
	switch {
	case len(l.nodes) == 1:
		at = l.nodes[0].At()
	case rack != nil && !slices.ContainsFunc(l.nodes, func(n *fabric.Node) bool { return n.Rack != rack }):
		at = rack.At()
	}
	d := p.Reportf(at, "%s no %spool that gives addresses to pods", who, family)
	if len(l.nodes) > 1 {
		noteNodes(d, l.nodes)
	}
	if rack != nil && at == rack.At() {
		d.WithHint("add a pool with rack: %q, or write blocks: [] at nodes that run no pods", rack.Name)
	} else {
		d.WithHint("add a pool for them, or write blocks: [] at nodes that run no pods")
	}
}

func noteNodes(d *diag.Diagnostic, nodes []*fabric.Node) {
	for _, n := range nodes[:min(len(nodes), maxNotes)] {
		d.Note(n.At(), "node %s is declared here", n.Name)
	}
}

func poolName(pool *fabric.Pool) string { return pool.Name }

// betterSelector proposes what the selector of a pool that matches no node was probably meant to be.
func betterSelector(pool *fabric.Pool) string {
	wanted, ok := firstTerm(pool.NodeSelector)
	values, keys := map[string]bool{}, map[string]bool{}
	for _, n := range pool.Cluster.Nodes {
		labels := n.LabelMap()
		if value, has := labels[wanted.Key]; has {
			values[value] = true
		}
		for name := range labels {
			keys[name] = true
		}
	}
	value, key := diag.Nearest(wanted.Value, sorted(values)), diag.Nearest(wanted.Key, sorted(keys))
	switch {
	case ok && value != "" && len(wanted.Value) > 1: // of single letters each is close to each
		for _, quote := range []string{"'", `"`} {
			if old := quote + wanted.Value + quote; strings.Contains(pool.NodeSelector, old) {
				return fmt.Sprintf("write nodeSelector: %q", strings.Replace(pool.NodeSelector, old, quote+value+quote, 1))
			}
		}
	case ok && len(values) == 0 && key != "":
		return fmt.Sprintf("write nodeSelector: %q", strings.Replace(pool.NodeSelector, wanted.Key, key, 1))
	}
	return exampleSelector(pool.Cluster)
}
