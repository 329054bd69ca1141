package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// way is how a device gets to a next hop.
type way struct {
	metric    bgp.Metric
	gateways  []netip.Addr // of a next hop that is not on-link, ascending
	links     []hop        // likewise, over links without addresses; neither: the next hop is on-link, or the gateway is not known
	isUnknown bool         // through a default gateway of which the topology knows nothing, but perhaps its address
	leans     bool         // it depends, or may come to, on what BGP brought
}

// equals reports whether two ways lead over the same.
func (w *way) equals(other *way) bool {
	return w.metric == other.metric && w.isUnknown == other.isUnknown && slices.Equal(w.gateways, other.gateways) &&
		slices.Equal(w.links, other.links)
}

// isOnLink reports whether the next hop is on a network of the device's own.
func (w way) isOnLink() bool {
	return w.metric != bgp.Unreachable && w.gateways == nil && w.links == nil && !w.isUnknown
}

var noWay = way{metric: bgp.Unreachable}

// resolver finds the ways to next hops in one domain and one state of its underlay, and remembers them. Not safe for
// concurrent use.
type resolver struct {
	view   *view
	domain *domain
	ways   map[wayKey]way
	asked  []wayKey       // keys of ways, in the order in which they were asked for
	before *resolver      // while nothing had failed: what it found where neither links nor BGP have a part in it holds still; nil: none
	hurt   map[*Part]bool // parts that a link has failed of

	leans bool // some way does: the ways hold for the routes as they were
}

// wayKey is the indexes of a speaker and a hop.
type wayKey struct{ speaker, hop int }

func newResolver(v *view, d *domain) *resolver {
	return &resolver{view: v, domain: d, ways: map[wayKey]way{}, hurt: v.unlinked()}
}

// unlinked are the parts that a link has failed of.
func (v *view) unlinked() map[*Part]bool {
	if v.down == nil {
		return nil
	}
	hurt := map[*Part]bool{}
	for l := range v.down.links {
		for _, end := range l.Ends {
			for _, at := range v.result.places(end.Switch) {
				hurt[at.part] = true
			}
		}
	}
	return hurt
}

// resolve is bgp.Network.Resolve.
func (r *resolver) resolve(s *bgp.Speaker, h *bgp.Hop) bgp.Metric { return r.way(s, h).metric }

// way returns the way of a part to a next hop: to all members alike that have it, since they are on the same subnets.
func (r *resolver) way(s *bgp.Speaker, h *bgp.Hop) way {
	key := wayKey{s.Index, h.Index}
	if r.before != nil && !r.hurt[r.domain.parts[s.Index]] {
		if known, ok := r.before.ways[key]; ok && !known.leans {
			return known
		}
	}
	if known, ok := r.ways[key]; ok {
		return known
	}
	leans := r.leans
	r.leans = false
	found := r.find(s, h)
	found.leans = r.leans
	r.leans = r.leans || leans
	r.ways[key] = found
	r.asked = append(r.asked, key)
	return found
}

func (r *resolver) find(s *bgp.Speaker, h *bgp.Hop) way {
	p := r.domain.parts[s.Index]
	a := h.Addrs[0]
	if h.Speaker == s {
		a = h.Addrs[len(h.Addrs)-1] // as the first member sees the last
	}
	if !a.IsValid() || a.IsLinkLocalUnicast() {
		return r.overLink(s, h)
	}
	if fabric.FamilyOf(a) != r.domain.family {
		return noWay
	}
	g := p.ground[familyIndex(r.domain.family)]
	if g == nil || g.has(0, a, r.view.down) {
		return noWay
	}
	if p.Switch != nil {
		return r.fromSwitch(p, g, a)
	}
	return r.fromNode(p, g, a)
}

// overLink resolves a next hop that is known together with an interface only: that of a session over a link without addresses
// (RFC 8950). Who has no such session cannot use it.
func (r *resolver) overLink(s *bgp.Speaker, h *bgp.Hop) way {
	for _, e := range s.Ends {
		if r.domain.network.Ends[e.Index^1].Hop == h {
			return way{}
		}
	}
	return noWay
}

// fromNode resolves as BIRD does over its master table (nest/rt-table.c, rta_set_recursive_next_hop): the longest route
// decides. Over one that is recursive itself, a BGP route, nothing is reachable, nor over the node's own blackholes. Before
// the kernel's default route, of preference 10, comes one of BGP.
func (r *resolver) fromNode(p *Part, g *ground, a netip.Addr) way {
	act, prefix := g.toward(netip.PrefixFrom(a, a.BitLen()), r.view.down)
	if _, _, isBGP := r.overBGP(p, a, prefix); isBGP {
		return noWay
	}
	switch {
	case act == onLink:
		return way{}
	case act != nil:
		return way{metric: bgp.ViaGateway, gateways: gatewaysOf(act)}
	case g.gateway.IsValid() && (g.attachmentTo(g.gateway, r.view.down) != nil || g.attachmentTo(g.gateway, nil) == nil):
		// Outside of all subnets it is one that `ip route` calls onlink, as nodes with a /32 have it.
		return way{metric: bgp.ViaGateway, gateways: []netip.Addr{g.gateway}, isUnknown: g.believes}
	case g.believes && !g.gateway.IsValid():
		return way{metric: bgp.ViaGateway, isUnknown: true}
	}
	return noWay
}

// fromSwitch resolves as switches do: connected, else over a static or BGP route, but no default route (FRR,
// "ip nht resolve-via-default", is off unless asked for). The cost is that of the route's protocol: of neither any.
func (r *resolver) fromSwitch(p *Part, g *ground, a netip.Addr) way {
	act, prefix := g.toward(netip.PrefixFrom(a, a.BitLen()), r.view.down)
	if route, d, isBGP := r.overBGP(p, a, prefix); isBGP {
		return r.recursive(route, d)
	}
	switch {
	case act == onLink:
		return way{}
	case act != nil:
		return way{gateways: gatewaysOf(act)}
	}
	return noWay
}

// overBGP returns the BGP route that is the longest to an address, if longer than the prefix of another route and, at
// switches, more than a default route.
func (r *resolver) overBGP(p *Part, a netip.Addr, other netip.Prefix) (*action, *destination, bool) {
	ix := r.domain.indexes.underlay(r.domain)
	for _, bits := range ix.lengths {
		if other.IsValid() && bits <= other.Bits() || bits == 0 && p.Switch != nil {
			break
		}
		prefix, _ := a.Prefix(bits)
		t, ok := ix.targets[prefix]
		if !ok {
			continue
		}
		r.leans = true
		if act := r.view.at(t.destination, t.destination.slot(p, 0, t.member)); act != nil && act.best {
			return act, t.destination, true
		}
	}
	return nil, nil, false
}

// recursive is the way over a BGP route of a switch: through the gateways of its next hops.
func (r *resolver) recursive(route *action, d *destination) way {
	if route.kind != forward {
		return noWay
	}
	var found way
	for _, h := range route.hops {
		switch {
		case h.gateway.IsValid():
			found.gateways = append(found.gateways, h.gateway)
		case h.Hop >= 0 && r.domain.network.Hops[h.Hop].Addrs[0].IsValid():
			found.gateways = append(found.gateways, r.domain.network.Hops[h.Hop].Addrs...)
		case h.Hop >= 0:
			found.links = append(found.links, h)
		}
	}
	slices.SortFunc(found.gateways, netip.Addr.Compare)
	found.gateways = slices.Compact(found.gateways)
	if found.gateways == nil && found.links == nil {
		return noWay
	}
	return found
}

func gatewaysOf(a *action) []netip.Addr {
	var all []netip.Addr
	for _, h := range a.hops {
		if h.gateway.IsValid() {
			all = append(all, h.gateway)
		}
	}
	return all
}
