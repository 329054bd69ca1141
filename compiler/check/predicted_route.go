package check

import (
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// follower follows packets in the prediction, for all rules of a run.
func (p *Pass) follower() *simulate.Follower {
	if p.shared.follower == nil {
		p.shared.follower = p.Predicted.Follow()
	}
	return p.shared.follower
}

// wanted calls visit for every destination of pods and services and every part of nodes that is to reach it: pods of its own
// cluster, and what its cluster takes from a partner. In the order of destinations, then parts.
func (p *Pass) wanted(visit func(simulate.Destination, *simulate.Part)) {
	takers := map[*fabric.Cluster][]fabric.Partner{} // by whose routes are taken; Cluster is who takes them
	for _, c := range p.Fabric.Clusters {
		for _, partner := range c.Partners() {
			of := partner.Cluster
			partner.Cluster = c
			takers[of] = append(takers[of], partner)
		}
	}
	for d := range p.Predicted.Destinations() {
		owner := d.Cluster()
		if owner == nil {
			continue
		}
		for _, part := range d.Speakers() {
			if part.Nodes == nil {
				continue
			}
			isWanted := part.Cluster == owner && d.IsPods() || part.Cluster != owner &&
				slices.ContainsFunc(takers[owner], func(t fabric.Partner) bool {
					return t.Cluster == part.Cluster && (t.Pods && d.IsPods() || t.Services && d.IsServices())
				})
			if isWanted {
				visit(d, part)
			}
		}
	}
}

// scope is the devices that findings about a part are gathered by: the nodes of its rack, or those of its cluster in none; of a
// switch, it.
type scope struct {
	cluster *fabric.Cluster
	rack    *fabric.Rack
	device  fabric.Device // of no cluster
}

func scopeOf(part *simulate.Part) scope {
	if part.Nodes == nil {
		return scope{device: part.Device(0)}
	}
	return scope{cluster: part.Cluster, rack: part.Nodes[0].Rack}
}

// String names the devices: "nodes of rack r2 of cluster prod".
func (s scope) String() string {
	switch {
	case s.device != nil:
		return deviceName(s.device)
	case s.rack != nil:
		return "nodes of rack " + s.rack.Name + " of cluster " + s.cluster.Name
	}
	return "nodes of cluster " + s.cluster.Name
}

// originScope is whose prefixes a destination stands for.
func originScope(d simulate.Destination) scope {
	if parts := d.OriginParts(); d.IsPods() && len(parts) > 0 {
		return scopeOf(parts[0])
	}
	return scope{cluster: d.Cluster()}
}
