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
	Name:     "next-hop-unresolvable",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `next-hop-unresolvable: whoever receives a route must be able to reach its next hop

A route is of use only where its NEXT_HOP can be resolved (RFC 4271 section 9.1.2.1). iBGP passes it on unchanged, so a node
or switch may learn of next hops that it has no route to: in calico#1515, an AS for each rack, nodes had every route that came
from the spine, and each of them was "unreachable". Worse is a next hop that resolves through a default gateway: reflectors of
two clusters on different subnets exchange routes, every node takes them, and sends the packets to a router that has never
heard of the pods. Sessions are up, routes are there, and nothing arrives.

Mend it by switches above both clusters that learn the pods from the nodes, by a gateway that has the routes, or by placing those
that exchange routes on one subnet.`,
	Source: "RFC 4271 section 9.1.2.1; calico#1515",
	Run: func(p *Pass) {
		p.unreachable()
		p.strandedHops()
	},
})

// unreachable reports routes none of whose next hops the receiver reaches: one finding for what declares the session.
func (p *Pass) unreachable() {
	told := map[source.Path]bool{}
	report := func(d simulate.Destination, part *simulate.Part) {
		if !p.Predicted.IsUnreachable(d, part) || told[part.Device(0).At()] {
			return
		}
		told[part.Device(0).At()] = true // all that it lacks has one reason, and its offers cost
		for _, o := range p.Predicted.Offers(d, part) {
			if o.Reason != simulate.Passed {
				continue
			}
			if at := sessionAt(o.Over, part); !told[at] {
				told[at] = true
				p.reportUnreachable(d, part, o, at)
			}
			return
		}
	}
	p.wanted(report)
	for d := range p.Predicted.Destinations() {
		if d.Cluster() == nil {
			continue
		}
		for _, part := range d.Speakers() {
			if part.Switch != nil {
				report(d, part)
			}
		}
	}
}

// sessionAt is what declares a session of a part.
func sessionAt(s *simulate.Session, part *simulate.Part) source.Path {
	if s == nil || s.At == "" {
		return part.Device(0).At()
	}
	return s.At
}

func (p *Pass) reportUnreachable(d simulate.Destination, part *simulate.Part, o simulate.Offer, at source.Path) {
	hop, device := "its interface", part.Device(0)
	if o.NextHop.IsValid() {
		hop = o.NextHop.String()
	}
	home := homeOf(p.Fabric, o.NextHop)
	severity := p.Rule.Severity
	if home != nil && announcesNothing(home) {
		severity = diag.Warning // an IGP may carry it
	}
	r := p.Report(severity, at, "%s has %s from %s with the next hop %s, and no route to that: it does not use it",
		deviceName(device), d.Example(), deviceName(o.From.Device(0)), hop)
	if device.At() != at {
		r.Note(device.At(), "%s is declared here", deviceName(device))
	}
	if home != nil && home.At() != at && home != device {
		r.Note(home.At(), "%s is on a network of switch %s", hop, home.Name)
	}
	if owner := ownerOf(d, nil); owner != nil && owner.At() != at && fabric.Device(owner) != device {
		r.Note(owner.At(), "%s has %s", deviceName(owner), d.Example())
	}
	switch {
	case home != nil && announcesNothing(home):
		r.WithHint(`write bgp: advertise: ["interfaces", "loopback"] at switch %s, or waive this where an IGP carries its networks`, home.Name)
	case part.Nodes != nil:
		r.WithHint(`write nextHopMode: "Self" at %s, so that %s announces its own address`, at, deviceName(o.From.Device(0)))
	default:
		r.WithHint("let %s learn the network of %s, by a link or by bgp: advertise of the switch that has it", deviceName(device), hop)
	}
}

// strandedKey is what makes one finding of stranded packets: who sends to whom.
type strandedKey struct{ from, to *fabric.Cluster }

// strandedHops reports routes between clusters whose next hop lies behind a gateway that has none: one finding for each pair of
// clusters. Within a cluster encapsulation would carry the packets: see encapsulation-missing.
func (p *Pass) strandedHops() {
	var told []strandedKey
	p.wanted(func(d simulate.Destination, part *simulate.Part) {
		key := strandedKey{part.Cluster, d.Cluster()}
		if key.from == key.to || slices.Contains(told, key) || slices.Contains(told, strandedKey{key.to, key.from}) {
			return
		}
		lost := p.Predicted.Stranded(d, part)
		if lost == nil || lost.At != nil && p.Predicted.WhyRefused(d, lost.At) == simulate.ASLoop {
			return
		}
		told = append(told, key)
		p.reportStranded(d, part, lost)
	})
}

func (p *Pass) reportStranded(d simulate.Destination, part *simulate.Part, lost *simulate.Stranded) {
	from, to := part.Cluster, d.Cluster()
	at, what := from.At(), ""
	for _, partner := range from.Partners() {
		if partner.Cluster == to {
			at, what = partner.Peering.At(), ", over peering "+partner.Peering.Name
		}
	}
	gateway := "its default gateway, which nobody declares and which is believed to know no pods"
	hint := fmt.Sprintf("declare the switch that is the gateway, and name it in the switches of racks of clusters %s and %s", from.Name, to.Name)
	switch {
	case lost.At != nil:
		gateway = "its gateway " + deviceName(lost.At.Device(0)) + ", which has no route for them"
		hint = fmt.Sprintf("name %s in the switches of racks of clusters %s and %s, so that it learns the routes", lost.At.Device(0).DeviceName(), from.Name, to.Name)
	case lost.Gateway.IsValid():
		gateway = "its gateway " + lost.Gateway.String() + ", of which the topology knows nothing"
	}
	sender := part.Nodes[0]
	r := p.Reportf(at, "%s has %s of cluster %s%s, with a next hop outside its subnet %s: packets go to %s",
		deviceName(sender), d.Example(), to.Name, what, sender.Prefix(d.Family()).Masked(), gateway)
	r.Note(sender.At(), "%s is in %s", deviceName(sender), sender.Prefix(d.Family()).Masked())
	if hop := p.hopOf(d, part); hop != nil && hop != fabric.Device(sender) {
		r.Note(hop.At(), "%s is the next hop", deviceName(hop))
	}
	r.WithHint("%s", hint)
}

// hopOf is a device that is the next hop of a part's route; nil: none is known.
func (p *Pass) hopOf(d simulate.Destination, part *simulate.Part) fabric.Device {
	for _, h := range p.Predicted.Standing(d, part).NextHops {
		if h.Part != nil {
			return h.Part.Device(0)
		}
	}
	return nil
}
