package check

import (
	"slices"
	"strconv"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "pool-selects-nobody",
	Severity: diag.Warning,
	Doc: `pool-selects-nobody: a pool should be for some node

A pool whose nodeSelector no node matches, or whose rack is empty, gives addresses to nobody: the nodes that it was made for take
theirs from another pool, beyond the range that switches and firewalls expect of them. Where they have no other,
node-without-pool tells. Not judged are clusters whose nodes are not all listed (capacity.nodes), disabled pools, those for load
balancers, and those that stand for another cluster.

Mend it by correcting the selector, or by writing the rack at its nodes.`,
	Source: "Calico, reference/resources/ippool, nodeSelector",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			var told []*fabric.Pool
			for _, l := range p.lacks(c) {
				told = append(told, l.blame...)
			}
			for _, s := range p.supplies(c) {
				for _, pool := range s.idle() {
					if !slices.Contains(told, pool) {
						p.reportIdle(pool)
					}
				}
			}
		}
	},
})

func (p *Pass) reportIdle(pool *fabric.Pool) {
	c := pool.Cluster
	if pool.Rack == nil {
		p.Reportf(pool.At.Field("nodeSelector"), "pool %s of cluster %s selects %s, which matches none of its %s", pool.Name, c.Name,
			strconv.Quote(pool.NodeSelector), count(len(c.Nodes), "node")).
			WithHint("%s", betterSelector(pool))
		return
	}
	if len(pool.Rack.Model.Switches) > 0 {
		return // session-no-match tells the empty rack
	}
	p.Reportf(pool.At.Field("rack"), "pool %s of cluster %s is for the nodes of rack %s, and no node is in it", pool.Name, c.Name, pool.Rack.Name).
		Note(pool.Rack.At(), "the rack is declared here").
		WithHint("write rack: %q at the nodes that are in it, or delete the pool", pool.Rack.Name)
}
