package simulate

import "net/netip"

// makeSessions gives the parts their sessions: of nodes what Calico makes of the objects, of switches what their routers say.
// Both ends are paired, and judged as far as that takes no routes.
func makeSessions(in Input, parts []*Part) {
	clusters := groupByCluster(parts)
	rules := make([]*clusterRules, len(clusters))
	for i, group := range clusters {
		rules[i] = group[0].rules.clusterRules
	}
	book := newPartBook(in.Fabric, rules, parts)
	inParallel(len(clusters), func(i int) { expandPeers(rules[i], clusters[i], book.apart()) })
	addSwitchSessions(in.Fabric, book)
	pairSessions(parts)
	listen(parts)
	believe(parts)
	inParallel(len(parts), func(i int) {
		for _, s := range parts[i].Sessions {
			s.judge()
		}
	})
}

// groupByCluster returns the parts of each cluster that has any. They lie side by side.
func groupByCluster(parts []*Part) [][]*Part {
	var groups [][]*Part
	for i, p := range parts {
		switch {
		case p.Cluster == nil:
		case i > 0 && parts[i-1].Cluster == p.Cluster:
			groups[len(groups)-1] = append(groups[len(groups)-1], p)
		default:
			groups = append(groups, []*Part{p})
		}
	}
	return groups
}

// pairing finds the far ends of sessions, as they were made.
type pairing struct {
	first []map[pairKey]*Session // by Part.Index: its first session of a key; nil: it has few, which are looked through
}

// pairKey is a session of a part by both its ends, of the first members.
type pairKey struct {
	peer          *Part
	local, remote netip.Addr
}

func (s *Session) pairKey() pairKey { return pairKey{s.Peer, s.local[0], s.remote[0]} }

// isByAddress reports whether it is the addresses that tell the far end.
func (s *Session) isByAddress() bool { return s.Peer != nil && s.Interface == "" }

// mates are the two ends of a session that is the first between its addresses; far nil: the other end has none with these.
type mates struct{ near, far *Session }

// pairSessions pairs the ends of sessions. Where several sessions of a part run between the same two addresses, as a mesh and a
// BGPPeer make them, BIRD gives a connection to the first of them: that one is paired, and the others find nobody.
func pairSessions(parts []*Part) {
	x := &pairing{first: make([]map[pairKey]*Session, len(parts))}
	inParallel(len(parts), func(i int) { x.index(parts[i]) })
	found := make([][]mates, len(parts))
	inParallel(len(parts), func(i int) { found[i] = x.matesOf(parts[i]) })
	for _, ofPart := range found {
		for _, m := range ofPart {
			switch {
			case m.near.Far != nil:
			case m.far != nil:
				m.near.Far, m.far.Far = m.far, m.near
			default:
				m.near.pairWithSwitch()
			}
		}
	}
}

// index notes the sessions of a part that has many.
func (x *pairing) index(p *Part) {
	const few = 16
	if len(p.Sessions) <= few {
		return
	}
	first := make(map[pairKey]*Session, len(p.Sessions))
	for _, s := range p.Sessions {
		if s.isByAddress() && first[s.pairKey()] == nil {
			first[s.pairKey()] = s
		}
	}
	x.first[p.Index] = first
}

// of returns the first session of a part with a key; nil: it has none.
func (x *pairing) of(p *Part, key pairKey) *Session {
	if first := x.first[p.Index]; first != nil {
		return first[key]
	}
	for _, s := range p.Sessions {
		if s.isByAddress() && s.pairKey() == key {
			return s
		}
	}
	return nil
}

// matesOf finds the far ends of those sessions of a part that are the first between their addresses.
func (x *pairing) matesOf(p *Part) []mates {
	var all []mates
	for _, s := range p.Sessions {
		if s.Far != nil || !s.isByAddress() || x.of(p, s.pairKey()) != s {
			continue
		}
		if all == nil {
			all = make([]mates, 0, len(p.Sessions))
		}
		all = append(all, mates{s, x.of(s.Peer, pairKey{p, s.remote[0], s.local[0]})})
	}
	return all
}

// pairWithSwitch pairs a node's session with that of a switch that would speak from another of its addresses, but is told none:
// it takes a call at any.
func (s *Session) pairWithSwitch() {
	if s.Part.Nodes == nil || s.Peer.Switch == nil {
		return
	}
	for _, far := range s.Peer.Sessions {
		if far.Far == nil && far.Peer == s.Part && far.remote[0] == s.local[0] && far.neighbor != nil &&
			!far.config().UpdateSource.IsValid() {
			far.local = s.remote
			s.Far, far.Far = far, s
			return
		}
	}
}
