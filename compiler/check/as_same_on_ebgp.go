package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

var _ = rule(Rule{
	Name:     "as-same-on-ebgp",
	Severity: diag.Error,
	Doc: `as-same-on-ebgp: two clusters that peer directly need two AS numbers

A peering between clusters is eBGP: each side sets itself as the next hop and prepends its AS. With one AS on both sides the
sessions become iBGP: next hops stay those of nodes that the other cluster may have no way to, each side's reflectors treat
the other's as their clients, and what one cluster passes on is dropped by a third of the same AS. Clusters without asNumber
all have Calico's default, 64512. Clusters that don't peer directly may share an AS.

Mend it by giving one of the two clusters another asNumber.`,
	Source: "RFC 4271 section 5.1.3, RFC 4456; Calico, BGPConfiguration: asNumber",
	Run: func(p *Pass) {
		var free func() model.ASN
		for _, peering := range p.Fabric.Peerings {
			a, b := sameAS(peering)
			if a == nil {
				continue
			}
			if free == nil {
				free = unusedASNs(p.Fabric)
			}
			byDefault := ""
			if b.Cluster.Model.ASNumber == nil && b.ASN == b.Cluster.ASN {
				byDefault = " by default"
			}
			d := p.Reportf(b.ASNAt(), "cluster %s is AS %d%s, as is cluster %s, which it peers with directly: expected two AS numbers",
				b.Cluster.Name, b.ASN, byDefault, a.Cluster.Name)
			if a.ASNAt() != b.ASNAt() {
				d.Note(a.ASNAt(), "cluster %s is AS %d here", a.Cluster.Name, a.ASN)
			}
			d.Note(peering.At(), "peering %s joins the two", peering.Name).WithHint("write asNumber: %d", free())
		}
	},
})

// sameAS returns a speaker of each side of a peering that have one AS, or nil.
func sameAS(peering *fabric.Peering) (a, b *fabric.Node) {
	if peering.Via == fabric.ViaFabric {
		return nil, nil
	}
	byASN := map[model.ASN]*fabric.Node{}
	for _, n := range speakersOf(peering, peering.Clusters[0]) {
		if byASN[n.ASN] == nil {
			byASN[n.ASN] = n
		}
	}
	for _, n := range speakersOf(peering, peering.Clusters[1]) {
		if a := byASN[n.ASN]; a != nil {
			return a, n
		}
	}
	return nil, nil
}

// speakersOf returns the nodes of one side that hold the sessions of a peering. Where it has no reflectors, which is told by
// session-no-match, those that it has instead: they show the AS all the same.
func speakersOf(peering *fabric.Peering, c *fabric.Cluster) []*fabric.Node {
	if peering.Via == fabric.ViaRouteReflectors {
		if reflectors := c.Reflectors(); len(reflectors) > 0 {
			return reflectors
		}
	}
	return c.Nodes
}

// unusedASNs returns a function that proposes private AS numbers (RFC 6996) that nothing in the topology has, each once.
func unusedASNs(f *fabric.Fabric) func() model.ASN {
	used := map[model.ASN]bool{}
	for _, c := range f.Clusters {
		used[c.ASN] = true
		for _, n := range c.Nodes {
			used[n.ASN] = true
		}
		for _, peer := range c.Peers {
			used[peer.ASN] = true
		}
	}
	for _, s := range f.Switches {
		used[s.ASN] = true
	}
	next := fabric.DefaultASN
	return func() model.ASN {
		for ; used[next] || next == 65535; next++ {
			if next == 65535 { // reserved (RFC 7300); the private numbers go on far above
				next = 4200000000
			}
		}
		used[next] = true
		return next
	}
}
