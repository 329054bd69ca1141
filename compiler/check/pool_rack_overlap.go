package check

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/lazyregexp"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "pool-rack-overlap",
	Severity: diag.Warning,
	Doc: `pool-rack-overlap: nodes of a rack with a pool of its own should take addresses from no pool of others

A pool for each rack keeps the addresses below a leaf in one range, which the leaf can announce as one route and a firewall can
allow as one rule (calico#3848). Calico knows no most specific pool: where a second one selects the nodes of the rack too, such as
one for all(), they take blocks of either, and of the other once the first is full. The rack's addresses are then spread over a
range that other racks have too, and an aggregate of the rack's own range misses some of its pods. Several pools for the same
racks are legal. Racks that no pool is for are told by node-without-pool.

Mend it by a nodeSelector that leaves out the racks with pools of their own, or by disabling the pool that is for all.`,
	Source: "calico#3848; Calico, networking/ipam/assign-ip-addresses-topology",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, s := range p.supplies(c) {
				p.rackOverlaps(s)
			}
		}
	},
})

// rackOverlaps reports each pool that is for racks with pools of their own and for nodes elsewhere.
func (p *Pass) rackOverlaps(s *supply) {
	if len(serving(s.pools)) < 2 || !slices.ContainsFunc(s.pools, isByRack) {
		return
	}
	reach := reachOf(s)
	racks := map[*fabric.Pool][]string{} // that a pool is for by its selector
	for _, pool := range s.pools {
		if of := reach[pool]; isByRack(pool) && servesPods(pool) && !of[""] {
			racks[pool] = sorted(of)
		}
	}
	told := map[[2]*fabric.Pool]bool{}
	within := map[*fabric.Pool][]*fabric.Pool{} // pools for racks, by the wider pool that their nodes take from too
	for _, h := range s.shares {
		all := serving(h.pools)
		for _, wide := range all {
			for _, own := range all {
				pair, back := [2]*fabric.Pool{wide, own}, [2]*fabric.Pool{own, wide}
				if own == wide || racks[own] == nil || told[pair] || told[back] || !exceeds(reach[wide], racks[own]) {
					continue
				}
				told[pair] = true
				within[wide] = append(within[wide], own)
			}
		}
	}
	for _, wide := range s.pools {
		if own := within[wide]; len(own) > 0 {
			p.reportRackOverlap(s, wide, own, racks)
		}
	}
}

// rackLabel is the label in a selector, without what is quoted there.
var (
	quoted    = lazyregexp.New(`'[^']*'|"[^"]*"`)
	rackLabel = lazyregexp.New(`(^|[^A-Za-z0-9_./-])rack($|[^A-Za-z0-9_./-])`)
)

// isByRack reports whether a pool is for racks, by its rack or by the label in its selector.
func isByRack(pool *fabric.Pool) bool {
	return pool.Rack != nil || rackLabel().MatchString(quoted().ReplaceAllString(pool.NodeSelector, ""))
}

// reachOf returns the racks whose nodes take addresses from each pool; "": nodes in none, or ones that are not listed.
func reachOf(s *supply) map[*fabric.Pool]map[string]bool {
	reach := map[*fabric.Pool]map[string]bool{}
	for _, pool := range s.pools {
		reach[pool] = map[string]bool{}
		if isForAll(pool) && s.cluster.Incomplete {
			reach[pool][""] = true
		}
	}
	for _, h := range s.shares {
		for _, n := range h.nodes {
			name := ""
			if n.Rack != nil {
				name = n.Rack.Name
			}
			for _, pool := range h.pools {
				reach[pool][name] = true
			}
		}
	}
	return reach
}

// exceeds reports whether some rack is not among some others.
func exceeds(reach map[string]bool, racks []string) bool {
	for name := range reach {
		if !slices.Contains(racks, name) {
			return true
		}
	}
	return false
}

func (p *Pass) reportRackOverlap(s *supply, wide *fabric.Pool, own []*fabric.Pool, racks map[*fabric.Pool][]string) {
	slices.SortFunc(own, func(a, b *fabric.Pool) int { return strings.Compare(a.Name, b.Name) })
	var covered []string
	for _, pool := range own {
		covered = append(covered, racks[pool]...)
	}
	slices.Sort(covered)
	covered = slices.Compact(covered)
	whom := "all nodes"
	if !isForAll(wide) {
		whom = "nodes in other racks too"
	}
	what := "rack " + covered[0] + " has pool " + own[0].Name
	if len(covered) > 1 || len(own) > 1 {
		what = fmt.Sprintf("racks %s have pools of their own (%s)", someOf(covered, func(name string) string { return name }), someOf(own, poolName))
	}
	d := p.Reportf(selectorOf(wide), "pool %s of cluster %s is for %s, and %s: nodes there take addresses of either", wide.Name, s.cluster.Name, whom, what)
	for _, pool := range own[:min(len(own), maxNotes)] {
		d.Note(selectorOf(pool), "pool %s is for %s", pool.Name, strings.Join(racks[pool], ", "))
	}
	d.WithHint("%s", narrower(s, wide, covered))
}

// selectorOf is where a pool says which nodes it is for, the pool itself where it says nothing.
func selectorOf(pool *fabric.Pool) source.Path {
	switch m := pool.Cluster.Model.IPPools[pool.Name]; {
	case m == nil || m.Rack == "" && m.NodeSelector == "":
		return pool.At
	case m.Rack != "":
		return pool.At.Field("rack")
	}
	return pool.At.Field("nodeSelector")
}

// narrower says how to keep a pool from the nodes of racks.
func narrower(s *supply, wide *fabric.Pool, racks []string) string {
	rest := s.cluster.Incomplete && isForAll(wide)
	for _, h := range s.shares {
		rest = rest || slices.Contains(h.pools, wide) && slices.ContainsFunc(h.nodes, func(n *fabric.Node) bool {
			return n.Rack == nil || !slices.Contains(racks, n.Rack.Name)
		})
	}
	switch {
	case !rest:
		return "write disabled: true, since every rack has a pool of its own, or delete the pool"
	case len(racks) > maxListed:
		return "narrow its nodeSelector to the racks that have no pool of their own"
	}
	text := "rack not in {'" + strings.Join(racks, "', '") + "'}"
	if !isForAll(wide) {
		text = "(" + wide.NodeSelector + ") && " + text
	}
	return fmt.Sprintf("write nodeSelector: %q", text)
}
