package check

import (
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "filter-unknown",
	Severity: diag.Error,
	Doc: `filter-unknown: a filter must be defined in the cluster that applies it

Calico skips the name of a BGPFilter that doesn't exist when it renders a session, and the session comes up without the
filter: everything passes that was meant to be stopped. Filters belong to one cluster. A peering names filters that each
of its two clusters defines for itself, and applies to its own side.

Mend it by defining the filter under filters of that cluster, or by correcting the name.`,
	Source: "confd's bird.cfg.template; Calico, BGPPeer: filters",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			one := []*fabric.Cluster{c}
			for _, r := range c.Racks {
				p.filterNames("rack "+r.Name+" of cluster "+c.Name, r.At(), r.Model.Filters, one)
			}
			for _, e := range entriesOf(c) {
				p.filterNames("peer "+e.Name+" of cluster "+c.Name, e.At, e.model.Filters, one)
			}
		}
		for _, peering := range p.Fabric.Peerings {
			p.filterNames("peering "+peering.Name, peering.At(), peering.Model.Filters, peering.Clusters[:])
		}
	},
})

// filterNames reports those names in the filters of what, which is declared at a path, that one of the clusters doesn't define.
func (p *Pass) filterNames(what string, at source.Path, names []string, clusters []*fabric.Cluster) {
	for i, name := range names {
		var lacking []*fabric.Cluster
		for _, c := range clusters {
			byName := func(f *fabric.Filter, name string) int { return strings.Compare(f.Name, name) }
			if _, isDefined := slices.BinarySearchFunc(c.Filters, name, byName); !isDefined {
				lacking = append(lacking, c)
			}
		}
		if len(lacking) == 0 {
			continue
		}
		if len(clusters) == 2 && len(lacking) == 1 && p.misnamed(what, at.Field("filters").Index(i), name, lacking[0]) {
			continue
		}
		verb := "doesn't define"
		if len(lacking) > 1 {
			verb = "don't define"
		}
		d := p.Reportf(at.Field("filters").Index(i), "%s names filter %s, which %s %s", what, name, someOf(lacking, inWords), verb)
		if defines := others(clusters, lacking); len(defines) > 0 {
			d.Note(defines[0].At().Fields("filters", name), "cluster %s defines it here", defines[0].Name)
		}
		if near := diag.Nearest(name, commonFilters(clusters)); near != "" && len(lacking) == len(clusters) {
			d.WithHint("write %q", near)
		} else {
			d.WithHint("define %s under filters of %s", name, someOf(lacking, inWords))
		}
	}
}

// misnamed reports a filter that nothing names and whose name is nearly the one that a peering asks its cluster for, the other
// cluster having one of just that name; it returns false where there is none.
func (p *Pass) misnamed(what string, at source.Path, name string, c *fabric.Cluster) bool {
	idle := slices.DeleteFunc(sorted(c.Model.Filters), func(filter string) bool { return namesFilter(c, filter) })
	near := diag.Nearest(name, idle)
	if near == "" {
		return false
	}
	p.Reportf(c.At().Fields("filters", near), "cluster %s defines filter %s, which nothing names, and %s names filter %s of both its clusters",
		c.Name, near, what, name).
		Note(at, "it is named here").
		WithHint("rename it %q", name)
	return true
}

// namesFilter reports whether something names a filter of the cluster.
func namesFilter(c *fabric.Cluster, filter string) bool {
	return slices.ContainsFunc(c.Racks, func(r *fabric.Rack) bool { return slices.Contains(r.Model.Filters, filter) }) ||
		slices.ContainsFunc(entriesOf(c), func(e entry) bool { return slices.Contains(e.model.Filters, filter) }) ||
		slices.ContainsFunc(c.Peerings, func(peering *fabric.Peering) bool { return slices.Contains(peering.Model.Filters, filter) })
}

func inWords(c *fabric.Cluster) string { return "cluster " + c.Name }

// others returns the clusters that are not among some of them.
func others(clusters, some []*fabric.Cluster) []*fabric.Cluster {
	return slices.DeleteFunc(slices.Clone(clusters), func(c *fabric.Cluster) bool { return slices.Contains(some, c) })
}

// commonFilters returns the names of the user's filters that all of the clusters define.
func commonFilters(clusters []*fabric.Cluster) []string {
	return slices.DeleteFunc(sorted(clusters[0].Model.Filters), func(name string) bool {
		return slices.ContainsFunc(clusters, func(c *fabric.Cluster) bool { return c.Model.Filters[name] == nil })
	})
}
