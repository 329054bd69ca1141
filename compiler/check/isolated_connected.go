package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "isolated-connected",
	Severity: diag.Error,
	Doc: `isolated-connected: an isolated cluster must not meet another one

isolated: true says that a cluster may use the ranges, names and numbers of others, since no route of theirs ever meets one of
its own. A peering makes them meet, and so does a VRF of a switch that serves both, or that switches of both reach by BGP:
routes for the same range then come from two clusters, and which of them wins changes with every event in the network.
The same switch in two VRFs is two switches.

Mend it by deleting isolated, or by a vrf of its own for what leads to the cluster.`,
	Source: "RFC 4271 section 9.1.2: one best route for a prefix",
	Run: func(p *Pass) {
		var routes *service // made for the first isolated cluster
		told := map[[2]*fabric.Cluster]bool{}
		for _, c := range p.Fabric.Clusters {
			if !c.Model.Isolated {
				continue
			}
			if routes == nil {
				routes = newService(p.Fabric)
			}
			p.isolatedPeerings(c, told)
			p.isolatedSwitches(c, routes, told)
		}
	},
})

// isolatedPeerings reports the peerings of an isolated cluster.
func (p *Pass) isolatedPeerings(c *fabric.Cluster, told map[[2]*fabric.Cluster]bool) {
	for _, peering := range c.Peerings {
		other := peering.Other(c)
		if told[[2]*fabric.Cluster{other, c}] { // told at the other one, which is isolated too
			continue
		}
		told[[2]*fabric.Cluster{c, other}] = true
		p.Reportf(c.At().Field("isolated"), "cluster %s is isolated, and peering %s joins it with cluster %s", c.Name, peering.Name, other.Name).
			Note(peering.At(), "the peering is declared here").
			WithHint("delete isolated, or the peering")
	}
}

// String names the VRF and its switch.
func (v point) String() string {
	if v.vrf == "" {
		return "the default VRF of switch " + v.of.Name
	}
	return "VRF " + v.vrf + " of switch " + v.of.Name
}

// attached is a cluster whose routes a VRF has, and where that is declared.
type attached struct {
	cluster *fabric.Cluster
	at      source.Path
}

// service is which VRFs have the routes of which clusters at first hand: by their sessions with nodes and by static routes.
type service struct {
	of map[point][]attached        // each cluster once
	by map[*fabric.Cluster][]point // in the order of the sessions, then of the switches
}

func newService(f *fabric.Fabric) *service {
	s := &service{of: map[point][]attached{}, by: map[*fabric.Cluster][]point{}}
	for _, session := range f.Sessions {
		if session.Kind == fabric.RackSession {
			s.add(point{session.B.Device.(*fabric.Switch), session.VRF}, session.Rack.Cluster,
				func() source.Path { return session.Rack.At().Field("switches") })
		}
	}
	for _, sw := range f.Switches {
		for _, r := range sw.Statics {
			s.add(point{sw, r.VRF}, r.Cluster, func() source.Path { return r.At })
		}
	}
	return s
}

func (s *service) add(v point, c *fabric.Cluster, at func() source.Path) {
	if !slices.ContainsFunc(s.of[v], func(a attached) bool { return a.cluster == c }) {
		s.of[v] = append(s.of[v], attached{c, at()})
		s.by[c] = append(s.by[c], v)
	}
}

// spread returns the VRFs that BGP carries the routes of a cluster to: those that serve it, and those that links join with
// them.
func (s *service) spread(c *fabric.Cluster) []point {
	reached := slices.Clone(s.by[c])
	seen := map[point]bool{}
	for _, v := range reached {
		seen[v] = true
	}
	for i := 0; i < len(reached); i++ {
		for _, e := range reached[i].of.Links {
			far := point{e.Other().Switch, e.Other().VRF}
			if e.Link.BGP && e.VRF == reached[i].vrf && !seen[far] {
				seen[far] = true
				reached = append(reached, far)
			}
		}
	}
	return reached
}

// isolatedSwitches reports the other clusters whose routes meet those of an isolated one in the fabric, each once.
func (p *Pass) isolatedSwitches(c *fabric.Cluster, routes *service, told map[[2]*fabric.Cluster]bool) {
	for _, meet := range routes.spread(c) {
		for _, other := range routes.of[meet] {
			if other.cluster == c || told[[2]*fabric.Cluster{other.cluster, c}] || told[[2]*fabric.Cluster{c, other.cluster}] {
				continue
			}
			told[[2]*fabric.Cluster{c, other.cluster}] = true
			p.Reportf(c.At().Field("isolated"), "cluster %s is isolated, and its routes reach %s, which serves cluster %s", c.Name, meet, other.cluster.Name).
				Note(other.at, "cluster %s is served by it here", other.cluster.Name).
				WithHint("delete isolated, or write a vrf of its own for the interfaces and links that lead to cluster %s", c.Name)
		}
	}
}
