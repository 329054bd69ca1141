package fabric

import (
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/model"
	"topoc/compiler/source"
)

// noTransit is the name of the derived filter on sessions to switches and external peers; a peering's has its name added.
const noTransit = "no-transit"

// linkFilters copies the user's filters and derives those that keep a cluster from giving transit: Calico sends every route
// that a pool covers to every eBGP peer, foreign pools included (calico.md 4.1).
func (l *linker) linkFilters() {
	for _, c := range l.f.Clusters {
		for _, name := range names(c.Model.Filters) {
			c.Filters = append(c.Filters, &Filter{Cluster: c, Name: name, At: c.At().Fields("filters", name), Rules: *c.Model.Filters[name]})
		}
		if len(c.Peerings) > 0 {
			c.addFilter(nil, c.Peerings[0].At(), c.heldBack(nil))
		}
		for _, p := range c.Peerings {
			if p.Via != ViaFabric {
				c.addFilter(p, p.At(), c.heldBack(p))
			}
		}
		slices.SortFunc(c.Filters, func(a, b *Filter) int { return strings.Compare(a.Name, b.Name) })
	}
}

// derivedFilterName names the filter on sessions over an exit: a peering, or nil for switches and external peers.
func (c *Cluster) derivedFilterName(exit *Peering) string {
	name := noTransit
	if exit != nil {
		name = objectName(noTransit, exit.Name)
	}
	if c.Model.Filters[name] != nil { // the user's own keeps its name
		name = objectName(name, hash([]string{name}))
	}
	return name
}

// addFilter adds a derived filter where there is something to hold back and a session to hold it back on.
func (c *Cluster) addFilter(exit *Peering, at source.Path, held []netip.Prefix) {
	if len(held) == 0 || exit == nil && !c.hasOtherExits() {
		return
	}
	f := &Filter{Cluster: c, Name: c.derivedFilterName(exit), Derived: true, At: at}
	for _, p := range held {
		rule := model.FilterRule{Action: "Reject", MatchOperator: "In", CIDR: p}
		if p.Addr().Is4() {
			f.Rules.ExportV4 = append(f.Rules.ExportV4, rule)
		} else {
			f.Rules.ExportV6 = append(f.Rules.ExportV6, rule)
		}
	}
	c.Filters = append(c.Filters, f)
}

// hasOtherExits reports whether sessions leave the cluster that are no peering's.
func (c *Cluster) hasOtherExits() bool {
	return len(c.Model.Peers) > 0 || slices.ContainsFunc(c.Racks, func(r *Rack) bool { return len(r.Switches) > 0 })
}

// heldBack returns the ranges that must not leave over the peering exit, or, where exit is nil, over a session to a switch
// or an external peer: those of partners whose routes may not pass there, and what the peering doesn't exchange.
func (c *Cluster) heldBack(exit *Peering) []netip.Prefix {
	var held []netip.Prefix
	hold := func(p netip.Prefix) {
		if p = p.Masked(); !slices.Contains(held, p) {
			held = append(held, p)
		}
	}
	for _, partner := range c.Partners() {
		toPartner := exit != nil && exit.Other(c) == partner.Cluster
		transit := partner.Peering.Transit && (exit == nil || exit.Transit && exit != partner.Peering)
		if toPartner || transit || exit != nil && exit == partner.Peering {
			continue
		}
		for _, pool := range c.Pools {
			if pool.Foreign == partner.Cluster {
				hold(pool.CIDR)
			}
		}
	}
	if exit != nil {
		if !exit.Pods {
			for _, r := range c.PodRanges() {
				hold(r.Prefix)
			}
		}
		if !exit.Takes(exit.Other(c)) {
			for _, r := range c.Advertised {
				hold(r.Prefix)
			}
		}
	}
	slices.SortFunc(held, ComparePrefix)
	return held
}

// filtersOn returns the names of the filters on a session: the derived one first, so that no rule of the user's can open
// transit unnoticed (a peering's `transit` does that), then the user's.
func (c *Cluster) filtersOn(exit *Peering, user []string) []string {
	name := c.derivedFilterName(exit)
	var filters []string
	if slices.ContainsFunc(c.Filters, func(f *Filter) bool { return f.Derived && f.Name == name }) {
		filters = append(filters, name)
	}
	return slices.Concat(filters, user)
}
