package simulate

import (
	"net/netip"
	"slices"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// newSpeaker describes a part as a speaker; its index is not set.
func newSpeaker(p *Part) *bgp.Speaker {
	switch {
	case p.Nodes != nil:
		s := &bgp.Speaker{Kind: bgp.BIRD, MaxPaths: birdMaxPaths, RelaxAS: true, ListensTo: true}
		for _, n := range p.Nodes {
			s.RouterIDs = append(s.RouterIDs, routerIDOf(n))
		}
		return s
	case p.Switch != nil:
		return &bgp.Speaker{Kind: bgp.Switch, RouterIDs: []netip.Addr{p.Router.RouterID}, MaxPaths: max(1, p.Router.MaximumPaths),
			RelaxAS: p.Router.RelaxASPath, ListensTo: p.Switch.Dialect != nil && p.Switch.Dialect.AddPath}
	}
	id := p.External.Address
	if !id.Is4() {
		id = hashedRouterID(p.External.Name) // nobody says what it is
	}
	return &bgp.Speaker{Kind: bgp.Switch, RouterIDs: []netip.Addr{id}, MaxPaths: 1}
}

// nodeEnd fills in what BIRD is told of a session (bird.cfg.template).
func (s *Session) nodeEnd(e *bgp.End) {
	e.NextHop = s.nodeNextHop()
	if s.peer == nil {
		return
	}
	e.AllowOwnAS = s.peer.allowOwnAS
	e.ClusterID = s.clientOf()
	e.Client = e.ClusterID != 0
}

// clientOf is the cluster ID for which a node takes the far end of a session for a client; 0: it is none. The cluster ID of a
// far end given by its address is not looked up, so that end is another's, and a client.
func (s *Session) clientOf() uint32 {
	farID := uint32(0)
	if s.Peer != nil && s.Peer.Nodes != nil && !s.peer.byAddress {
		farID = s.Peer.rules.clusterID
	}
	if own := s.Part.rules.clusterID; s.peerType() == internalPeer && farID != own {
		return own
	}
	return 0
}

// Words of BIRD's option "next hop".
const (
	nextHopSelf = "self"
	nextHopKeep = "keep"
)

// nextHopOption is "next hop" of a node's session; empty: it isn't written.
func (s *Session) nextHopOption() string {
	switch p := s.peer; {
	case p == nil:
	case p.nextHopMode == string(v3.NextHopModeSelf):
		return nextHopSelf
	case p.nextHopMode == string(v3.NextHopModeKeep):
		return nextHopKeep
	case p.nextHopMode == "" && p.keepNextHop && s.peerType() == externalPeer:
		return nextHopKeep
	}
	return ""
}

// nodeNextHop is what BIRD does to NEXT_HOP (proto/bgp/attrs.c, bgp_update_attrs), told by "next hop", and else by itself.
func (s *Session) nodeNextHop() bgp.NextHopMode {
	option := s.nextHopOption()
	switch {
	case option == nextHopSelf:
		return bgp.Self
	case option == nextHopKeep, s.peerType() == internalPeer:
		return bgp.Unchanged
	case s.Kind == MeshSession && s.Part.rules.isMeshSingleHop():
		return bgp.ThirdParty
	}
	return bgp.Self
}

// switchEnd fills in what a switch is told of a session.
func (s *Session) switchEnd(e *bgp.End, f fabric.Family) {
	c := s.config()
	family := c.Families[slices.IndexFunc(c.Families, func(c *fabric.FamilyConfig) bool { return c.Family == f })]
	e.ASOverride = family.ASOverride
	switch {
	case !e.Internal:
		e.NextHop = bgp.ThirdParty // over several hops too, as far as the far end is on-link (FRR, bgpd/bgp_route.c subgroup_announce_check)
		e.OnLinkOnly = c.Multihop == 0 && c.TTLSecurity <= 1 && !(c.TTLSecurity > 0 && c.UpdateSource.IsValid())
	case family.NextHopSelf:
		e.NextHop = bgp.SelfOnExternal
	}
	if e.Internal && family.ReflectorClient {
		e.Client, e.ClusterID = true, uint32Of(s.Part.Router.ClusterID)
	}
}
