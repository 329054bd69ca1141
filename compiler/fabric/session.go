package fabric

import (
	"net/netip"

	"topoc/compiler/model"
	"topoc/compiler/source"
)

// SessionKind says what a session is for.
type SessionKind uint8

const (
	ReflectorSession SessionKind = iota // node to reflector, reflector to reflector
	RackSession                         // node or reflector to switch
	PeeringSession                      // between clusters
	LinkSession                         // switch to switch
	ExternalSession                     // to a speaker outside the topology
)

// Session is one BGP session between two devices that the topology declares, or with an External. The sessions of a
// node-to-node mesh are not listed: Cluster.Mesh says them all. Sessions are sorted by kind, then A, B, family.
type Session struct {
	Kind    SessionKind
	Family  Family // of its transport; an unnumbered link's session is IPv6
	A, B    End
	Peer    *Peer       // the BGPPeer behind it, seen from A; nil: switch to switch
	Link    *SwitchLink // of a LinkSession
	Rack    *Rack       // of a RackSession
	Dynamic bool        // the switch (B) accepts it from a listen range
	VRF     string      // at the switch
	At      source.Path
}

// End is one end of a session.
type End struct {
	Device  Device
	Address netip.Addr // zero on an unnumbered link
	ASN     model.ASN  // what it announces itself as on this session
	PeerASN model.ASN  // what it expects the other end to be
	asnAt   source.Path
	peerAt  source.Path
}

// ASNAt is the path that decides ASN.
func (e *End) ASNAt() source.Path {
	if e.asnAt != "" {
		return e.asnAt
	}
	switch d := e.Device.(type) {
	case *Node:
		return d.ASNAt()
	case *External:
		return d.At().Field("asNumber")
	default:
		return d.At().Field("asNumber")
	}
}

// PeerASNAt is the path that decides PeerASN: the other end's own AS number, unless something says otherwise.
func (s *Session) PeerASNAt(e *End) source.Path {
	if e.peerAt != "" {
		return e.peerAt
	}
	return s.Other(e).ASNAt()
}

// Other is the far end.
func (s *Session) Other(e *End) *End {
	if e == &s.A {
		return &s.B
	}
	return &s.A
}

// Internal reports whether the session is iBGP, seen from e: Calico and the switches judge it by what they expect.
func (e *End) Internal() bool { return e.ASN == e.PeerASN }

// External is a BGP speaker outside the topology, one peers entry of a cluster.
type External struct {
	Cluster *Cluster
	Name    string
	Address netip.Addr
	ASN     model.ASN
	Model   *model.Peer
}

// DeviceName implements Device.
func (e *External) DeviceName() string { return e.Cluster.Name + "/peers/" + e.Name }

// At is where it is declared.
func (e *External) At() source.Path { return e.Cluster.At().Field("peers").Field(e.Name) }
