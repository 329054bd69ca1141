package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

var _ = rule(Rule{
	Name:     "foreign-pool-one-way",
	Severity: diag.Warning,
	Needs:    Routes,
	Doc: `foreign-pool-one-way: both clusters of a peering must take the other's routes

Packets that get there and have no way back are as lost as those that never arrive, and harder to find: a capture at the target
shows them. It happens where a filter, a switch's lists or pools written by hand let the routes of one side pass and none of
the other's, and where one side alone has a session that works.

Mend it at the rule that the note names, or delete the peering: with exchange it says which of pods and services are meant.`,
	Source: "Calico, BGPFilter; RFC 8212",
	Run: func(p *Pass) {
		byCluster := map[*fabric.Cluster][]simulate.Destination{}
		if len(p.Fabric.Peerings) > 0 {
			for d := range p.Predicted.Destinations() {
				byCluster[d.Cluster()] = append(byCluster[d.Cluster()], d)
			}
		}
		for _, peering := range p.Fabric.Peerings {
			a, b := peering.Clusters[0], peering.Clusters[1]
			toB, toA := takenOver(peering, b, byCluster[a]), takenOver(peering, a, byCluster[b])
			if len(toB) == 0 || len(toA) == 0 {
				continue
			}
			switch there, back := p.Predicted.Arrives(b, toB), p.Predicted.Arrives(a, toA); {
			case there && !back:
				p.oneWay(peering, a, b)
			case back && !there:
				p.oneWay(peering, b, a)
			}
		}
	},
})

// takenOver are those of the other cluster's destinations that a cluster takes over a peering.
func takenOver(peering *fabric.Peering, c *fabric.Cluster, all []simulate.Destination) []simulate.Destination {
	var taken []simulate.Destination
	for _, d := range all {
		if d.IsPods() && peering.Pods || d.IsServices() && peering.Takes(c) {
			taken = append(taken, d)
		}
	}
	return taken
}

// oneWay reports a peering over which the routes of one cluster get to the other one, and none back.
func (p *Pass) oneWay(peering *fabric.Peering, from, to *fabric.Cluster) {
	d := p.Reportf(peering.At(), "cluster %s gets routes of cluster %s over peering %s, and cluster %s none of cluster %s: packets get there, and the answers don't",
		to.Name, from.Name, peering.Name, from.Name, to.Name)
	trace := p.Predicted.Trace(simulate.Place{Cluster: from}, simulate.Place{Cluster: to, Pods: peering.Pods, Services: !peering.Pods})
	if trace.Stop == nil {
		d.WithHint("let cluster %s take the routes of cluster %s too, or delete the peering", from.Name, to.Name)
		return
	}
	if trace.Stop.At != "" && trace.Stop.At != d.Path {
		d.Note(trace.Stop.At, "%s stops them: %s", trace.Stop.Device, trace.Stop.Rule)
	}
	if trace.Stop.Edit == "" {
		d.WithHint("let cluster %s take the routes of cluster %s too, or delete the peering", from.Name, to.Name)
		return
	}
	d.WithHint("%s", trace.Stop.Edit)
}
