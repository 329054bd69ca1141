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
				if !known || declared[e.Peer] || isInternalTo(e, nodes) || rejectsImports(c, e) {
					continue
				}
				family := fabric.FamilyOf(e.PeerIP)
				p.Reportf(e.At, "nodes of cluster %s take whatever %s (%s, AS %d) announces", c.Name, e.Name, e.PeerIP, e.ASN).
					WithHint(`add filters: ["from-%s"], and to the cluster filters: "from-%s": import%s: [{action: "Accept", cidr: "…", matchOperator: "In"}, {action: "Reject"}]`,
						e.Name, e.Name, map[fabric.Family]string{fabric.IPv4: "V4", fabric.IPv6: "V6"}[family])
			}
		}
	},
})

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
	isV6 := fabric.FamilyOf(e.PeerIP) == fabric.IPv6
	return slices.ContainsFunc(c.Filters, func(f *fabric.Filter) bool {
		rules := f.Rules.ImportV4
		if isV6 {
			rules = f.Rules.ImportV6
		}
		return slices.Contains(e.Filters, f.Name) &&
			slices.ContainsFunc(rules, func(r model.FilterRule) bool { return r.Action == "Reject" })
	})
}
