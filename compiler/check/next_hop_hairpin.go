package check

import (
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// maxHairpin is how many nodes' traffic may go over reflectors without a warning.
const maxHairpin = 10

// nextHopModeSince is the first Calico release that has nextHopMode.
var nextHopModeSince = fabric.Version{Major: 3, Minor: 30, Patch: 2}

var _ = rule(Rule{
	Name:     "next-hop-hairpin",
	Severity: diag.Warning,
	Needs:    Routes,
	Doc: `next-hop-hairpin: reflectors should pass routes on, not the packets

By eBGP a reflector announces itself as the next hop of every block of its clients (RFC 4271 section 5.1.3): the switch sends
it all packets to the rack, and it sends them back over the same wire to the node that has the pod. Two nodes then carry the
traffic of a whole rack. In calico#3666 an edge router sent all that came from outside to the one reflector; in confd#308 two
reflectors carried a whole fire compartment, and the site wrote "next hop keep" into Calico's template by itself. With
nextHopMode "Keep" (Calico 3.30.2) the switch hears the node's own address, which it can use where that is on a subnet of its
own.

It is a warning where more than 10 nodes are concerned and "Keep" would work, else information.

Mend it by nextHopMode: "Keep" in the rack, or by peer: "nodes".`,
	Source: "RFC 4271 section 5.1.3; calico#3666, confd#308, calico#4164",
	Run: func(p *Pass) {
		blocks := map[*fabric.Cluster][]simulate.Destination{}
		for d := range p.Predicted.Destinations() {
			if d.IsPods() {
				blocks[d.Cluster()] = append(blocks[d.Cluster()], d)
			}
		}
		found := map[*fabric.Rack]*hairpin{}
		for _, s := range p.Predicted.Parts {
			if s.Switch == nil {
				continue
			}
			for _, c := range reflectingFor(s) {
				for _, d := range blocks[c] {
					addHairpins(p, found, s, d)
				}
			}
		}
		for _, c := range p.Fabric.Clusters {
			for _, r := range c.Racks {
				if h := found[r]; h != nil {
					h.report(p)
				}
			}
		}
	},
})

// hairpin is the reflectors of a rack that switches send packets for others to.
type hairpin struct {
	rack       *fabric.Rack
	switches   []*fabric.Switch
	reflectors []*fabric.Node
	carried    map[*simulate.Part]bool // whose packets
	nodes      int                     // in carried
	isOnLink   bool                    // all of them are on subnets of the switches
}

// reflectingFor returns the clusters of which reflectors have a session with a switch, in the order of the sessions.
func reflectingFor(s *simulate.Part) []*fabric.Cluster {
	var all []*fabric.Cluster
	for _, session := range s.Sessions {
		if n := reflectorOf(session.Peer); n != nil && session.State == simulate.Established && !slices.Contains(all, n.Cluster) {
			all = append(all, n.Cluster)
		}
	}
	return all
}

// reflectorOf returns the reflector that a part is, nil where it is none.
func reflectorOf(p *simulate.Part) *fabric.Node {
	if p == nil || p.Nodes == nil || len(p.Nodes[0].Reflects) == 0 {
		return nil
	}
	return p.Nodes[0]
}

// addHairpins notes the reflectors that are a switch's next hops to blocks that they don't have.
func addHairpins(p *Pass, found map[*fabric.Rack]*hairpin, s *simulate.Part, d simulate.Destination) {
	owner := d.HolderPart()
	for next := range p.Predicted.NextParts(d, s) {
		n := reflectorOf(next)
		if n == nil || n.Rack == nil || n.Cluster != d.Cluster() || owner == nil || owner == next {
			continue
		}
		h := found[n.Rack]
		if h == nil {
			h = &hairpin{rack: n.Rack, carried: map[*simulate.Part]bool{}, isOnLink: true}
			found[n.Rack] = h
		}
		h.add(s, n, owner, d.Family())
	}
}

func (h *hairpin) add(s *simulate.Part, reflector *fabric.Node, owner *simulate.Part, f fabric.Family) {
	if !slices.Contains(h.switches, s.Switch) {
		h.switches = append(h.switches, s.Switch)
	}
	if !slices.Contains(h.reflectors, reflector) {
		h.reflectors = append(h.reflectors, reflector)
	}
	if !h.carried[owner] {
		h.carried[owner] = true
		h.nodes += owner.Size()
	}
	h.isOnLink = h.isOnLink && isOnSubnetOf(s, owner.Nodes[0].Prefix(f), f)
}

// isOnSubnetOf reports whether an address is on a subnet of a switch, in its VRF.
func isOnSubnetOf(s *simulate.Part, own netip.Prefix, f fabric.Family) bool {
	return own.IsValid() && slices.ContainsFunc(s.Switch.Interfaces, func(i *fabric.Interface) bool {
		subnet := i.Address
		if f == fabric.IPv6 {
			subnet = i.Address6
		}
		return i.VRF == s.VRF && subnet.IsValid() && subnet.Contains(own.Addr())
	})
}

func (h *hairpin) report(p *Pass) {
	r := h.rack
	slices.SortFunc(h.reflectors, func(a, b *fabric.Node) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(h.switches, func(a, b *fabric.Switch) int { return strings.Compare(a.Name, b.Name) })
	isKeepable := h.isOnLink && r.Cluster.Version.AtLeast(nextHopModeSince)
	severity := diag.Info
	if isKeepable && h.nodes > maxHairpin {
		severity = diag.Warning
	}
	reflectors, carry := "reflectors", "carry"
	if len(h.reflectors) == 1 {
		reflectors, carry = "reflector", "carries"
	}
	d := p.Report(severity, r.At().Field("nextHopMode"), "%s %s of rack %s %s the packets of %s: %s send%s them there for pods that are elsewhere",
		reflectors, someOf(h.reflectors, nodeName), r.Name, carry, count(h.nodes, "node"), someOf(h.switches, switchName), ending(h.switches)).
		Note(h.switches[0].At(), "switch %s is declared here", h.switches[0].Name)
	switch {
	case isKeepable:
		d.WithHint("write nextHopMode: \"Keep\" in rack %s: the nodes are on a subnet of the switch", r.Name)
	case h.isOnLink:
		d.WithHint("write peer: \"nodes\" in rack %s, or use Calico %s for nextHopMode: \"Keep\"", r.Name, nextHopModeSince)
	default:
		d.WithHint("put nodes that are on no subnet of %s into a rack of their own, below a switch that is", someOf(h.switches, switchName))
	}
}

// ending is that of the verb after the names of switches.
func ending(switches []*fabric.Switch) string {
	if len(switches) == 1 {
		return "s"
	}
	return ""
}

func switchName(s *fabric.Switch) string { return "switch " + s.Name }
