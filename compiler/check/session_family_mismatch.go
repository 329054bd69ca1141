package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "session-family-mismatch",
	Severity: diag.Error,
	Source:   "Calico, two BIRD daemons of one family each (confd/etc/calico/confd/templates/bird6.cfg.template); RFC 4760",
	Doc: `session-family-mismatch: routes of a family need sessions of that family, and both ends an address of it

Calico runs one BIRD for IPv4 and one for IPv6. Each speaks over addresses of its own family and carries routes of that family
alone. A node without address6 has no IPv6 session, whatever its peers entries say, and Calico doesn't mention it. An IPv6 pool
gives its pods addresses all the same; below a leaf that has none on the nodes' IPv6 subnet, behind reflectors or over a peering
of reflectors that have none, the routes to those pods stay where they are: half of a dual-stack cluster works. Pools that Felix
programs (VXLAN) need no session. Nodes without an address of the family are taken to keep to the other one where some have it; it is
a warning where a peers entry names them.

Mend it by giving both ends an address of the family, or by deleting what needs it.`,
	Run: func(p *Pass) {
		var have map[fabric.Family]*inFamily
		told := lackingNodes{}
		for _, c := range p.Fabric.Clusters {
			if !knowsIPv6(c) {
				continue
			}
			if have == nil {
				have = sessionsByFamily(p.Fabric)
			}
			p.familyOfPools(c, fabric.IPv4, have, told)
			p.familyOfPools(c, fabric.IPv6, have, told)
		}
		p.familiesOfEntries(told)
		p.familiesOfPeerings(told)
	},
})

// knowsIPv6 reports whether a node or a pool of the cluster is in IPv6: else there is one family everywhere.
func knowsIPv6(c *fabric.Cluster) bool {
	return slices.ContainsFunc(c.Pools, func(pool *fabric.Pool) bool { return pool.CIDR.Addr().Is6() }) ||
		slices.ContainsFunc(c.Nodes, func(n *fabric.Node) bool { return n.Address6.IsValid() })
}

// familiesOfEntries reports peers entries for nodes that have no address of the entry's family, unless that has been told of the
// nodes. Where not all nodes are listed the others may have one.
func (p *Pass) familiesOfEntries(told lackingNodes) {
	misplaced := p.misplacedEntries()
	for _, c := range p.Fabric.Clusters {
		for _, e := range entriesOf(c) {
			nodes, known := e.selected()
			f := fabric.FamilyOf(e.PeerIP)
			lacking := slices.DeleteFunc(slices.Clone(nodes), func(n *fabric.Node) bool { return n.Addr(f).IsValid() || lostAddress(n) })
			if !known || told.all(lacking, f) || misplaced[e.Peer] {
				continue
			}
			at := e.At.Field("address")
			if len(lacking) < len(nodes) {
				if e.model.Nodes == "" && e.model.Rack == "" && e.model.RouteReflectors == "" {
					continue // it is for whoever can
				}
				p.Warnf(at, "peer %s of cluster %s is at %s, which %s, with no %s address, cannot speak with", e.Name, c.Name, e.PeerIP, someOf(lacking, deviceNameOf), f).
					Note(lacking[0].At(), "node %s is declared here", lacking[0].DeviceName()).
					WithHint("add %s to %s, or select the others in nodes", addressOf(f), someOf(lacking, deviceNameOf))
				continue
			}
			p.Report(severityOfAll(c), at, "peer %s of cluster %s is at %s, and %s, which it is for, %s no %s address: it makes no session",
				e.Name, c.Name, e.PeerIP, someOf(nodes, deviceNameOf), hasOrHave(len(nodes)), f).
				Note(lacking[0].At(), "node %s is declared here", lacking[0].DeviceName()).
				WithHint("write the peer's %s address, or add %s to the nodes", otherFamily(f), addressOf(f))
		}
	}
}

// severityOfAll is how bad it is if all listed nodes of a cluster lack something: others may have it where not all are listed.
func severityOfAll(c *fabric.Cluster) diag.Severity {
	if c.Incomplete {
		return diag.Warning
	}
	return diag.Error
}

// familiesOfPeerings reports peerings whose sessions cannot carry what both clusters have.
func (p *Pass) familiesOfPeerings(told lackingNodes) {
	carried := map[*fabric.Peering]map[fabric.Family]bool{}
	byPath := map[source.Path]*fabric.Peering{}
	for _, peering := range p.Fabric.Peerings {
		if peering.Via != fabric.ViaFabric {
			carried[peering] = map[fabric.Family]bool{}
			byPath[peering.At()] = peering
		}
	}
	if len(carried) == 0 {
		return
	}
	for _, s := range p.Fabric.Sessions {
		if s.Kind == fabric.PeeringSession {
			carried[byPath[s.At]][s.Family] = true
		}
	}
	for _, peering := range p.Fabric.Peerings {
		if has := carried[peering]; has != nil {
			p.familyOfPeering(peering, has, told)
		}
	}
}

func (p *Pass) familyOfPeering(peering *fabric.Peering, has map[fabric.Family]bool, told lackingNodes) {
	a, b := peering.Clusters[0], peering.Clusters[1]
	near, far := speakersOf(peering, a), speakersOf(peering, b)
	lacksSpeakers := func(c *fabric.Cluster) bool {
		return peering.Via == fabric.ViaRouteReflectors && (len(c.Reflectors()) == 0 || slices.ContainsFunc(c.Groups, lostReflector))
	}
	if lacksSpeakers(a) || lacksSpeakers(b) || len(near) == 0 || len(far) == 0 || slices.ContainsFunc(slices.Concat(near, far), lostAddress) {
		return // told by session-no-match and rr-unknown-node, or in linking
	}
	at := peering.At().Field("clusters")
	if !has[fabric.IPv4] && !has[fabric.IPv6] {
		p.Reportf(at, "peering %s joins %s (%s) with %s (%s): they have addresses of no common family, so there is no session",
			peering.Name, someOf(near, deviceNameOf), ownSubnet(near[0]), someOf(far, deviceNameOf), ownSubnet(far[0])).
			WithHint("give them addresses of one family, IPv4 or IPv6, in clusters %s and %s", a.Name, b.Name)
		return
	}
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		if has[f] || !exchanges(peering, f) {
			continue
		}
		lacking := near
		if slices.ContainsFunc(near, func(n *fabric.Node) bool { return n.Addr(f).IsValid() }) {
			lacking = far
		}
		if told.all(lacking, f) {
			continue
		}
		p.Reportf(at, "peering %s exchanges %s routes of clusters %s and %s, and there is no %s session: %s %s no %s address",
			peering.Name, f, a.Name, b.Name, f, someOf(lacking, deviceNameOf), hasOrHave(len(lacking)), f).
			Note(lacking[0].At(), "node %s is declared here", lacking[0].DeviceName()).
			WithHint("add %s to %s", addressOf(f), someOf(lacking, deviceNameOf))
	}
}

// exchanges reports whether a peering is for routes of a family: both clusters have pods of it, and take something of it.
func exchanges(peering *fabric.Peering, f fabric.Family) bool {
	has := func(ranges []fabric.Range) bool {
		return slices.ContainsFunc(ranges, func(r fabric.Range) bool { return fabric.FamilyOf(r.Prefix.Addr()) == f })
	}
	takes := peering.Pods
	for _, c := range peering.Clusters {
		if !has(c.PodRanges()) {
			return false
		}
		takes = takes || peering.Takes(peering.Other(c)) && has(c.Advertised)
	}
	return takes
}

func deviceNameOf(n *fabric.Node) string { return deviceName(n) }

// addressOf is the field of a node that holds its address of a family.
func addressOf(f fabric.Family) string {
	return "address" + map[fabric.Family]string{fabric.IPv6: "6"}[f]
}

func otherFamily(f fabric.Family) fabric.Family {
	if f == fabric.IPv4 {
		return fabric.IPv6
	}
	return fabric.IPv4
}
