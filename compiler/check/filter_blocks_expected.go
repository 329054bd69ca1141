package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "filter-blocks-expected",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `filter-blocks-expected: a filter must let pass what an expectation needs

A BGPFilter, or the list of prefixes that a switch takes from its nodes and neighbors or sends to them, holds back a route
that some expectation can't do without. Both ends of the session look healthy: nothing is logged, the route is just not there.
The finding is told at the filter, and points to the expectations; expectation-failed tells the same from their side.

Mend it by a rule that accepts the prefix before the one that rejects it, by an entry of the switch's accept or send, or by
correcting the expectation.`,
	Source: "Calico, BGPFilter: rules are tried in order; RFC 8212",
	Run: func(p *Pass) {
		var told []*blocked
		proofs := p.proofs()
		for i := range proofs {
			proof := &proofs[i]
			stop := stopOf(proof)
			if stop == nil || stop.Outside != nil {
				continue
			}
			withheld := p.withheld(proof, stop)
			if withheld == "" && !isFiltered(stop) {
				continue
			}
			at := slices.IndexFunc(told, func(b *blocked) bool { return isSameStop(b.stop, stop) })
			if at < 0 {
				at = len(told)
				told = append(told, &blocked{stop: stop, because: cmp.Or(withheld, stop.Rule)})
			}
			told[at].proofs = append(told[at].proofs, proof)
		}
		for _, b := range told {
			b.report(p)
		}
	},
})

// blocked is one rule of a filter, and the expectations that it keeps from holding.
type blocked struct {
	stop    *simulate.Stop
	because string
	proofs  []*simulate.Proof
}

// isFiltered reports whether a filter that somebody wrote, or the lists of a switch, stop a route. A route that no pool covers is
// foreign-pool-missing's, and filters that are derived hold back what no peering lets pass.
func isFiltered(stop *simulate.Stop) bool {
	switch labels := stop.At.Labels(); {
	case len(labels) > 2 && labels[0] == "clusters":
		return labels[2] == "filters"
	case len(labels) > 0 && labels[0] == "switches":
		return strings.Contains(stop.Rule, "prefix list ") || strings.Contains(stop.Rule, "policy ")
	}
	return false
}

// meantRule is the rule of a BGPFilter that accepts something of the range that a route lies in, but not the route itself.
type meantRule struct {
	at    source.Path
	takes string // what it accepts, in words
	edit  string
}

// meantRule returns the accepting rule before the one that stops a route, which somebody wrote for a range that the route lies in;
// nil where there is none.
func (p *Pass) meantRule(stop *simulate.Stop) *meantRule {
	labels := stop.At.Labels()
	if len(labels) != 6 || labels[0] != "clusters" || labels[2] != "filters" {
		return nil
	}
	i := slices.IndexFunc(p.Fabric.Clusters, func(c *fabric.Cluster) bool { return c.Name == labels[1] })
	if i < 0 || p.Fabric.Clusters[i].Model.Filters[labels[3]] == nil {
		return nil
	}
	f := p.Fabric.Clusters[i].Model.Filters[labels[3]]
	rules := map[string][]model.FilterRule{"exportV4": f.ExportV4, "importV4": f.ImportV4, "exportV6": f.ExportV6, "importV6": f.ImportV6}[labels[4]]
	list := p.Fabric.Clusters[i].At().Fields("filters", labels[3], labels[4])
	for n, r := range rules {
		at := list.Index(n)
		if at == stop.At {
			break
		}
		if r.Action != "Accept" || !r.CIDR.IsValid() || !contains(r.CIDR.Masked(), stop.Prefix) {
			continue
		}
		if r.MatchOperator == "Equal" && r.CIDR.Masked() != stop.Prefix {
			return &meantRule{at.Field("matchOperator"), fmt.Sprintf("rule %d accepts %s as a whole only", n+1, r.CIDR), `write matchOperator: "In"`}
		}
		if l := r.PrefixLength; l != nil && (l.Min != nil && stop.Prefix.Bits() < *l.Min || l.Max != nil && stop.Prefix.Bits() > *l.Max) {
			return &meantRule{at.Field("prefixLength"), fmt.Sprintf("rule %d accepts other lengths than /%d of %s", n+1, stop.Prefix.Bits(), r.CIDR),
				fmt.Sprintf("let prefixLength include %d", stop.Prefix.Bits())}
		}
	}
	return nil
}

// withheld says which peering stops what is expected in so many words, because somebody wrote that it doesn't exchange it; empty:
// none does. Of what nobody wrote, the peering itself says what is expected.
func (p *Pass) withheld(proof *simulate.Proof, stop *simulate.Stop) string {
	for _, peering := range p.Fabric.Peerings {
		exchange, at := peering.Model.Exchange, peering.At().Field("exchange")
		switch {
		case proof.Implied || exchange == nil:
		case stop.At == at.Field("pods") && exchange.Pods != nil:
			return "peering " + peering.Name + " exchanges no pods"
		case stop.At == at.Field("services") && exchange.Services != nil:
			return "peering " + peering.Name + " exchanges no services"
		}
	}
	return ""
}

func (b *blocked) report(p *Pass) {
	at, because := b.stop.At, b.because
	meant := p.meantRule(b.stop)
	if meant != nil {
		at, because = meant.at, because+", and "+meant.takes
	}
	d := p.Reportf(at, "%s stops at %s: %s: this breaks %s", b.stop.Prefix, b.stop.Device, because, someOf(b.proofs, func(proof *simulate.Proof) string {
		if proof.Implied {
			return "the implied expectation \"" + proof.Name + "\""
		}
		return "expectation \"" + proof.Name + "\""
	}))
	var noted []source.Path
	for _, proof := range b.proofs[:min(len(b.proofs), maxNotes)] {
		if !slices.Contains(noted, proof.At) && proof.At != d.Path {
			d.Note(proof.At, "%s is expected here", proof.Name)
			noted = append(noted, proof.At)
		}
	}
	if meant != nil {
		d.Note(b.stop.At, "it is rejected here").WithHint("%s", meant.edit)
		return
	}
	if b.stop.Edit == "" {
		d.WithHint("accept the route in the filter, or correct the expectation")
		return
	}
	d.WithHint("%s", b.stop.Edit)
}
