package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

var _ = rule(Rule{
	Name:     "session-no-path",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `session-no-path: the packets of every session must find their way there and back

BGP runs over TCP, so each end needs a route to the other's address before the first UPDATE is sent: on its own subnet, over its
gateway, or over what switches tell each other. A rack whose leaf is linked with nothing, a session to a loopback that no route
leads to and a ttlSecurity below the number of networks in between (RFC 5082) leave the session in Connect or Active, with every
line of the configuration right. Where a switch announces none of its subnets (advertise), an IGP outside the topology may
carry them: that is a warning.

Mend it by linking the switches on the way, by announcing the subnet, or by a ttlSecurity as large as the number of networks.`,
	Source: "RFC 4271 section 8.2.2, RFC 5082; calico#4059",
	Run: func(p *Pass) {
		dead := p.deadSessions(func(s *simulate.Session) bool {
			return s.State == simulate.NotEstablished || s.State == simulate.NotCompatible && strings.HasPrefix(s.Reason, "TTL mismatch")
		})
		for _, x := range dead {
			if !p.ttlTold(x) {
				p.noPath(x)
			}
		}
	},
})

// ttlTold reports whether another check has told, be it waived or not, that the packets of the sessions may not go as far.
func (p *Pass) ttlTold(x *deadSessions) bool {
	if x.first.Kind == simulate.MeshSession {
		return x.first.LocalASN != x.first.PeerASN && p.told(x.at, "as-mesh-mixed")
	}
	return strings.HasPrefix(x.first.Reason, "TTL mismatch") && p.told(x.at, "session-ttl-security")
}

// noPath reports the sessions of one declaration whose packets don't arrive.
func (p *Pass) noPath(x *deadSessions) {
	local, remote := x.first.Ends()
	lost := remote // the address that packets don't reach
	if strings.Contains(x.reason, " "+local.String()+" ") {
		lost = local
	}
	home := homeOf(p.Fabric, lost)
	severity := p.Rule.Severity
	if home != nil && announcesNothing(home) {
		severity = diag.Warning
	}
	stop := x.first.StopsAt()
	at, hint := x.at, pathHint(p.Fabric, x, stop, home, lost)
	if strings.HasPrefix(hint, "raise ttlSecurity") {
		at = at.Field("ttlSecurity")
	}
	d := p.Report(severity, at, "%s, which %s declares: %s", x.ends(), x.declaration(), x.reason)
	for _, device := range []fabric.Device{stop, x.near.list[0]} {
		if device != nil && device.At() != x.at {
			says := "%s needs a way there and back"
			if device == stop {
				says = "packets stop at %s"
			}
			d.Note(device.At(), says, deviceName(device))
			break
		}
	}
	if home != nil && home != stop {
		d.Note(home.At(), "%s is an address on a network of %s", lost, deviceName(home))
	}
	d.WithHint("%s", hint)
}

// pathHint says what gives the sessions their way.
func pathHint(f *fabric.Fabric, x *deadSessions, stop fabric.Device, home *fabric.Switch, lost netip.Addr) string {
	at, isSwitch := stop.(*fabric.Switch)
	switch {
	case strings.HasPrefix(x.first.Reason, "TTL mismatch"), strings.Contains(x.reason, "as far as they may go"):
		if x.first.Kind == simulate.MeshSession {
			return "give all nodes of the cluster one asNumber, or place them on one subnet: the mesh of this release reaches no other AS beyond it"
		}
		return fmt.Sprintf("raise ttlSecurity in %s over %d, or delete it", x.at, x.first.TTL())
	case isSwitch && home == nil:
		return fmt.Sprintf("declare the switch that has an interface on the network of %s, and link it with %s", lost, at.Name)
	case isSwitch && home == at:
		return fmt.Sprintf("place the two networks of %s in one VRF, or give the devices addresses in one of them", at.Name)
	case isSwitch && !linked(at, home):
		return fmt.Sprintf("link %s and %s, or both with one spine, in links", at.Name, home.Name)
	case isSwitch && announcesNothing(home):
		return fmt.Sprintf(`write bgp: advertise: ["interfaces", "loopback"] at switch %s, or waive this where an IGP carries its networks`, home.Name)
	case isSwitch:
		return fmt.Sprintf("let %s learn the network of %s: topoc sim routes --node %s --why says what keeps it away", at.Name, lost, at.Name)
	}
	if n, ok := stop.(*fabric.Node); ok && n.Gateway.IsValid() {
		return fmt.Sprintf("correct gateway of node %s: nothing that leads on to %s has the address %s", n.Name, lost, n.Gateway)
	}
	return "place the two ends on one subnet, or give both a gateway that leads to the other"
}

// homeOf returns the first switch that is on the network of an address; nil: none is.
func homeOf(f *fabric.Fabric, a netip.Addr) *fabric.Switch {
	if !a.IsValid() {
		return nil
	}
	i := slices.IndexFunc(f.Switches, func(s *fabric.Switch) bool {
		return s.LoopbackOf(fabric.FamilyOf(a)) == a ||
			slices.ContainsFunc(s.Interfaces, func(i *fabric.Interface) bool {
				return i.Address.IsValid() && i.Address.Masked().Contains(a) || i.Address6.IsValid() && i.Address6.Masked().Contains(a)
			})
	})
	if i < 0 {
		return nil
	}
	return f.Switches[i]
}

// announcesNothing reports whether a switch is told to announce none of its networks.
func announcesNothing(s *fabric.Switch) bool {
	return s.Model.BGP != nil && s.Model.BGP.Advertise != nil && len(s.Model.BGP.Advertise) == 0
}

// linked reports whether links, whoever has them, lead from one switch to another.
func linked(from, to *fabric.Switch) bool {
	seen := map[*fabric.Switch]bool{from: true}
	queue := []*fabric.Switch{from}
	for i := 0; i < len(queue); i++ {
		for _, end := range queue[i].Links {
			if next := end.Other().Switch; !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return seen[to]
}
