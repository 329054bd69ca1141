package oracle

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// Kinds of routes.
const (
	unicast     = "unicast"
	blackhole   = "blackhole"
	unreachable = "unreachable"
	rib         = "rib"
)

// kernel returns what the device has in its kernel, and what BGP knows beside that.
func (sp *speaker) kernel() []Route {
	var rows []Route
	if sp.external != nil {
		return nil
	}
	for _, e := range sp.order {
		rows = append(rows, sp.rows(e)...)
	}
	if sp.sw != nil {
		written := map[netip.Prefix]bool{}
		for _, s := range sp.sw.Statics {
			if hops := sp.staticTo(s.Prefix); hops != nil && !written[s.Prefix] {
				written[s.Prefix] = true
				rows = append(rows, sp.row(s.Prefix, Route{Kind: unicast, Proto: "static", NextHops: hops}))
			}
		}
	}
	return rows
}

// row completes a row.
func (sp *speaker) row(p netip.Prefix, r Route) Route {
	r.Device, r.VRF, r.Prefix = sp.name, sp.vrf, p
	r.NextHops = slices.Clone(r.NextHops)
	for i, a := range r.NextHops {
		r.NextHops[i] = shown(a)
	}
	slices.SortFunc(r.NextHops, netip.Addr.Compare)
	return r
}

func (sp *speaker) rows(e *entry) []Route {
	var rows []Route
	if e.felix.IsValid() {
		rows = append(rows, sp.row(e.prefix, Route{Kind: unicast, Proto: "80", NextHops: []netip.Addr{e.felix}}))
	}
	b := e.best
	switch {
	case b == nil:
	case b.in != nil && sp.sw != nil:
		rows = append(rows, sp.row(e.prefix, sp.switchRow(e)))
	case b.in != nil:
		rows = append(rows, sp.row(e.prefix, sp.learnedRow(e)))
	case sp.node != nil && b.source == fromStatic:
		rows = append(rows, sp.row(e.prefix, sp.staticRow(e)))
	}
	return rows
}

// switchRow is a route that a switch has learned. Connected subnets and static routes come before it.
func (sp *speaker) switchRow(e *entry) Route {
	r := Route{Kind: unicast, Proto: "bgp", ASPath: e.best.asPath, LocalPref: e.best.localPref, NextHops: sp.nextHops(e)}
	isConnected := slices.ContainsFunc(sp.nets, func(c connected) bool { return c.prefix.Masked() == e.prefix })
	if isConnected || sp.staticTo(e.prefix) != nil {
		r.Kind, r.NextHops = rib, nil
	}
	return r
}

// staticRow is a static route in BIRD's configuration: a block, a service range, the way to a peer.
func (sp *speaker) staticRow(e *entry) Route {
	r := Route{Kind: blackhole, Proto: "bird"}
	p := sp.node.poolOf(e.prefix)
	switch {
	case e.best.to == via:
		r.Kind, r.NextHops = unicast, e.best.gateways
	case sp.node.rejectsFromKernel(e.prefix):
		r.Kind = rib
	case p != nil && !sp.node.birdPrograms(p.encapsulation):
		if r.Proto = "80"; !slices.Contains(sp.node.blocks, e.prefix) {
			r.Kind, r.Proto = rib, "bird"
		}
	}
	return r
}

// learnedRow is a route that BIRD has learned, as Calico's kernel filter (calico_kernel_programming) leaves it.
func (sp *speaker) learnedRow(e *entry) Route {
	n, b := sp.node, e.best
	r := Route{Kind: unicast, Proto: "bird", ASPath: b.asPath, LocalPref: b.localPref}
	if n.atLeast(32, 0) {
		r.Metric = maxPriority - b.localPref
	}
	p := n.poolOf(e.prefix)
	own := n.node.Prefix(fabric.FamilyOf(e.prefix.Addr()))
	switch {
	case n.rejectsFromKernel(e.prefix), p != nil && !n.birdPrograms(p.encapsulation), sp.isInTheWay(e, r.Metric):
		r.Kind, r.Metric = rib, 0
		return r
	case !b.ok:
		r.Kind = unreachable
		return r
	}
	r.NextHops = sp.nextHops(e)
	isTunneled := p != nil && p.encapsulation == ipip && !(p.isCrossSubnet && own.Masked().Contains(b.nextHop))
	if isTunneled && len(r.NextHops) == 1 {
		r.NextHops = []netip.Addr{b.nextHop} // BIRD's krt_tunnel leads straight to NEXT_HOP; routes of several next hops have none
	}
	return r
}

// isInTheWay reports whether the kernel has a route of somebody else's to the prefix already, of the same metric: BIRD cannot
// replace it. The default route is such a one, and that to a pod.
func (sp *speaker) isInTheWay(e *entry, metric uint32) bool {
	alien := e.local(fromKernel)
	if metric == 0 {
		metric = unsetMetric(fabric.FamilyOf(e.prefix.Addr()))
	}
	return alien != nil && !alien.isHidden && alien.kernelMetric == metric
}
