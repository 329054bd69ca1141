package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "expectation-failed",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `expectation-failed: what is expected must hold

The control plane is predicted from the files that would be written, and every entry of expect is proved against it: packets
get there, and the answers back, over every equal-cost branch; with survives also after every set of so many failures. Proved
too is what nobody has to write: that the pods of each cluster reach each other, and that each peering reaches both ways. The
finding names the first device and rule at which the route stops; topoc sim trace shows the whole way. Routes that never
settle are reported as well: nothing can be expected of them (RFC 3345, RFC 4264).

Without it the proof is made by hand: the write-up that the example two-clusters follows prints the sessions and the routing
table of every node, and compares them by eye.

Mend it at the place that the note leads to, or correct the expectation. implied: false leaves out what nobody has written.`,
	Source: "RFC 3345, RFC 4264; write-up: two clusters with route reflectors on one laptop",
	Run: func(p *Pass) {
		for _, o := range p.Predicted.Oscillations {
			p.unsettled(o)
		}
		proofs := p.proofs()
		var told []toldStop
		for i := range proofs {
			proof := &proofs[i]
			if proof.Holds || isToldBy(proof, proofs) {
				continue
			}
			stop := stopOf(proof)
			same := slices.IndexFunc(told, func(t toldStop) bool { return stop != nil && isSameStop(t.stop, stop) })
			if same >= 0 {
				told[same].finding.Note(proof.At, "%s %q does not hold either, for the same reason", kindOf(proof), proof.Name)
			} else if d := p.refuted(proof); d != nil && stop != nil {
				told = append(told, toldStop{stop, d})
			}
		}
	},
})

// toldStop is where a route stops, and the finding that tells it.
type toldStop struct {
	stop    *simulate.Stop
	finding *diag.Diagnostic
}

func kindOf(proof *simulate.Proof) string {
	if proof.Implied {
		return "implied expectation"
	}
	return "expectation"
}

// proofs returns what became of every expectation. Shared, do not modify.
func (p *Pass) proofs() []simulate.Proof {
	if p.shared.proofs == nil {
		p.shared.proofs = p.Predicted.Prove()
	}
	return p.shared.proofs
}

// isToldBy reports whether an expectation that nobody wrote fails for the reason for which one that somebody wrote does.
func isToldBy(implied *simulate.Proof, proofs []simulate.Proof) bool {
	stop := stopOf(implied)
	return implied.Implied && stop != nil && slices.ContainsFunc(proofs, func(written simulate.Proof) bool {
		other := stopOf(&written)
		return !written.Implied && other != nil && isSameStop(other, stop)
	})
}

// isSameStop reports whether two routes need one edit, or stop at one rule of one declaration, though perhaps at different nodes.
func isSameStop(a, b *simulate.Stop) bool {
	return a.Edit == b.Edit && a.Edit != "" || a.At == b.At && a.Rule == b.Rule
}

// stopOf is where what an expectation needs stops; nil: it holds, or fails without that.
func stopOf(proof *simulate.Proof) *simulate.Stop {
	if proof.Holds || proof.Trace == nil {
		return nil
	}
	return proof.Trace.Stop
}

// refuted reports an expectation that doesn't hold.
func (p *Pass) refuted(proof *simulate.Proof) *diag.Diagnostic {
	if proof.Untried {
		return p.Warnf(proof.At, "expectation %q %s", proof.Name, proof.Reason).
			WithHint("write a lower number for survives, or expect it of smaller parts: what has no network in common is tried by itself")
	}
	stop, reason := stopOf(proof), proof.Reason
	if stop != nil && stop.Outside != nil {
		return p.unproved(proof, stop.Outside)
	}
	if stop != nil && stop.Edit != "" {
		reason = strings.TrimSuffix(reason, "; "+stop.Edit) // the hint says it
	}
	d := p.Reportf(proof.At, "%s %q does not hold: %s", kindOf(proof), proof.Name, reason)
	noteStop(d, stop)
	e := proof.Expectation
	switch {
	case stop != nil && stop.Edit != "":
		d.WithHint("%s", stop.Edit)
	case proof.Vacuous:
		d.WithHint("mend what is not there, or delete the expectation: nothing can be asked of it")
	case !e.Reach && proof.Trace != nil:
		if at, route := firstRoute(proof.Trace); at != "" && at != d.Path {
			d.Note(at, "they go by a route that is declared here: %s", route)
		}
		d.WithHint("delete reach: false, or take away what the route comes from: a peering, a static route, an entry of accept or send")
	case proof.Trace == nil && proof.Failed == nil:
		d.WithHint("write a lower number for paths, or add a reflector, a switch or a link beside those that the route comes over")
	case len(proof.Failed) > 0:
		d.WithHint("write a lower number for survives, or put something beside %s that takes over", strings.Join(proof.Failed, " and "))
	case proof.Implied:
		d.WithHint("follow the packets with topoc sim trace; implied: false at the top level leaves the expectation out")
	default:
		d.WithHint("follow the packets with topoc sim trace, and correct what drops them or the expectation")
	}
	return d
}

// unproved tells that packets which somebody expects to arrive leave the topology, for a speaker outside that may know the way. What
// nobody wrote is believed to hold then: nil.
func (p *Pass) unproved(proof *simulate.Proof, outside *fabric.External) *diag.Diagnostic {
	if proof.Implied {
		return nil
	}
	return p.Warnf(proof.At, "expectation %q cannot be proved: packets leave the topology for peer %s of cluster %s, and what it does with them is declared nowhere",
		proof.Name, outside.Name, outside.Cluster.Name).
		Note(outside.At(), "the peer is declared here").
		WithHint("declare it as a switch with managed: false in the place of the peer, and name that in the switches of a rack, or waive this")
}

// noteStop adds the place where a route stops, if it has one of its own.
func noteStop(d *diag.Diagnostic, stop *simulate.Stop) {
	switch {
	case stop == nil || stop.At == "" || stop.At == d.Path:
	case stop.Prefix.IsValid():
		d.Note(stop.At, "%s stops here first, at %s", stop.Prefix, stop.Device)
	default:
		d.Note(stop.At, "packets stop here first, at %s", stop.Device)
	}
}

// firstRoute is the first route on a way of which it is known where it is declared; empty: of none.
func firstRoute(t *simulate.Trace) (at source.Path, route string) {
	for _, way := range t.Paths {
		for _, step := range way {
			if step.DeclaredAt != "" {
				return step.DeclaredAt, fmt.Sprintf("%s, %s", step.Device, step.Reason)
			}
		}
	}
	return "", ""
}

// unsettled reports what never settles.
func (p *Pass) unsettled(o simulate.Oscillation) {
	cycle := strings.Join(o.Cycle, ", then ")
	at, device := p.declaredFirst(o.Cycle)
	if o.Prefix == (netip.Prefix{}) {
		p.Reportf(at, "sessions come up and go down for ever: %s", cycle).
			WithHint("give %s a way to its peers that does not come over the session itself: a gateway, a link, or a subnet in common", device)
		return
	}
	d := p.Reportf(at, "routes to %s never settle: %s", o.Prefix, cycle)
	for dest := range p.Predicted.Destinations() {
		if dest.Example() == o.Prefix && dest.At() != "" && dest.At() != at {
			d.Note(dest.At(), "the prefix is declared here")
			break
		}
	}
	d.WithHint("let all devices of the cycle prefer alike: the same filters and communities on all their sessions, and reflectors that peer with each other")
}

// declaredFirst is a device that a cycle begins with, and where it is declared; where it names none, the whole topology.
func (p *Pass) declaredFirst(cycle []string) (source.Path, string) {
	if len(cycle) > 0 {
		for _, part := range p.Predicted.Parts {
			for member := range part.Size() {
				if d := part.Device(member); strings.Contains(" "+cycle[0]+" ", " "+d.DeviceName()+" ") {
					return d.At(), d.DeviceName()
				}
			}
		}
	}
	return "name", "each of them"
}
