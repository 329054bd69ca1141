package simulate

// States of a session and last errors as BIRD 1.6 shows them of a session that it tries again and again (proto/bgp/bgp.c,
// bgp_get_status). Errors: "BGP Error" is one that BIRD tells the far end, "Received" one that it is told.
const (
	infoUp          = "Established"
	infoIdle        = "Idle"
	infoSilent      = "Connect" // no answer of any kind
	infoBadAS       = "Idle BGP Error: Bad peer AS"
	infoTheirBadAS  = "Idle Received: Bad peer AS"
	infoRefused     = "Active Socket: Connection refused"
	infoClosed      = "Active Socket: Connection closed"
	infoUnreachable = "Active Socket: Network is unreachable"
	infoNobody      = "Active Socket: No route to host"
	infoActive      = "Active"
)

// info is a session's state and last error at this end.
func (s *Session) info() string {
	switch {
	case s.State == Established:
		return infoUp
	case s.State == NotEstablished && s.stop.part == s.Part:
		return infoUnreachable
	case s.State == NotEstablished:
		return infoSilent
	case s.PeerASN == 0:
		return infoIdle
	case s.Far == nil:
		return s.infoAlone()
	case s.PeerASN != s.Far.LocalASN:
		return infoBadAS
	case s.LocalASN != s.Far.PeerASN:
		return infoTheirBadAS
	}
	a, b := s, s.Far
	switch {
	case passwordMisfit(a, b) != "", ttlMisfit(a, b) != "": // the kernel drops the segments
		return infoSilent
	case portMisfit(a, b) != "":
		return infoRefused
	}
	return infoIdle
}

// infoAlone is the state of a session that nobody answers.
func (s *Session) infoAlone() string {
	peer := s.Peer
	switch {
	case peer == nil && s.isOnNetwork():
		return infoNobody
	case peer == nil:
		return infoSilent
	case peer.rules != nil && peer.rules.isBGPOff, peer.Host != nil, peer.Switch != nil && peer.Router == nil:
		return infoRefused // nothing listens
	case s.isSecond():
		return infoActive
	case len(s.local) == 0 || !s.local[0].IsValid():
		return infoUnreachable
	}
	return infoClosed // it listens, and knows no such neighbor
}

// isOnNetwork reports whether the far address lies on a network of the near end.
func (s *Session) isOnNetwork() bool {
	g := s.Part.ground[familyIndex(s.Family)]
	return g != nil && len(s.remote) > 0 && g.attachmentTo(s.remote[0], nil) != nil
}
