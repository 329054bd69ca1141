package check

import (
	"net/netip"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "overlap-reserved",
	Severity: diag.Error,
	Doc: `overlap-reserved: nothing may use a range that the site has reserved

"reserved" lists the ranges that are in use elsewhere at the site: offices, partners, VPNs, other clusters. What the topology
numbers from one of them cannot be reached from there, or takes the traffic that was meant for it. In calico#7345 pods and
services outside of the cluster both had addresses of 100.64.0.0/10: Calico took those services for pods, left out source NAT,
and no connection came about. A second pool of other addresses changed nothing as long as the first was there.

Mend it by moving the range, or by deleting the reservation if it is out of date.`,
	Source: "calico#7345",
	Run: func(p *Pass) {
		if len(p.Fabric.Reserved) == 0 {
			return
		}
		spans := make([]span, 0, len(p.Fabric.Reserved))
		for i, r := range p.Fabric.Reserved {
			spans = append(spans, span{r.Prefix.Masked(), i})
		}
		uses := p.space().uses
		for i, u := range uses {
			spans = append(spans, span{u.prefix, len(p.Fabric.Reserved) + i})
		}
		hit := make([]int, len(uses)) // number of the reserved range plus one
		sweep(spans, func(outer, inner int) bool {
			reserved, use := min(outer, inner), max(outer, inner)-len(p.Fabric.Reserved)
			if reserved < len(p.Fabric.Reserved) && use >= 0 && hit[use] == 0 {
				hit[use] = reserved + 1
			}
			return inner < len(p.Fabric.Reserved) // which is told at each of the uses around it; a use meets it first or not at all
		})
		byReserved := make([][]*use, len(p.Fabric.Reserved))
		for i, u := range uses {
			if hit[i] > 0 {
				byReserved[hit[i]-1] = append(byReserved[hit[i]-1], u)
			}
		}
		for i, r := range p.Fabric.Reserved {
			p.reportReserved(r, byReserved[i])
		}
	},
})

// reportReserved reports what uses a reserved range: a subnet once, in whatever places it has addresses; and if whole ranges of
// several clusters are in it, the reservation, since it more likely is the one that is wrong.
func (p *Pass) reportReserved(r fabric.Range, uses []*use) {
	reserved := r.Prefix.Masked()
	clusters := map[*fabric.Cluster]bool{}
	for _, u := range uses {
		if u.claim != nil && contains(reserved, u.prefix) {
			clusters[u.claim.cluster] = true
		}
	}
	if len(clusters) > 1 {
		d := p.Reportf(r.At, "%s, which is reserved for %q, contains %s%s", reserved, r.Name, uses[0], andOthers(len(uses)-1, "other range"))
		for _, u := range uses[:min(len(uses), maxNotes)] {
			d.Note(u.at, "%s is written here", u)
		}
		d.WithHint("write a narrower range, or give the clusters other ones")
		return
	}
	told := map[netip.Prefix]*diag.Diagnostic{}
	for _, u := range uses {
		if d := told[u.prefix]; d != nil && u.claim == nil {
			d.Note(u.at, "%s too", u.addresses[0])
			continue
		}
		d := p.Reportf(u.at, "%s overlaps %s, which is reserved for %q", u, reserved, r.Name).Note(r.At, "it is reserved here")
		u.hint(p, d, reserved)
		if u.claim == nil {
			told[u.prefix] = d
		}
	}
}
