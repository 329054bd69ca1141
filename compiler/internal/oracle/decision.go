package oracle

import (
	"cmp"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// better reports whether a speaker prefers a to b.
func (sp *speaker) better(a, b *route) bool {
	if sp.node != nil {
		return birdPrefers(a, b) < 0
	}
	return switchPrefers(a, b) < 0
}

// birdPrefers compares two routes as BIRD does (nest/rt-table.c rte_better, proto/bgp/attrs.c bgp_rte_better): negative where a
// is better. MED is left out, nobody here sends any.
func birdPrefers(a, b *route) int {
	if c := -cmp.Compare(a.preference, b.preference); c != 0 {
		return c
	}
	if a.in == nil || b.in == nil {
		return cmp.Or(isLearned(a)-isLearned(b), cmp.Compare(a.source, b.source))
	}
	return cmp.Or(
		-compareBool(a.ok, b.ok),
		prefersUpToMetric(a, b),
		prefersFromRouterID(a, b),
	)
}

// switchPrefers compares two routes as switches do: their own before any other, then RFC 4271 section 9.1.2.2 and RFC 4456
// section 9. A route whose next hop nobody can resolve is not eligible (RFC 4271 section 9.1.2.1).
func switchPrefers(a, b *route) int {
	if c := isLearned(a) - isLearned(b); c != 0 {
		return c
	}
	if a.in == nil {
		return cmp.Compare(a.source, b.source)
	}
	return cmp.Or(
		-compareBool(a.ok, b.ok),
		prefersUpToMetric(a, b),
		prefersFromRouterID(a, b),
	)
}

// prefersUpToMetric is the steps that paths which are used together must have equal.
func prefersUpToMetric(a, b *route) int {
	return cmp.Or(
		-cmp.Compare(a.localPref, b.localPref),
		cmp.Compare(len(a.asPath), len(b.asPath)),
		cmp.Compare(a.origin, b.origin),
		compareBool(a.in.isInternal, b.in.isInternal),
		cmp.Compare(a.metric, b.metric),
	)
}

// prefersFromRouterID is the steps that leave one path. The last three are nobody's rule: see the package's comment.
func prefersFromRouterID(a, b *route) int {
	return cmp.Or(
		cmp.Compare(a.identifier(), b.identifier()),
		cmp.Compare(len(a.clusterList), len(b.clusterList)),
		a.in.remote.Compare(b.in.remote),
		a.nextHop.Compare(b.nextHop),
		slices.Compare(a.asPath, b.asPath),
		slices.Compare(a.clusterList, b.clusterList),
	)
}

// identifier is the BGP identifier that is compared: the originator's of a reflected route, else the neighbor's.
func (r *route) identifier() uint32 { return cmp.Or(r.originator, r.in.far.owner.routerID) }

func isLearned(r *route) int {
	if r.in == nil {
		return 0
	}
	return 1
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// maxMerged is the most next hops of one route that BIRD writes ("merge paths", nest/rt-table.c).
const maxMerged = 16

// nextHops returns the gateways of an entry's best route and of those used with it, sorted; none where it leads nowhere.
func (sp *speaker) nextHops(e *entry) []netip.Addr {
	if e.best == nil || !e.best.ok {
		return nil
	}
	if e.best.in == nil {
		return e.best.gateways
	}
	var used []*route
	for _, r := range e.routes {
		if r != e.best && r.attributes != nil && r.in != nil && r.ok && sp.isUsedWith(r, e.best) {
			used = append(used, r)
		}
	}
	slices.SortFunc(used, func(a, b *route) int { // FRR 8, bgpd/bgp_mpath.c bgp_path_info_mpath_cmp
		return cmp.Or(-compareBool(a.nextHop.Zone() != "", b.nextHop.Zone() != ""), a.nextHop.Compare(b.nextHop), a.in.remote.Compare(b.in.remote))
	})
	gateways := slices.Clone(e.best.gateways)
	paths := map[netip.Addr]bool{e.best.nextHop: true}
	for _, r := range used {
		if sp.router != nil && len(paths) >= sp.router.MaximumPaths && !paths[r.nextHop] {
			break
		}
		paths[r.nextHop] = true
		gateways = append(gateways, r.gateways...)
	}
	slices.SortFunc(gateways, netip.Addr.Compare)
	gateways = slices.Compact(gateways)
	if sp.node != nil && len(gateways) > maxMerged {
		gateways = gateways[:maxMerged]
	}
	return gateways
}

// isUsedWith reports whether a route shares the traffic with the best one. BIRD asks that AS paths be equally long; switches
// that they be equal, or on eBGP that the neighbors are of one AS, unless told to relax that.
func (sp *speaker) isUsedWith(r, best *route) bool {
	if r.preference != best.preference || prefersUpToMetric(r, best) != 0 {
		return false
	}
	switch {
	case sp.node != nil, sp.relaxes():
		return true
	case sp.router == nil:
		return false
	case r.in.isInternal:
		return slices.Equal(r.asPath, best.asPath)
	}
	return r.in.far.localASN == best.in.far.localASN
}

func (sp *speaker) relaxes() bool {
	if sp.router == nil || !sp.router.RelaxASPath {
		return false
	}
	return sp.sw.Dialect == nil || sp.sw.Dialect.Has(fabric.FeatureRelaxASPath)
}

// lookup resolves a next hop.
func (sp *speaker) lookup(a netip.Addr) resolution {
	switch {
	case sp.external != nil:
		return resolution{ok: true, gateways: []netip.Addr{a}}
	case sp.node != nil:
		return sp.lookupBIRD(a)
	}
	return sp.lookupSwitch(a)
}

// lookupBIRD finds the longest route of BIRD's master table. "gateway recursive" takes no route that is recursive itself, as
// those of BGP are, nor one to an own address (nest/rt-table.c rt_update_hostentry).
func (sp *speaker) lookupBIRD(a netip.Addr) resolution {
	for bits := a.BitLen(); bits >= 0; bits-- {
		p, _ := a.Prefix(bits)
		e := sp.table[p]
		if e == nil || e.best == nil {
			continue
		}
		b := e.best
		switch {
		case b.in != nil, b.to == blackholed, sp.has(a):
			return resolution{metric: viaGateway}
		case b.to == device:
			return resolution{ok: true, gateways: []netip.Addr{a}, out: b.iface}
		}
		return resolution{ok: b.ok, gateways: []netip.Addr{b.gateway}, out: b.iface, metric: viaGateway}
	}
	return resolution{metric: viaGateway}
}

// lookupSwitch finds the longest of connected, static and BGP routes, but no default route (FRR, "ip nht resolve-via-default",
// is off unless asked for). The cost of all of them is 0.
func (sp *speaker) lookupSwitch(a netip.Addr) resolution {
	if a.Zone() != "" {
		return resolution{ok: true, gateways: []netip.Addr{a}}
	}
	var found resolution
	bits := -1
	if c := sp.onSubnet(a); c != nil {
		if c.prefix.Addr() == a {
			return resolution{}
		}
		found, bits = resolution{ok: true, gateways: []netip.Addr{a}, out: c.name}, c.prefix.Bits()
	}
	for _, s := range sp.sw.Statics {
		if hops := sp.staticTo(s.Prefix); hops != nil && s.Prefix.Contains(a) && s.Prefix.Bits() > bits {
			found, bits = resolution{ok: true, gateways: hops}, s.Prefix.Bits()
		}
	}
	for b := a.BitLen(); b > max(bits, 0); b-- {
		p, _ := a.Prefix(b)
		if e := sp.table[p]; e != nil && e.best != nil && e.best.in != nil && e.best.nextHop != a {
			return resolution{ok: true, gateways: sp.nextHops(e)}
		}
	}
	return found
}
