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
	for i, group := range clusters {
		expandPeers(rules[i], group, book)
	}
	addSwitchSessions(in.Fabric, book)
	x := pairSessions(parts)
	x.listen(parts)
	x.believe(parts)
	for _, p := range parts {
		for _, s := range p.Sessions {
			s.judge()
		}
	}
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

// pairing finds the far ends of sessions.
type pairing struct {
	byEnds map[pairKey][]*Session // in the order in which they were made
}

// pairKey is a session by both its ends, of the first members.
type pairKey struct {
	part, peer    *Part
	local, remote netip.Addr
}

// pairSessions pairs the ends of sessions. Where several sessions of a part run between the same two addresses, as a mesh and a
// BGPPeer make them, BIRD gives a connection to the first of them: that one is paired, and the others find nobody.
func pairSessions(parts []*Part) *pairing {
	x := &pairing{byEnds: map[pairKey][]*Session{}}
	for _, p := range parts {
		for _, s := range p.Sessions {
			if s.Peer != nil && s.Interface == "" {
				key := pairKey{s.Part, s.Peer, s.local[0], s.remote[0]}
				x.byEnds[key] = append(x.byEnds[key], s)
			}
		}
	}
	for _, p := range parts {
		for _, s := range p.Sessions {
			if s.Far == nil && s.Peer != nil && s.Interface == "" {
				x.pair(s)
			}
		}
	}
	return x
}

// pair finds the far end of a session, if it is the first between its addresses.
func (x *pairing) pair(s *Session) {
	if x.byEnds[pairKey{s.Part, s.Peer, s.local[0], s.remote[0]}][0] != s {
		return
	}
	if s.Peer == s.Part && s.local[0] == s.remote[0] {
		s.Far = s
		return
	}
	if all := x.byEnds[pairKey{s.Peer, s.Part, s.remote[0], s.local[0]}]; len(all) > 0 {
		s.Far, all[0].Far = all[0], s
		return
	}
	x.pairWithSwitch(s)
}

// pairWithSwitch pairs a node's session with that of a switch that would speak from another of its addresses, but is told none:
// it takes a call at any.
func (x *pairing) pairWithSwitch(s *Session) {
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
