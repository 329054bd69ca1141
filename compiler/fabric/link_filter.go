package fabric

import (
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Names of derived filters. no-transit holds back the ranges of all other clusters; a session that some of them may pass has a
// filter of its own.
const (
	noTransit    = "no-transit"
	noTransitOut = "no-transit-out" // to switches and external peers, where some peering gives transit
)

// linkFilters copies the user's filters and derives those that keep a cluster from giving transit: Calico sends every route
// that a pool covers to every eBGP peer, foreign pools included (confd/etc/calico/confd/templates/bird_ipam.cfg.template).
func (l *linker) linkFilters() {
	for _, c := range l.f.Clusters {
		for _, name := range names(c.Model.Filters) {
			c.Filters = append(c.Filters, &Filter{Cluster: c, Name: name, At: c.At().Fields("filters", name), Rules: *c.Model.Filters[name]})
		}
		c.derived = map[*Peering]string{}
		if len(c.Peerings) > 0 && c.hasOtherExits() {
			name, held := c.heldBackOut()
			c.deriveFilter(nil, name, held, c.Peerings[0].At())
		}
		for _, p := range c.Peerings {
			if p.Via != ViaFabric {
				name, held := c.heldBackOver(p)
				c.deriveFilter(p, name, held, p.At())
			}
		}
		slices.SortFunc(c.Filters, func(a, b *Filter) int { return strings.Compare(a.Name, b.Name) })
	}
}

// deriveFilter puts a filter on the sessions over an exit, a peering, or nil for switches and external peers, where there is
// something to hold back.
func (c *Cluster) deriveFilter(exit *Peering, name string, held []netip.Prefix, at source.Path) {
	if len(held) == 0 {
		return
	}
	if c.Model.Filters[name] != nil { // the user's own keeps its name
		name = objectName(name, hash([]string{name}))
	}
	c.derived[exit] = name
	if slices.ContainsFunc(c.Filters, func(f *Filter) bool { return f.Name == name }) {
		return // another exit has it already
	}
	f := &Filter{Cluster: c, Name: name, Derived: true, At: at}
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

// heldBackOut is what must not leave to switches and external peers: the ranges of partners over peerings without transit.
func (c *Cluster) heldBackOut() (name string, held []netip.Prefix) {
	name = noTransit
	if slices.ContainsFunc(c.partners, func(p Partner) bool { return p.Peering.Transit }) {
		name = noTransitOut
	}
	return name, c.foreignRanges(func(p Partner) bool { return !p.Peering.Transit })
}

// heldBackOver is what must not leave over a peering: the ranges of partners whose routes may not pass there, and what the
// peering doesn't exchange. Where nothing but the partner's own ranges is foreign there is nothing to hold back: it drops
// them by its own AS number in their path. Where there is, they are held back with the rest, so that one filter serves all
// peerings.
func (c *Cluster) heldBackOver(exit *Peering) (name string, held []netip.Prefix) {
	far := exit.Other(c)
	others := c.foreignRanges(func(p Partner) bool {
		return p.Cluster != far && p.Peering != exit && !(exit.Transit && p.Peering.Transit)
	})
	var own []netip.Prefix
	if !exit.Pods {
		own = appendRanges(own, c.PodRanges())
	}
	if !exit.Takes(far) {
		own = appendRanges(own, c.Advertised)
	}
	if !exit.Transit && len(own) == 0 && len(others) > 0 {
		return noTransit, c.foreignRanges(func(Partner) bool { return true })
	}
	held = slices.Concat(own, others)
	slices.SortFunc(held, ComparePrefix)
	return objectName(noTransit, exit.Name), slices.Compact(held)
}

// foreignRanges returns the ranges of the pools that stand for some of the partners, masked and sorted.
func (c *Cluster) foreignRanges(of func(Partner) bool) []netip.Prefix {
	wanted := map[*Cluster]bool{}
	for _, p := range c.partners {
		wanted[p.Cluster] = of(p)
	}
	var ranges []netip.Prefix
	for _, pool := range c.Pools {
		if wanted[pool.Foreign] {
			ranges = append(ranges, pool.CIDR.Masked())
		}
	}
	slices.SortFunc(ranges, ComparePrefix)
	return slices.Compact(ranges)
}

func appendRanges(to []netip.Prefix, ranges []Range) []netip.Prefix {
	for _, r := range ranges {
		to = append(to, r.Prefix.Masked())
	}
	return to
}

// filtersOn returns the names of the filters on a session: the derived one first, so that no rule of the user's can open
// transit unnoticed (a peering's `transit` does that), then the user's.
func (c *Cluster) filtersOn(exit *Peering, user []string) []string {
	var filters []string
	if name, ok := c.derived[exit]; ok {
		filters = append(filters, name)
	}
	return slices.Concat(filters, user)
}
