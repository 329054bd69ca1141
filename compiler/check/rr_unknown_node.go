package check

import (
	"fmt"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "rr-unknown-node",
	Severity: diag.Error,
	Doc: `rr-unknown-node: a reflector must be a node of its own cluster, named once

A name in routeReflectors that the cluster doesn't declare reflects for nobody, and the group is left with fewer reflectors
than it seems to have: the list of reflectors in the blog post that the example two-clusters follows names a node of the
other cluster. A node can reflect for one group only: it has one cluster ID, and one label rr-id that sessions select it by.

Mend it by naming the node that is meant, or by declaring it in nodes: reflectors must be listed even where
capacity.nodes is larger than the list. A node that is named twice is deleted from one of the two lists.`,
	Source: "write-up: two clusters with route reflectors on one laptop",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			first := map[string]mention{}
			for _, g := range c.Groups {
				for i, name := range g.Model.Nodes {
					at := g.At().Field("nodes").Index(i)
					if earlier, twice := first[name]; twice {
						d := p.Reportf(at, "node %s of cluster %s is named as a reflector twice: it reflects for one group, once", name, c.Name).
							Note(earlier.at, "it is named here already")
						if earlier.group == g {
							d.WithHint("delete it here")
						} else {
							d.WithHint("delete it from one of the two groups, %s and %s", earlier.group.Name, g.Name)
						}
						continue
					}
					first[name] = mention{g, at}
					if n := c.Node(name); n == nil {
						p.unknownReflector(g, at, name)
					} else if g.Rack != nil && n.Rack != nil && n.Rack != g.Rack {
						p.Reportf(at, "group %s of cluster %s reflects for rack %s, and names %s, which is in rack %s", g.Name, c.Name, g.Rack.Name, name, n.Rack.Name).
							Note(n.At().Field("rack"), "its rack is written here").WithHint("%s", nameInstead(g, name))
					}
				}
			}
		}
	},
})

// mention is a place that names a node as a reflector.
type mention struct {
	group *fabric.Group
	at    source.Path
}

func (p *Pass) unknownReflector(g *fabric.Group, at source.Path, name string) {
	d := p.Reportf(at, "group %s of cluster %s names reflector %s, and the cluster has no such node", g.Name, g.Cluster.Name, name)
	for _, other := range p.Fabric.Clusters {
		if n := other.Node(name); n != nil {
			d.Note(n.At(), "it is a node of cluster %s", other.Name)
			break // of clusters that share names any one explains it
		}
	}
	d.WithHint("%s", nameInstead(g, name))
}

// nameInstead proposes the node that a name in a group was probably meant to be: one that reflects for nobody yet.
func nameInstead(g *fabric.Group, name string) string {
	var candidates []string
	for _, n := range g.Cluster.Nodes {
		if len(n.Reflects) == 0 && (g.Rack == nil || n.Rack == g.Rack) {
			candidates = append(candidates, n.Name)
		}
	}
	if near := diag.Nearest(name, candidates); near != "" {
		return fmt.Sprintf("write %q", near)
	}
	return "declare it in nodes, or name one of the cluster's nodes"
}
