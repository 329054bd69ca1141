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
	rules := s.Part.rules
	e.NextHop = s.nodeNextHop(e.Internal)
	if s.peer == nil {
		return
	}
	e.AllowOwnAS = s.peer.allowOwnAS
	// The cluster ID of a far end given by its address is not looked up, so that end is another's, and a client.
	farID := uint32(0)
	if s.Peer.Nodes != nil && !s.peer.byAddress {
		farID = s.Peer.rules.clusterID
	}
	if rules.clusterID != 0 && e.Internal && farID != rules.clusterID {
		e.Client, e.ClusterID = true, rules.clusterID
	}
}

// nodeNextHop is what BIRD does to NEXT_HOP (proto/bgp/attrs.c, bgp_update_attrs), told by "next hop self" or "next hop keep",
// and else by itself.
func (s *Session) nodeNextHop(isInternal bool) bgp.NextHopMode {
	if p := s.peer; p != nil {
		switch {
		case p.nextHopMode == string(v3.NextHopModeSelf):
			return bgp.Self
		case p.nextHopMode == string(v3.NextHopModeKeep):
			return bgp.Unchanged
		case p.nextHopMode == "" && p.keepNextHop && !isInternal:
			return bgp.Unchanged
		}
	}
	switch {
	case isInternal:
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
	case !e.Internal && (c.Multihop > 0 || c.TTLSecurity > 0 && c.UpdateSource.IsValid()):
		e.NextHop = bgp.Self
	case !e.Internal:
		e.NextHop = bgp.ThirdParty
	case family.NextHopSelf:
		e.NextHop = bgp.SelfOnExternal
	}
	if e.Internal && family.ReflectorClient {
		e.Client, e.ClusterID = true, uint32Of(s.Part.Router.ClusterID)
	}
}
