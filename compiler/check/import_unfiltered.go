package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

var _ = rule(Rule{
	Name:     "import-unfiltered",
	Severity: diag.Warning,
	Doc: `import-unfiltered: what a speaker outside the topology sends must pass a filter

Calico takes whatever an eBGP neighbor announces: no match in a BGPFilter's import rules accepts. A firewall or load balancer
that leaks a default route, the site's routes or another cluster's pods puts them into the kernel of every node that peers
with it; RFC 8212 asks for an explicit policy on every eBGP session. It was a decision: import was opened to everything on the
assumption that the neighbor exports sensible routes only (calicoctl#80), and users have asked for a way to close it since a
peer that announces addresses of pods, by accident or not, takes their traffic (calico#1647). Sessions with declared switches
and clusters are filtered by what those may send.

Mend it by a filter whose import rules accept the ranges that are wanted and end with {action: "Reject"}.`,
	Source: "RFC 8212; calico#1647, calicoctl#80",
	Run: func(p *Pass) {
		declared := map[*fabric.Peer]bool{} // session-one-sided and its like tell of those
		for _, m := range p.meetings() {
			declared[m.Peer] = true
		}
		for _, c := range p.Fabric.Clusters {
			for _, e := range entriesOf(c) {
				nodes, known := e.selected()
				if known && !declared[e.Peer] && !isInternalTo(e, nodes) && !rejectsImports(c, e) && !lostFilter(c, e) {
					p.reportUnfiltered(c, e)
				}
			}
		}
	},
})

// reportUnfiltered reports an entry without filters, or the import rules of its last one: what they let through.
func (p *Pass) reportUnfiltered(c *fabric.Cluster, e entry) {
	rules := "importV4"
	if fabric.FamilyOf(e.PeerIP) == fabric.IPv6 {
		rules = "importV6"
	}
	if len(e.model.Filters) == 0 {
		p.Reportf(e.At, "nodes of cluster %s take whatever %s (%s, AS %d) announces", c.Name, e.Name, e.PeerIP, e.ASN).
			WithHint(`add filters: ["from-%s"], and to the cluster filters: "from-%s": %s: [{action: "Accept", cidr: "…", matchOperator: "In"}, {action: "Reject"}]`,
				e.Name, e.Name, rules)
		return
	}
	last := e.model.Filters[len(e.model.Filters)-1]
	d := p.Reportf(c.At().Fields("filters", last, rules), "filter %s rejects nothing that comes in, so nodes of cluster %s take whatever %s (%s, AS %d) announces",
		last, c.Name, e.Name, e.PeerIP, e.ASN).
		Note(e.At.Field("filters"), "it is all that %s has to pass", e.Name)
	if importRules(c.Model.Filters[last], e) == nil {
		d.WithHint(`write %s: [{action: "Accept", cidr: "…", matchOperator: "In"}, {action: "Reject"}] in filter %s`, rules, last)
		return
	}
	d.WithHint(`add {action: "Reject"} behind the rules of %s`, rules)
}

// lostFilter reports whether the entry names a filter that its cluster doesn't define.
func lostFilter(c *fabric.Cluster, e entry) bool {
	return slices.ContainsFunc(e.model.Filters, func(name string) bool { return c.Model.Filters[name] == nil })
}

// isInternalTo reports whether the entry's sessions are iBGP, or there are none.
func isInternalTo(e entry, nodes []*fabric.Node) bool {
	return !slices.ContainsFunc(nodes, func(n *fabric.Node) bool {
		local := n.ASN
		if e.LocalASNumber != nil {
			local = *e.LocalASNumber
		}
		return local != e.ASN
	})
}

// rejectsImports reports whether a filter of the entry rejects anything that arrives in its family: which routes the user
// means to keep out nobody knows.
func rejectsImports(c *fabric.Cluster, e entry) bool {
	return slices.ContainsFunc(c.Filters, func(f *fabric.Filter) bool {
		return slices.Contains(e.Filters, f.Name) &&
			slices.ContainsFunc(importRules(&f.Rules, e), func(r model.FilterRule) bool { return r.Action == "Reject" })
	})
}

// importRules returns the rules of a filter for what the entry's speaker announces in the family of its address.
func importRules(f *model.Filter, e entry) []model.FilterRule {
	if fabric.FamilyOf(e.PeerIP) == fabric.IPv6 {
		return f.ImportV6
	}
	return f.ImportV4
}
