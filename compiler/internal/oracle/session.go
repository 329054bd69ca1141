package oracle

import (
	"cmp"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// session is one end of a BGP session. Its queue is the messages on their way to the far end.
type session struct {
	index      int
	owner      *speaker
	far        *session // nil: nobody there who fits
	local      netip.Addr
	remote     netip.Addr
	localASN   uint32
	peerASN    uint32 // 0: any
	families   []fabric.Family
	isInternal bool
	isClient   bool // the far end is a client of this one's (RFC 4456)
	clusterID  uint32
	allowOwnAS int

	nextHop     nextHop
	isMultihop  bool
	ttl         int // of what it sends: how many hops that may take
	ttlSecurity int // hops (RFC 5082); 0: off
	port        uint16
	isPassive   bool
	hasPassword bool

	peering  *peering                               // of nodes
	config   map[fabric.Family]*fabric.FamilyConfig // of switches
	link     *fabric.Session                        // of sessions between switches
	sendsAll bool                                   // add-path (RFC 7911)

	isCompatible bool
	up           bool
	queue        []message
	waiting      map[pathKey]bool // in queue
	sent         map[pathKey]*attributes
}

// nextHop is what a session does to the next hop of what it sends.
type nextHop uint8

const (
	auto nextHop = iota
	self
	keep
)

// message is an UPDATE for one path of one prefix. Without attributes it is a withdrawal.
type message struct {
	path       pathKey
	attributes *attributes
}

// pathKey tells the paths of a session apart. Without add-path id is 0.
type pathKey struct {
	prefix netip.Prefix
	id     int
}

const anyHops = 255

// addNodeSessions makes the ends of all nodes, and those of the speakers outside that they call.
func (n *network) addNodeSessions() {
	for _, sp := range slices.Clone(n.speakers) {
		if sp.node == nil {
			continue
		}
		for i := range sp.node.peerings {
			p := &sp.node.peerings[i]
			if local := sp.localAddress(p); local.IsValid() {
				n.addSession(sp.nodeSession(p, local))
			}
		}
	}
}

func (n *network) addSession(s *session) {
	s.index, s.sent, s.waiting = len(n.sessions), map[pathKey]*attributes{}, map[pathKey]bool{}
	n.sessions = append(n.sessions, s)
	s.owner.sessions = append(s.owner.sessions, s)
}

// localAddress is the address that a peering is held from: the node's own, or with sourceAddress None that of the interface
// towards the peer. It is the zero Addr where the node has none of the family.
func (sp *speaker) localAddress(p *peering) netip.Addr {
	own := sp.node.node.Addr(fabric.FamilyOf(p.remote))
	if p.sourceIsNode || !own.IsValid() {
		return own // without one the node runs no BIRD of the family
	}
	towards := p.remote
	for _, r := range sp.node.reachable {
		if r.peer == p.remote {
			towards = r.gateway
		}
	}
	if c := sp.onSubnet(towards); c != nil {
		return c.prefix.Addr()
	}
	return own
}

func (sp *speaker) nodeSession(p *peering, local netip.Addr) *session {
	n := sp.node
	s := &session{owner: sp, local: local, remote: p.remote, peering: p, peerASN: p.asn, port: cmp.Or(p.port, 179),
		families: []fabric.Family{fabric.FamilyOf(p.remote)}, localASN: cmp.Or(p.localASN, n.asn()), allowOwnAS: p.allowOwnAS,
		isPassive: p.isPassive, hasPassword: p.hasPassword, ttlSecurity: p.ttlSecurity, ttl: 64, isMultihop: true}
	s.isInternal = s.localASN == s.peerASN
	if n.clusterID != 0 && s.isInternal && p.remoteCluster != n.clusterID && !p.isMesh {
		s.isClient, s.clusterID = true, n.clusterID
	}
	if p.isMesh && !s.isInternal && n.atLeast(26, 0) && !n.atLeast(33, 0) {
		s.isMultihop, s.ttl = false, 1 // BIRD's default for eBGP, where the template says nothing
	}
	switch {
	case p.nextHopMode == "Self":
		s.nextHop = self
	case p.nextHopMode == "Keep", p.nextHopMode == "" && p.keepNextHop && !s.isInternal:
		s.nextHop = keep
	}
	return s
}

// addSwitchSessions makes the ends of the switches' neighbors.
func (n *network) addSwitchSessions() {
	for _, sp := range n.speakers {
		if sp.router == nil {
			continue
		}
		for _, b := range sp.router.Neighbors {
			config := &b.SessionConfig
			if b.Group != nil {
				config = &b.Group.SessionConfig
			}
			s := sp.switchSession(config, b.Address, uint32(b.RemoteASN))
			if b.Session.Kind == fabric.LinkSession {
				sp.onLink(s, b)
			}
			n.addSession(s)
		}
	}
}

func (sp *speaker) switchSession(c *fabric.SessionConfig, remote netip.Addr, asn uint32) *session {
	s := &session{owner: sp, remote: remote, peerASN: asn, localASN: uint32(sp.router.ASN), isInternal: c.Internal, port: 179,
		ttl: 1, ttlSecurity: c.TTLSecurity, hasPassword: c.Password != nil, config: map[fabric.Family]*fabric.FamilyConfig{}}
	switch {
	case c.Internal:
		s.ttl, s.isMultihop = anyHops, true
	case c.Multihop > 0:
		s.ttl, s.isMultihop = c.Multihop, true
	case c.TTLSecurity > 0 && c.UpdateSource.IsValid():
		s.isMultihop = true // between addresses of no common subnet
	}
	for _, f := range c.Families {
		s.families = append(s.families, f.Family)
		s.config[f.Family] = f
		s.isClient = s.isClient || f.ReflectorClient
	}
	if sp.router.ClusterID.IsValid() {
		s.clusterID = number(sp.router.ClusterID)
	}
	s.local = c.UpdateSource
	if at := sp.onSubnet(remote); !s.local.IsValid() && at != nil {
		s.local = at.prefix.Addr()
	}
	return s
}

// takesOnLinkOnly reports whether a switch takes only next hops on its own networks over the session: eBGP of one hop (FRR, unless
// "disable-connected-check").
func (s *session) takesOnLinkOnly() bool { return !s.isInternal && !s.isMultihop && s.ttlSecurity <= 1 }

// onLink gives a session the addresses of its link.
func (sp *speaker) onLink(s *session, b *fabric.Neighbor) {
	s.link = b.Session
	near, far := b.Session.Link.Ends[0], b.Session.Link.Ends[1]
	if near.Switch != sp.sw {
		near, far = far, near
	}
	if b.Interface != "" {
		s.local, s.remote = linkLocal(near), linkLocal(far)
		return
	}
	s.local = near.Prefix(b.Session.Family).Addr()
}

// match finds the far end of a session, which must be configured for it, and judges whether the two fit.
func (s *session) match() {
	if s.far != nil {
		return
	}
	switch {
	case s.link != nil:
		for _, other := range s.owner.network.sessions {
			if other.link == s.link && other.owner != s.owner {
				s.join(other)
				return
			}
		}
	case s.owner.node != nil:
		if far := s.owner.owner(s.remote); far != nil {
			s.call(far)
		}
	}
}

// call joins a node's session with the end at another device.
func (s *session) call(far *speaker) {
	for _, other := range far.sessions {
		if other.far == nil && other.remote == s.local && (other.owner.sw != nil || other.local == s.remote) {
			other.local = s.remote
			s.join(other)
			return
		}
	}
	switch {
	case far.external != nil:
		s.callExternal(far)
	case far.router != nil:
		for _, l := range far.router.Listens {
			if l.Prefix.Contains(s.local) {
				other := far.switchSession(&l.Group.SessionConfig, s.local, uint32(l.Group.RemoteASN))
				other.local, other.isPassive = s.remote, true
				far.network.addSession(other)
				s.join(other)
				return
			}
		}
	}
}

// callExternal makes the end of a speaker outside, which is taken to fit.
func (s *session) callExternal(far *speaker) {
	other := &session{owner: far, local: s.remote, remote: s.local, localASN: s.peerASN, peerASN: s.localASN, families: s.families,
		isInternal: s.isInternal, ttl: anyHops, ttlSecurity: s.ttlSecurity, port: 179, isPassive: true, hasPassword: s.hasPassword}
	far.network.addSession(other)
	s.join(other)
	if s.ttlSecurity == 1 && s.owner.onSubnet(s.remote) == nil { // some router on the way counts the TTL down
		s.isCompatible, other.isCompatible = false, false
	}
}

func (s *session) join(other *session) {
	s.far, other.far = other, s
	fit := s.expects(other) && other.expects(s) && s.hasPassword == other.hasPassword &&
		(s.ttlSecurity > 0) == (other.ttlSecurity > 0) && (s.reachesPort() || other.reachesPort())
	s.isCompatible, other.isCompatible = fit, fit
	s.sendsAll = s.owner.node != nil && other.owner.takesAddPath()
	other.sendsAll = other.owner.node != nil && s.owner.takesAddPath()
}

func (s *session) expects(other *session) bool { return s.peerASN == 0 || s.peerASN == other.localASN }

// reachesPort reports whether the end calls at the port that the other listens at. One end that does is enough.
func (s *session) reachesPort() bool {
	listens := uint16(179)
	if s.far.owner.node != nil {
		listens = cmp.Or(s.far.owner.node.port, 179)
	}
	return !s.isPassive && (s.port == listens || s.far.owner.external != nil)
}

// takesAddPath reports whether a speaker takes several paths of one prefix: BIRD does, and switches whose dialect does by
// default.
func (sp *speaker) takesAddPath() bool {
	return sp.node != nil || sp.sw != nil && sp.sw.Dialect != nil && sp.sw.Dialect.AddPath
}

// set brings both ends up or down.
func (s *session) set(up bool) {
	s.up, s.far.up = up, up
	for _, end := range []*session{s, s.far} {
		if up {
			end.owner.sendTable(end)
			continue
		}
		end.owner.network.drop(end)
	}
	if !up {
		s.owner.flush(s)
		s.far.owner.flush(s.far)
	}
}

// drop empties the queue of an end that went down, and forgets what was sent.
func (n *network) drop(s *session) {
	s.queue, s.sent, s.waiting = nil, map[pathKey]*attributes{}, map[pathKey]bool{}
	n.busy = slices.DeleteFunc(n.busy, func(b *session) bool { return b == s })
}
