package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "listen-range-shared",
	Severity: diag.Error,
	Doc: `listen-range-shared: the nodes of one subnet that a switch listens on belong to one cluster

A switch that accepts dynamic neighbors cannot tell one node of a subnet from another: all of them fall into one peer group,
with one policy. Where nodes of a second cluster live in the same subnet, their routes meet the first cluster's import policy
and are denied without a word.

Mend it by giving each cluster a subnet of its own, or by listing all nodes (no dynamicNeighbors, no capacity.nodes above the
list), so that each session is configured by address.`,
	Source: "FRR, BGP: bgp listen range; RFC 8212",
	Run: func(p *Pass) {
		type listen struct {
			at     fabric.Device
			vrf    string
			prefix string
		}
		first := map[listen]*fabric.Session{}
		told := map[[2]*fabric.Rack]bool{}
		for _, s := range p.Fabric.Sessions {
			if !s.Dynamic {
				continue
			}
			key := listen{s.B.Device, s.VRF, s.ListenRange().String()}
			other := first[key]
			if other == nil {
				first[key] = s
				continue
			}
			pair := [2]*fabric.Rack{other.Rack, s.Rack}
			if other.Rack.Cluster == s.Rack.Cluster || told[pair] {
				continue
			}
			told[pair] = true
			p.Reportf(s.Rack.At(), "switch %s would listen on %s for rack %s of cluster %s and for rack %s of cluster %s: it cannot tell their nodes apart",
				s.B.Device.DeviceName(), key.prefix, s.Rack.Name, s.Rack.Cluster.Name, other.Rack.Name, other.Rack.Cluster.Name).
				Note(other.Rack.At(), "rack %s of cluster %s is in the same subnet", other.Rack.Name, other.Rack.Cluster.Name).
				WithHint("list all nodes of both clusters, without dynamicNeighbors and with no capacity.nodes above the list")
		}
	},
})
