package simulate

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// bgpPort is where BGP listens unless told otherwise.
const bgpPort = 179

// believe makes the far ends that lie outside the topology: each is taken to be configured as its entry in peers says, for the
// nodes as they are declared.
func believe(parts []*Part) {
	for _, p := range parts {
		if p.Nodes == nil {
			continue
		}
		for _, s := range p.Sessions {
			if s.Peer != nil && s.Peer.External != nil && s.Far == nil {
				s.believe()
			}
		}
	}
}

func (s *Session) believe() {
	e := s.Peer.External
	far := &Session{Part: s.Peer, Peer: s.Part, Far: s, Family: s.Family, Kind: SwitchSession, LocalASN: uint32(e.ASN),
		PeerASN: uint32(s.Part.Nodes[0].ASN), At: e.At(), local: s.remote, remote: s.local, carries: s.carries}
	if own := e.Model.LocalASNumber; own != nil {
		far.PeerASN = uint32(*own)
	}
	if hops := e.Model.TTLSecurity; hops != nil {
		far.ttl = *hops
	}
	s.Far = far
	s.Peer.Sessions = append(s.Peer.Sessions, far)
}

// judge decides what can be said of a session before anything is known of routes.
func (s *Session) judge() {
	if s.PeerASN == 0 {
		s.State, s.Reason = NotCompatible, fmt.Sprintf("NO_REMOTE_AS: %s is given no AS number for %s", s.Part.title(), s.remoteName())
		return
	}
	if s.Far == nil {
		s.State, s.Reason = NotCompatible, s.whyAlone()
		return
	}
	a, b := s, s.Far
	if b.Part.Index < a.Part.Index {
		a, b = b, a // both ends give the same reason
	}
	for _, misfit := range []func(a, b *Session) string{asMisfit, passwordMisfit, ttlMisfit, portMisfit, familyMisfit} {
		if reason := misfit(a, b); reason != "" {
			s.State, s.Reason = NotCompatible, reason
			return
		}
	}
	s.State = Established
	switch {
	case s.listen != nil || s.Far.listen != nil:
		s.Reason = dynamicMatch
	case b.Part.External != nil:
		s.Reason = fmt.Sprintf("UNIQUE_MATCH: %s is outside, and believed to be configured as its entry says", b.Part.title())
	default:
		s.Reason = uniqueMatch
	}
}

// title names a part in a sentence.
func (p *Part) title() string {
	switch {
	case len(p.Nodes) > 1:
		return fmt.Sprintf("%s (and %d more)", p.Nodes[0].Name, len(p.Nodes)-1)
	case p.Nodes != nil:
		return p.Nodes[0].Name
	}
	return p.Device(0).DeviceName()
}

// inVRF says which VRF an address of a switch with several is in.
func (p *Part) inVRF(address string) string {
	switch {
	case p.Switch == nil || len(p.Switch.Routers) == 0:
		return ""
	case p.VRF == "":
		return fmt.Sprintf(" outside VRFs, where %s is", address)
	}
	return fmt.Sprintf(" in VRF %s, where %s is", p.VRF, address)
}

// remoteName is the far end as the near one knows it: an address, or the interface that leads there.
func (s *Session) remoteName() string {
	if s.Interface != "" {
		return s.Interface
	}
	return s.remote[0].String()
}

// whyAlone says why nobody answers.
func (s *Session) whyAlone() string {
	near, peer := s.remoteName(), s.Peer
	switch {
	case peer == nil:
		return fmt.Sprintf("NO_MATCH_FOUND: nobody has the address %s", near)
	case peer.rules != nil && peer.rules.isBGPOff:
		return "HALF_OPEN: BGP is disabled in Installation of cluster " + peer.Cluster.Name
	case s.isSecond():
		return fmt.Sprintf("HALF_OPEN: %s has another session with %s, which takes every connection", s.Part.title(), near)
	case peer.Host != nil || peer.Switch != nil && peer.Router == nil:
		return fmt.Sprintf("HALF_OPEN: %s speaks no BGP%s", peer.title(), peer.inVRF(near))
	case s.Interface != "":
		return fmt.Sprintf("HALF_OPEN: %s has no session over the link at %s", peer.title(), near)
	case !s.local[0].IsValid():
		return fmt.Sprintf("HALF_OPEN: %s has no address that leads to %s", s.Part.title(), near)
	}
	for _, far := range peer.Sessions {
		if far.Peer == s.Part && slices.Contains(far.remote, s.local[0]) {
			return fmt.Sprintf("HALF_OPEN: %s speaks with %s from %s, not from %s", peer.title(), s.local[0], far.local[0], near)
		}
	}
	if peer.Switch != nil {
		return fmt.Sprintf("HALF_OPEN: %s has no neighbor %s", peer.title(), s.local[0])
	}
	if s.Part.Switch != nil && s.Part.isElsewhere(s) {
		return fmt.Sprintf("HALF_OPEN: %s is not in VRF %q of %s, where the session is", s.local[0], s.Part.VRF, s.Part.title())
	}
	return fmt.Sprintf("HALF_OPEN: %s has no BGPPeer for %s", peer.title(), s.local[0])
}

// isElsewhere reports whether the far end of a switch's session speaks with the same address of the switch in another VRF.
func (p *Part) isElsewhere(s *Session) bool {
	return slices.ContainsFunc(s.Peer.Sessions, func(far *Session) bool {
		return far.Peer != nil && far.Peer.Switch == p.Switch && far.remote[0] == s.local[0]
	})
}

// isSecond reports whether an earlier session of the part runs between the same two addresses.
func (s *Session) isSecond() bool {
	first := slices.IndexFunc(s.Part.Sessions, func(other *Session) bool {
		return other.Peer == s.Peer && other.Interface == s.Interface && other.local[0] == s.local[0] && other.remote[0] == s.remote[0]
	})
	return s.Part.Sessions[first] != s
}

// asMisfit: a speaker refuses an OPEN with another AS number than it expects (RFC 4271 section 6.2, Bad Peer AS).
func asMisfit(a, b *Session) string {
	for _, ends := range [][2]*Session{{a, b}, {b, a}} {
		if near, far := ends[0], ends[1]; near.PeerASN != far.LocalASN {
			return fmt.Sprintf("AS mismatch: %s expects AS %d, %s is AS %d", near.Part.title(), near.PeerASN, far.Part.title(), far.LocalASN)
		}
	}
	return ""
}

// passwordMisfit: the kernel drops segments whose signature is wrong or missing (RFC 2385). What a secret holds nobody here
// knows: equal names are taken to be equal passwords, and others not. Of speakers outside only whether there is one is known.
func passwordMisfit(a, b *Session) string {
	near, far := a.password(), b.password()
	if near == far || near != "" && far != "" && b.Part.External != nil {
		return ""
	}
	words := func(secret string) string {
		if secret == "" {
			return "none"
		}
		return secret
	}
	return fmt.Sprintf("password mismatch: %s has %s, %s has %s", a.Part.title(), words(near), b.Part.title(), words(far))
}

// password is the secret of the session's password as this end has it, secret/key; empty: none.
func (s *Session) password() string {
	var ref *model.SecretRef
	switch {
	case s.Kind == MeshSession:
		return s.Part.rules.meshPassword
	case s.peer != nil:
		return s.peer.password
	case s.Part.External != nil:
		ref = s.Part.External.Model.Password
	case s.Part.Switch != nil:
		ref = s.config().Password
	}
	if ref == nil {
		return ""
	}
	return ref.Secret + "/" + ref.Key
}

// ttlMisfit: an end with TTL security takes only packets that were sent with the highest TTL, few hops away (RFC 5082).
func ttlMisfit(a, b *Session) string {
	const most = 255
	for _, ends := range [][2]*Session{{a, b}, {b, a}} {
		near, far := ends[0], ends[1]
		sent := far.ttl
		if sent == 0 || far.hasTTLSecurity() {
			sent = most
		}
		if near.hasTTLSecurity() && near.ttl == 1 && a.isFarOutside() {
			return fmt.Sprintf("TTL mismatch: %s takes packets of neighbors on its networks alone, and %s is beyond a router", near.Part.title(), far.Part.title())
		}
		if near.hasTTLSecurity() && sent <= most-near.ttl {
			return fmt.Sprintf("TTL mismatch: %s takes TTL %d and more, %s sends TTL %d", near.Part.title(), most+1-near.ttl, far.Part.title(), sent)
		}
	}
	return ""
}

// isFarOutside reports whether one end of a session lies outside the topology, on none of the networks of the other.
func (s *Session) isFarOutside() bool {
	for _, end := range []*Session{s, s.Far} {
		if end.Part.External != nil && !end.Far.Part.subnetHas(end.local[0]) {
			return true
		}
	}
	return false
}

// subnetHas reports whether an address lies in a subnet of the nodes of a part.
func (p *Part) subnetHas(a netip.Addr) bool {
	n := p.Nodes[0]
	subnets := append([]netip.Prefix{n.Prefix(fabric.FamilyOf(a))}, nicPrefixes(n, fabric.FamilyOf(a))...)
	return slices.ContainsFunc(subnets, func(own netip.Prefix) bool { return own.IsValid() && own.Masked().Contains(a) })
}

func (s *Session) hasTTLSecurity() bool {
	switch {
	case s.peer != nil:
		return s.peer.ttlSecurity > 0
	case s.Part.Switch != nil:
		return s.config().TTLSecurity > 0
	case s.Part.External != nil:
		return s.ttl > 0
	}
	return false
}

// portMisfit: one end at least must call the other where it listens. That Calico keeps one of two nodes from calling, the one
// with the lesser address as a string, makes no difference: both know each other's port, or neither calls.
func portMisfit(a, b *Session) string {
	if a.calls(b) || b.calls(a) {
		return ""
	}
	return fmt.Sprintf("port mismatch: %s calls port %d, %s listens on port %d", a.Part.title(), orBGP(a.Port), b.Part.title(), b.Part.listenPort())
}

// calls reports whether this end opens connections that reach the far one.
func (s *Session) calls(far *Session) bool {
	return s.listen == nil && s.Part.External == nil && orBGP(s.Port) == far.Part.listenPort()
}

func (p *Part) listenPort() uint16 {
	switch {
	case p.Nodes != nil:
		return orBGP(p.rules.port)
	case p.External != nil && p.External.Model.Port != nil:
		return orBGP(*p.External.Model.Port)
	}
	return bgpPort
}

func orBGP(port uint16) uint16 {
	if port == 0 {
		return bgpPort
	}
	return port
}

func familyMisfit(a, b *Session) string {
	if slices.ContainsFunc(a.carries, func(f fabric.Family) bool { return slices.Contains(b.carries, f) }) {
		return ""
	}
	return fmt.Sprintf("family mismatch: %s and %s carry routes of no family that both do", a.Part.title(), b.Part.title())
}
