package check

import (
	"net/netip"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "session-as-mismatch",
	Severity: diag.Error,
	Doc: `session-as-mismatch: each end of a session must expect the AS that the other end has

A speaker that receives an OPEN with an unexpected My Autonomous System answers NOTIFICATION 2/2, Bad Peer AS (RFC 4271
section 6.2): the session never comes up. In calico#2961 nobody had given the nodes the AS numbers that the far ends expected,
so all of them said 64512, Calico's default, and calico-node was ready on none. topoc derives what both ends expect, so a
mismatch comes from what overrides it: a node's own asNumber below a switch that accepts its nodes from a listen range, which
expects one AS of everybody in it, or a peers entry at the address of a declared device.

Mend it by deleting the override, or by giving both ends the same number.`,
	Source: "RFC 4271 section 6.2; calico#2961",
	Run: func(p *Pass) {
		for _, m := range findMismatches(p.Fabric) {
			p.reportMismatch(m)
		}
		for _, m := range p.meetings() {
			if m.isItself || m.asn == 0 || m.asn == m.ASN || !m.answered && !p.isWaived("session-one-sided", m.At.Field("address")) {
				continue // of a session that has one end, that is the mistake
			}
			p.Reportf(m.At.Field("asNumber"), "peer %s of cluster %s expects AS %d at %s, which is %s of AS %d",
				m.Name, m.Cluster.Name, m.ASN, m.PeerIP, deviceName(m.device), m.asn).
				Note(m.asnAt, "AS %d is set here", m.asn).
				WithHint("write asNumber: %d", m.asn)
		}
	},
})

// mismatch is devices that are another AS, because of one value, than the far ends of their sessions expect.
type mismatch struct {
	session  *fabric.Session // the first of them
	end      *fabric.End     // the first device's
	devices  deviceSet
	by       deviceSet // the devices that expect the other number
	expected model.ASN
	because  source.Path // what decides expected
}

// findMismatches gathers the sessions that cannot come up by the value to blame: a node that is wrong to both leaves of its
// rack, in both families, is one mistake.
func findMismatches(f *fabric.Fabric) []*mismatch {
	type key struct {
		at       source.Path
		expected model.ASN
	}
	var all []*mismatch
	index := map[key]*mismatch{}
	listens := listenRanges{}
	for _, s := range f.Sessions {
		first := listens.first(s)
		for _, pair := range [...]struct {
			end, other *fabric.End
			decides    *fabric.Session
		}{{&s.A, &first.B, first}, {&s.B, &s.A, s}} {
			end, expected := pair.end, pair.other.PeerASN
			if end.ASN == expected {
				continue
			}
			k := key{end.ASNAt(), expected}
			m := index[k]
			if m == nil {
				m = &mismatch{session: s, end: end, expected: expected, because: pair.decides.PeerASNAt(pair.other)}
				index[k] = m
				all = append(all, m)
			}
			m.devices.add(end.Device)
			m.by.add(pair.other.Device)
		}
	}
	return all
}

// listenRanges is the first session that a switch accepts from each of its listen ranges. A range expects one AS of everybody
// in it, that of the first: two racks of different AS numbers on one subnet cannot both be accepted.
type listenRanges map[listenRange]*fabric.Session

type listenRange struct {
	of     fabric.Device
	vrf    string
	subnet netip.Prefix
}

// first returns the session that decides what the second end of s expects: the first in its listen range, else s itself.
func (l listenRanges) first(s *fabric.Session) *fabric.Session {
	n, ok := s.A.Device.(*fabric.Node)
	if !s.Dynamic || !ok || n.Addr(s.Family) != s.A.Address {
		return s
	}
	r := listenRange{s.B.Device, s.VRF, n.Prefix(s.Family).Masked()}
	if l[r] == nil {
		l[r] = s
	}
	return l[r]
}

// deviceSet is devices in the order in which they were added, each once. The zero deviceSet is empty and ready.
type deviceSet struct {
	list []fabric.Device
	has  map[fabric.Device]bool
}

func (d *deviceSet) add(device fabric.Device) {
	if d.has == nil {
		d.has = map[fabric.Device]bool{}
	}
	if !d.has[device] {
		d.has[device] = true
		d.list = append(d.list, device)
	}
}

func (p *Pass) reportMismatch(m *mismatch) {
	s, other := m.session, m.session.Other(m.end)
	is, expects, everybody := "is", "expects", ""
	if len(m.devices.list) > 1 {
		is = "are"
	}
	if len(m.by.list) > 1 {
		expects = "expect"
	}
	if n, ok := m.end.Device.(*fabric.Node); ok && s.Dynamic {
		everybody = " of everybody in " + n.Prefix(s.Family).Masked().String()
	}
	d := p.Reportf(m.end.ASNAt(), "%s %s AS %d, but %s %s AS %d%s", someOf(m.devices.list, deviceName), is, m.end.ASN,
		someOf(m.by.list, deviceName), expects, m.expected, everybody)
	if m.because != m.end.ASNAt() {
		d.Note(m.because, "AS %d is expected because of this", m.expected)
	}
	if sw, ok := other.Device.(*fabric.Switch); ok && s.Dynamic {
		if c := s.Rack.Cluster; c.Incomplete {
			d.Note(c.At().Fields("capacity", "nodes"), "%s accepts sessions from the whole subnet, since not all nodes are listed", sw.Name)
		} else {
			d.Note(sw.At().Fields("bgp", "dynamicNeighbors"), "%s accepts sessions from the whole subnet because of this", sw.Name)
		}
	}
	if n, ok := m.end.Device.(*fabric.Node); ok && n.Model.ASNumber != nil && n.Rack != nil && n.Rack.ASN == m.expected {
		d.WithHint("delete asNumber: the node then has the AS of its rack")
	} else {
		d.WithHint("write %d here, or change what is expected", m.expected)
	}
}
