package check

import (
	"fmt"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "ecmp-collapsed",
	Severity: diag.Warning,
	Needs:    Routes,
	Doc: `ecmp-collapsed: a switch should hear of pods from every reflector that can tell it

A reflector announces to a switch that is another AS its own address as the next hop, so each reflector with a session is one
equal-cost path, and a switch with a session to one of them alone sends all packets for the cluster through that one. When it
fails, everything stops until another way is found. In calico#6451 a site peered its switch with its reflectors only, and the
switch had one next hop for each load-balancer address where it should have had every node. It happens where a rack has the
switches and only one of two reflectors is in it, and where a peers entry selects one of them.

Mend it by placing the other reflector in the rack, or by selecting it as well.`,
	Source: "calico#6451; RFC 4271 section 5.1.3",
	Run: func(p *Pass) {
		type key struct {
			part    *simulate.Part
			cluster *fabric.Cluster
		}
		told := map[key]bool{}
		for d := range p.Predicted.Destinations() {
			c := d.Cluster()
			if c == nil || len(c.Groups) == 0 {
				continue
			}
			for _, part := range d.Speakers() {
				if part.Nodes != nil || told[key{part, c}] {
					continue
				}
				if only := p.onlyReflector(d, part); only != nil {
					told[key{part, c}] = p.collapsed(d, part, only)
				}
			}
		}
	},
})

// onlyReflector returns the reflector through which alone a part's packets go to a destination of its cluster that is not its
// own; nil: there is none.
func (p *Pass) onlyReflector(d simulate.Destination, part *simulate.Part) *simulate.Part {
	var only *simulate.Part
	for next := range p.Predicted.NextParts(d, part) {
		if only != nil || next.Cluster != d.Cluster() || next.Nodes == nil || len(next.Nodes[0].Reflects) == 0 {
			return nil
		}
		only = next
	}
	if only == nil || slices.Contains(d.OriginParts(), only) {
		return nil
	}
	return only
}

// collapsed reports that a switch or speaker outside reaches a cluster through one reflector only, where another one has the
// route and holds a session to it or could. It reports whether there is one.
func (p *Pass) collapsed(d simulate.Destination, part, only *simulate.Part) bool {
	holds := func(r *simulate.Part) bool {
		return slices.ContainsFunc(part.Sessions, func(s *simulate.Session) bool { return s.Peer == r })
	}
	for _, r := range p.Predicted.Parts {
		if r == only || r.Cluster != only.Cluster || r.Nodes == nil || len(r.Nodes[0].Reflects) == 0 || asOf(r) != asOf(only) ||
			slices.Contains(d.OriginParts(), r) || !p.Predicted.Standing(d, r).HasRoute {
			continue
		}
		switch {
		case part.External != nil && !holds(r) && !p.hasOtherReflector(part, only) && !p.hasTwin(part, only):
			p.reportCollapsed(d, part, only, r, part.External.At(), "could have a session with it",
				fmt.Sprintf("select %s as well in peer %s: write routeReflectors: %q", r.Nodes[0].Name, part.External.Name, r.Nodes[0].Reflects[0].Name))
			return true
		case part.Switch == nil:
		case holds(r):
			if part.Router == nil || part.Router.MaximumPaths < 2 || p.told(part.Switch.At(), "ecmp-too-narrow") || p.sessionIsDown(part, r) {
				continue
			}
			p.reportCollapsed(d, part, only, r, r.Nodes[0].At(), "has a session with it, on which it tells something worse",
				fmt.Sprintf("let both announce alike, with the same filters: topoc sim routes --node %s --why compares them", part.Switch.Name))
			return true
		case couldHold(part, r.Nodes[0], d.Family()):
			hint := fmt.Sprintf("place %s in the rack of %s, which has the switch", r.Nodes[0].Name, only.Nodes[0].Name)
			if rack := only.Nodes[0].Rack; rack != nil {
				hint = fmt.Sprintf("write rack: %q at node %s", rack.Name, r.Nodes[0].Name)
			}
			p.reportCollapsed(d, part, only, r, r.Nodes[0].At(), "is on its subnet", hint)
			return true
		}
	}
	return false
}

// hasOtherReflector reports whether a part has a session with a reflector beside one.
func (p *Pass) hasOtherReflector(part, only *simulate.Part) bool {
	return slices.ContainsFunc(part.Sessions, func(s *simulate.Session) bool {
		return s.Peer != nil && s.Peer != only && s.Peer.Nodes != nil && len(s.Peer.Nodes[0].Reflects) > 0
	})
}

// hasTwin reports whether another speaker outside, of the same AS, has sessions with other reflectors: the two are a pair, of which each
// speaks with its own.
func (p *Pass) hasTwin(part, only *simulate.Part) bool {
	return slices.ContainsFunc(p.Predicted.Parts, func(twin *simulate.Part) bool {
		return twin != part && twin.External != nil && twin.External.Cluster == part.External.Cluster && twin.External.ASN == part.External.ASN &&
			p.hasOtherReflector(twin, only)
	})
}

// sessionIsDown reports whether the sessions of two parts don't come up: other checks tell.
func (p *Pass) sessionIsDown(part, peer *simulate.Part) bool {
	return !slices.ContainsFunc(part.Sessions, func(s *simulate.Session) bool {
		return s.Peer == peer && s.State == simulate.Established
	})
}

// couldHold reports whether a node could hold a session with a switch: it is on its subnet, and in no rack that has switches of
// its own.
func couldHold(part *simulate.Part, n *fabric.Node, f fabric.Family) bool {
	if n.Rack != nil && len(n.Rack.Switches) > 0 {
		return false
	}
	return slices.ContainsFunc(part.Switch.Interfaces, func(i *fabric.Interface) bool {
		subnet := i.Prefix(f)
		return i.VRF == part.VRF && subnet.IsValid() && n.Prefix(f).IsValid() && n.Prefix(f).Masked() == subnet.Masked()
	})
}

func (p *Pass) reportCollapsed(d simulate.Destination, part, only, other *simulate.Part, at source.Path, how, hint string) {
	if part.External != nil {
		at = at.Field("nodes")
	}
	r := p.Reportf(at, "%s sends all packets for %s of cluster %s through reflector %s alone, though reflector %s has the route too and %s",
		deviceName(part.Device(0)), d.Example(), only.Cluster.Name, only.Nodes[0].Name, other.Nodes[0].Name, how)
	r.Note(only.Nodes[0].At(), "%s is the only next hop", deviceName(only.Nodes[0]))
	if device := part.Device(0); !at.Has(device.At()) {
		r.Note(device.At(), "%s is declared here", deviceName(device))
	}
	r.WithHint("%s", hint)
}
