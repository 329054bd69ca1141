package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// addSwitchSessions gives every switch that speaks BGP the sessions of its neighbors, in their order.
func addSwitchSessions(f *fabric.Fabric, book *partBook) {
	links := map[linkKey]*Session{}
	for _, s := range f.Switches {
		for _, p := range book.switches[s] {
			if p.Router != nil {
				x := switchExpansion{part: p, book: book, links: links, byGroup: map[neighborKey]*Session{}}
				for _, n := range p.Router.Neighbors {
					x.neighbor(n)
				}
			}
		}
	}
}

// linkKey is one of the at most two sessions over a link.
type linkKey struct {
	link   *fabric.SwitchLink
	family fabric.Family
}

// switchExpansion makes the sessions of one switch in one VRF.
type switchExpansion struct {
	part    *Part
	book    *partBook
	links   map[linkKey]*Session // the first end that was made
	byGroup map[neighborKey]*Session
}

// neighborKey is neighbors of a group that are the members of one part, alike in all but the address.
type neighborKey struct {
	group *fabric.PeerGroup
	asn   uint32
	part  *Part
	nic   int
	ipv6  bool
}

func (x *switchExpansion) neighbor(n *fabric.Neighbor) {
	if n.Group == nil {
		x.linkNeighbor(n)
		return
	}
	o := x.book.dir.findNode(n.Address, n.Group.Rack.Cluster)
	at := x.book.placeOf(o)
	if at.part == nil {
		x.add(n, nil, fabric.FamilyOf(n.Address), addresses{n.Address})
		return
	}
	key := neighborKey{n.Group, uint32(n.RemoteASN), at.part, o.nic, n.Address.Is6()}
	if x.byGroup[key] == nil {
		family := fabric.FamilyOf(n.Address)
		x.byGroup[key] = x.add(n, at.part, family, x.book.nodesEnd(at.part, family, o.nic).addresses)
	}
}

// linkNeighbor makes a session over a link to another switch, and pairs it with the other end.
func (x *switchExpansion) linkNeighbor(n *fabric.Neighbor) {
	link := n.Session.Link
	far := link.Ends[0]
	if far.Switch == x.part.Switch {
		far = link.Ends[1]
	}
	s := x.add(n, x.book.switchPart(far.Switch, far.VRF), n.Session.Family, addresses{n.Address})
	key := linkKey{link, n.Session.Family}
	if other := x.links[key]; other != nil {
		s.Far, other.Far = other, s
		return
	}
	x.links[key] = s
}

func (x *switchExpansion) add(n *fabric.Neighbor, peer *Part, family fabric.Family, remote addresses) *Session {
	s := &Session{Part: x.part, Peer: peer, Family: family, Kind: SwitchSession, LocalASN: uint32(x.part.Router.ASN),
		PeerASN: uint32(n.RemoteASN), Interface: n.Interface, remote: remote, neighbor: n}
	s.At = x.part.Switch.At()
	switch {
	case n.Group != nil:
		s.At = n.Group.At
	case n.Session != nil:
		s.At = n.Session.At
	}
	s.takeConfig(x.part)
	x.part.Sessions = append(x.part.Sessions, s)
	return s
}

// config is what a switch says of a session: of its group, or of the neighbor that stands alone.
func (s *Session) config() *fabric.SessionConfig {
	switch {
	case s.listen != nil:
		return &s.listen.Group.SessionConfig
	case s.neighbor.Group != nil:
		return &s.neighbor.Group.SessionConfig
	}
	return &s.neighbor.SessionConfig
}

// takeConfig fills in what follows from the switch's configuration of the session.
func (s *Session) takeConfig(p *Part) {
	c := s.config()
	for _, f := range c.Families {
		s.carries = append(s.carries, f.Family)
	}
	switch {
	case c.TTLSecurity > 0:
		s.ttl = c.TTLSecurity
	case c.Internal:
		s.ttl = 0
	case c.Multihop > 0:
		s.ttl = c.Multihop
	default:
		s.ttl = 1
	}
	if s.local == nil {
		s.local = addresses{c.UpdateSource}
	}
	if !s.local[0].IsValid() {
		s.local = addresses{p.addressTowards(s.remote[0], s.neighbor)}
	}
}

// addressTowards is the address that a switch speaks from to a neighbor: that of its interface or link on the neighbor's subnet;
// the zero Addr where it is on none, or on a link without addresses.
func (p *Part) addressTowards(a netip.Addr, n *fabric.Neighbor) netip.Addr {
	if n != nil && n.Session != nil && n.Session.Link != nil {
		for _, e := range n.Session.Link.Ends {
			if e.Switch == p.Switch {
				return e.Prefix(n.Session.Family).Addr()
			}
		}
	}
	if !a.IsValid() {
		return a
	}
	family := fabric.FamilyOf(a)
	for _, i := range p.Switch.Interfaces {
		if own := i.Prefix(family); i.VRF == p.VRF && own.IsValid() && own.Masked().Contains(a) {
			return own.Addr()
		}
	}
	for _, e := range p.Switch.Links {
		if own := e.Prefix(family); e.VRF == p.VRF && own.IsValid() && own.Masked().Contains(a) {
			return own.Addr()
		}
	}
	return netip.Addr{}
}

// listen makes the sessions that switches accept from the ranges they listen on: those that nodes open, of an address in the
// range that is no neighbor's.
func listen(parts []*Part) {
	for _, p := range parts {
		if p.Nodes == nil {
			continue
		}
		for _, s := range p.Sessions {
			if s.Far != nil || s.Peer == nil || s.Peer.Router == nil {
				continue
			}
			if l := s.Peer.listenFor(s.local[0]); l != nil {
				accept(s, l)
			}
		}
	}
}

// listenFor returns the narrowest range that an address calls from, nil where there is none.
func (p *Part) listenFor(a netip.Addr) *fabric.Listen {
	isNeighbor := func(s *Session) bool { return slices.Contains(s.remote, a) }
	if slices.ContainsFunc(p.Sessions, isNeighbor) {
		return nil
	}
	var best *fabric.Listen
	for _, l := range p.Router.Listens {
		if l.Prefix.Contains(a) && (best == nil || l.Prefix.Bits() > best.Prefix.Bits()) {
			best = l
		}
	}
	return best
}

// accept makes the switch's end of a session that a node opens. A range without an AS number takes any.
func accept(s *Session, l *fabric.Listen) {
	far := &Session{Part: s.Peer, Peer: s.Part, Far: s, Family: s.Family, Kind: SwitchSession, LocalASN: uint32(s.Peer.Router.ASN),
		PeerASN: uint32(l.Group.RemoteASN), At: l.Group.At, local: s.remote, remote: s.local, listen: l}
	if far.PeerASN == 0 {
		far.PeerASN = s.LocalASN
	}
	far.takeConfig(s.Peer)
	s.Far = far
	s.Peer.Sessions = append(s.Peer.Sessions, far)
}
