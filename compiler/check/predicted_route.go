package check

import (
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
	type pair struct{ of, by *fabric.Cluster } // whose routes are taken, and who takes them
	pods, services := map[pair]bool{}, map[pair]bool{}
	for _, c := range p.Fabric.Clusters {
		for _, partner := range c.Partners() {
			both := pair{partner.Cluster, c}
			pods[both], services[both] = pods[both] || partner.Pods, services[both] || partner.Services
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
			isWanted := d.IsPods()
			if both := (pair{owner, part.Cluster}); part.Cluster != owner {
				isWanted = pods[both] && d.IsPods() || services[both] && d.IsServices()
			}
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
