package topogen

import (
	"fmt"
	"slices"
)

// writeLinks joins leaves with spines, or where there are none leaves with each other, and the leaves of a pair, which speak iBGP
// where they are of one AS.
func (g *generator) writeLinks() {
	kind := pick(g, numbered, numbered, numbered, numbered, unnumbered, linkLocal, onlyIPv6)
	for i, leaf := range g.leaves {
		for j, spine := range g.spines {
			if i == 0 && j == 0 || g.chance(88) {
				g.joinVRFs(spine, leaf, kind)
			}
		}
		if i > 0 && len(g.spines) == 0 && g.chance(85) {
			g.joinVRFs(g.leaves[i-1], leaf, kind)
		}
	}
	if len(g.spines) == 2 && g.chance(15) {
		g.join(g.spines[0], g.spines[1], "", kind)
	}
	if len(g.spines) == 0 {
		return
	}
	for i, leaf := range g.leaves[:max(0, len(g.leaves)-1)] {
		isPair := slices.ContainsFunc(g.racksBelow(leaf), func(r *rack) bool { return slices.Contains(r.switches, g.leaves[i+1]) })
		if isPair && g.chance(50) {
			g.join(leaf, g.leaves[i+1], "", kind)
		}
	}
}

// linkKind is how the two ends of a link find each other.
type linkKind uint8

const (
	numbered   linkKind = iota // in the families of the clusters
	onlyIPv6                   // in IPv6, whatever the clusters have
	unnumbered                 // by their interfaces
	linkLocal                  // by link-local addresses that are written down
)

// joinVRFs links two switches in every VRF in use, rarely twice.
func (g *generator) joinVRFs(a, b *device, kind linkKind) {
	var vrfs []string
	for _, c := range g.clusters {
		if c.isOnFabric && !slices.Contains(vrfs, c.vrf) {
			vrfs = append(vrfs, c.vrf)
		}
	}
	for _, vrf := range vrfs {
		g.join(a, b, vrf, kind)
	}
	if g.chance(6) {
		g.join(a, b, vrfs[0], kind)
	}
}

// join writes one link. Only FRR's language has sessions without global addresses.
func (g *generator) join(a, b *device, vrf string, kind linkKind) {
	var v4, v6 bool
	for _, c := range g.clusters {
		v4, v6 = v4 || c.isOnFabric && c.v4, v6 || c.isOnFabric && c.v6
	}
	switch {
	case kind == onlyIPv6 && (g.isWild || !v4):
		v4, v6 = false, true
	case (kind == unnumbered || kind == linkLocal) && (g.isWild || a.dialect == "frr" && b.dialect == "frr"):
		v4, v6 = false, false
	default:
		kind = numbered
	}
	g.links++
	link := g.root.in("links", fmt.Sprintf("%s-%s-%d", a.name, b.name, g.links))
	if g.chance(4) {
		link.set("bgp", false)
	}
	for i, d := range []*device{a, b} {
		end := link.in(d.name)
		if v4 {
			end.set("address", ipv4(linkNumber, g.links, i, 31))
		}
		if v6 {
			end.set("address6", ipv6(linkNumber, g.links, i, 127))
		}
		if kind == linkLocal {
			end.set("address6", fmt.Sprintf("fe80::%x/64", 16*g.links+d.number))
		}
		if kind != numbered || g.chance(60) {
			end.set("interface", d.port(false))
		}
		if vrf != "" && vrf != d.vrf {
			end.set("vrf", vrf)
		}
	}
}

// writePeerings lets clusters exchange routes.
func (g *generator) writePeerings() {
	for i, a := range g.clusters {
		for _, b := range g.clusters[i+1:] {
			if (a.isolated || b.isolated) && !(g.isWild && g.chance(30)) || !g.chance(75) {
				continue
			}
			out := g.root.in("peerings", a.name+"-"+b.name)
			out.set("clusters", []string{a.name, b.name})
			g.writeExchange(out, a, b)
			if g.chance(15 + 10*len(g.clusters)) {
				out.set("transit", true)
			}
			if g.chance(8) {
				writeSecret(out, "password")
			}
			if len(a.filters) == len(b.filters) {
				g.useFilters(out, a, 60)
			}
			if a.v4 && b.v4 && g.chance(8) && a.out.field("ipPools") != nil {
				p := a.out.in("ipPools", "all-of-"+b.name)
				p.set("cidr", ipv4(podNumber+podStep*b.ranges, 0, 0, 13))
				p.set("disabled", true)
			}
		}
	}
}

// writeExchange decides who holds the sessions of a peering, and what it is for.
func (g *generator) writeExchange(out *value, a, b *cluster) {
	switch {
	case a.isOnFabric && b.isOnFabric && g.chance(60):
		out.set("via", "fabric")
	case len(a.groups) == 0 || len(b.groups) == 0 || g.chance(15):
		out.set("via", "nodes")
	case g.chance(20):
		out.set("via", "routeReflectors")
	}
	if g.chance(30) {
		x := out.in("exchange")
		x.set(pick(g, "pods", "services"), g.chance(30))
		if x.field("services") == nil {
			maybe(g, x, 50, "services", true)
		}
	}
}

// writeHosts writes a host in the subnet of some nodes, with static routes to their cluster.
func (g *generator) writeHosts() {
	if !g.chance(25) {
		return
	}
	n := pick(g, pick(g, g.clusters...).nodes...)
	c, s := n.cluster, n.subnet
	h := g.root.in("hosts", "desk")
	host := s.take(c)
	if c.v4 {
		h.set("address", s.addr4(host))
	}
	if c.v6 {
		h.set("address6", s.addr6(host))
	}
	h.set("system", pick(g, "iproute2", "netplan", "networkmanager"))
	if g.chance(80) {
		g.writeStatics(h.in("routes"), c, s)
	}
}

// writeExpectations writes what should hold, without knowing whether it does.
func (g *generator) writeExpectations() {
	var names []string
	for _, c := range g.clusters {
		n := pick(g, c.nodes...)
		names = append(names, c.name, c.name, c.name, c.name+"/"+n.name, n.name)
	}
	for _, label := range []string{"switches", "hosts"} {
		if of := g.root.field(label); of != nil {
			for _, v := range of.children {
				names = append(names, v.label)
			}
		}
	}
	for i := range pick(g, 0, 1, 1, 2, 3) {
		e := g.root.in("expect", fmt.Sprintf("expectation %d", i+1))
		e.set("from", pick(g, names...))
		e.set("to", pick(g, names...))
		maybe(g, e, 70, "traffic", []string{"pods"}, []string{"services"}, []string{"pods", "services"})
		maybe(g, e, 20, "reach", false, true)
		maybe(g, e, 20, "paths", 2)
		maybe(g, e, 25, "survives", 1)
	}
}
