package check

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

var _ = rule(Rule{
	Name:     "session-half-open",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `session-half-open: the two ends of a session must be configured for each other

topoc writes both ends of a session from one declaration, and then reads what it wrote as Calico and the switches do: each
must find a neighbor in the other at the very address that it is called from, in the same VRF, with the AS number, the
password and the port that it has. Some fields move one end alone. A session to the loopback of a switch whose interface on
the nodes' subnet is in a VRF calls an address outside it; with sourceAddress: "UseNodeIP" nodes that share a subnet with
their switch over a further NIC only call from their own address, and the switch waits for the NIC's: before Calico had that
field every node with a NIC to each of two leaves was so (calico#1829, calico#5226). Neither daemon says more than that the
connection was refused, or came from an unknown address.

Mend it by deleting the field that moves the one end.`,
	Source: "RFC 4271 section 8.2.1; calico#1829, calico#5226, calico#6047",
	Run: func(p *Pass) {
		dead := p.deadSessions(func(s *simulate.Session) bool {
			return s.State == simulate.NotCompatible && !strings.HasPrefix(s.Reason, "TTL mismatch") && !s.IsSecond()
		})
		for _, x := range dead {
			if !p.sessionTold(x, halfOpenTellers...) {
				p.halfOpen(x)
			}
		}
	},
})

// halfOpenTellers are the checks that tell of sessions whose ends don't fit, in their own way.
var halfOpenTellers = []string{"session-as-mismatch", "session-one-sided", "session-own-address", "session-no-match", "rr-node-isolated",
	"session-family-mismatch", "session-port-mismatch", "session-ttl-security", "session-shadowed", "duplicate-address", "listen-range-shared"}

// halfOpen reports the sessions of one declaration whose ends don't fit.
func (p *Pass) halfOpen(x *deadSessions) {
	at, hint := x.at, ""
	rack := rackOf(p.Fabric, x)
	switch {
	case rack != nil && rack.Model.SourceAddress == "UseNodeIP" && onNICs(rack):
		at = at.Field("sourceAddress")
		hint = "delete sourceAddress: the nodes then call from the address on the switch's subnet"
	case rack != nil && rack.ByLoopback:
		at = at.Field("session")
		hint = `delete session: "loopback": the sessions then run to the interfaces on the nodes' subnet`
	}
	reason := x.reason
	if reason == "" {
		reason = x.first.Reason
	}
	if kind, _, _ := strings.Cut(x.first.Reason, ": "); strings.HasSuffix(kind, "mismatch") {
		reason = kind + ": " + reason
	}
	if hint == "" {
		hint = fmt.Sprintf("configure both ends for each other in %s: topoc sim sessions lists what each expects", x.at)
	}
	d := p.Reportf(at, "%s, which %s declares: %s; expected two ends that fit", x.ends(), x.declaration(), reason)
	far := x.near.list
	if len(x.far.list) > 0 {
		far = x.far.list
	}
	if far[0].At() != at {
		d.Note(far[0].At(), "%s is the far end", deviceName(far[0]))
	}
	if n, ok := x.near.list[0].(*fabric.Node); ok && rack != nil && len(n.NICs) > 0 {
		d.Note(n.At().Field("interfaces"), "node %s is on the switch's subnet with a further interface", n.DeviceName())
	}
	d.WithHint("%s", hint)
}

// rackOf returns the rack that declares the sessions, or nil.
func rackOf(f *fabric.Fabric, x *deadSessions) *fabric.Rack {
	for _, c := range f.Clusters {
		if i := slices.IndexFunc(c.Racks, func(r *fabric.Rack) bool { return r.At() == x.at }); i >= 0 {
			return c.Racks[i]
		}
	}
	return nil
}

// onNICs reports whether nodes of a rack share a subnet with its switches over a further NIC.
func onNICs(r *fabric.Rack) bool {
	return slices.ContainsFunc(r.Nodes, func(n *fabric.Node) bool { return len(n.NICs) > 0 })
}
