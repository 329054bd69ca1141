package show

import (
	"net/netip"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// derivedSwitch is the vendor-neutral configuration of a switch, as its dialect prints it.
type derivedSwitch struct {
	Routers      []router      `json:"routers,omitzero"`
	StaticRoutes []staticRoute `json:"staticRoutes,omitzero"`
}

// router is the BGP process of a switch in one VRF.
type router struct {
	VRF             string                  `json:"vrf,omitzero"` // none: the global routing table
	ASNumber        model.ASN               `json:"asNumber"`
	RouterID        netip.Addr              `json:"routerID,omitzero"`
	ClusterID       netip.Addr              `json:"clusterID,omitzero"` // where the switch reflects
	MaximumPaths    int                     `json:"maximumPaths"`
	WantedPaths     int                     `json:"wantedPaths"` // what was derived, before the dialect's limit
	RelaxASPath     bool                    `json:"relaxASPath"`
	GracefulRestart bool                    `json:"gracefulRestart"`
	Families        []string                `json:"families,omitzero"`
	Networks        []netip.Prefix          `json:"networks,omitzero"`
	Redistribute    []redistribution        `json:"redistribute,omitzero"`
	PrefixLists     map[string][]listEntry  `json:"prefixLists,omitzero"`
	Policies        map[string][]policyTerm `json:"policies,omitzero"`
	Groups          map[string]peerGroup    `json:"groups,omitzero"`
	Neighbors       []neighbor              `json:"neighbors,omitzero"`
	Listens         []listen                `json:"listens,omitzero"`
}

type redistribution struct {
	Family string `json:"family"`
	Policy string `json:"policy"`
}

type listEntry struct {
	Prefix netip.Prefix `json:"prefix"`
	GE     int          `json:"ge,omitzero"`
	LE     int          `json:"le,omitzero"`
}

// policyTerm accepts what it matches; without prefix list and tag, everything. A policy denies the rest.
type policyTerm struct {
	Seq        int    `json:"seq"`
	PrefixList string `json:"prefixList,omitzero"`
	Tag        uint32 `json:"tag,omitzero"`
}

type peerGroup struct {
	Rack string `json:"rack,omitzero"`
	sessionConfig
}

// neighbor is one session. A member of a group says only what the group does not.
type neighbor struct {
	Address     netip.Addr `json:"address,omitzero"`
	Interface   string     `json:"interface,omitzero"`
	Description string     `json:"description,omitzero"`
	Group       string     `json:"group,omitzero"`
	sessionConfig
}

type sessionConfig struct {
	RemoteASNumber model.ASN               `json:"remoteASNumber,omitzero"`
	Internal       bool                    `json:"internal"`
	UpdateSource   netip.Addr              `json:"updateSource,omitzero"`
	Multihop       int                     `json:"multihop,omitzero"`
	TTLSecurity    int                     `json:"ttlSecurity,omitzero"`
	Password       *model.SecretRef        `json:"password,omitzero"`
	BFD            bool                    `json:"bfd"`
	Keepalive      int                     `json:"keepalive,omitzero"`
	Hold           int                     `json:"hold,omitzero"`
	Families       map[string]familyConfig `json:"families,omitzero"`
}

type familyConfig struct {
	In               string `json:"in"`
	Out              string `json:"out"`
	MaxPrefixes      int    `json:"maxPrefixes,omitzero"`
	WarnPercent      int    `json:"warnPercent,omitzero"`
	RestartMinutes   int    `json:"restartMinutes,omitzero"`
	ASOverride       bool   `json:"asOverride"`
	NextHopSelf      bool   `json:"nextHopSelf"`
	ReflectorClient  bool   `json:"reflectorClient"`
	DefaultOriginate bool   `json:"defaultOriginate"`
}

type listen struct {
	CIDR  netip.Prefix `json:"cidr"`
	Group string       `json:"group"`
	Limit int          `json:"limit,omitzero"`
}

func deriveSwitch(s *fabric.Switch) derivedSwitch {
	return derivedSwitch{Routers: mapped(s.Routers, deriveRouter), StaticRoutes: mapped(s.Statics, deriveStatic)}
}

func deriveRouter(r *fabric.BGPRouter) router {
	return router{
		VRF: r.VRF, ASNumber: r.ASN, RouterID: r.RouterID, ClusterID: r.ClusterID,
		MaximumPaths: r.MaximumPaths, WantedPaths: r.WantedPaths,
		RelaxASPath: r.RelaxASPath, GracefulRestart: r.GracefulRestart,
		Families: mapped(r.Families, fabric.Family.String),
		Networks: r.Networks,
		Redistribute: mapped(r.Redistribute, func(r *fabric.Redistribution) redistribution {
			return redistribution{r.Family.String(), r.Policy.Name}
		}),
		PrefixLists: byName(r.PrefixLists, func(l *fabric.PrefixList) (string, []listEntry) {
			return l.Name, mapped(l.Entries, func(e fabric.PrefixEntry) listEntry { return listEntry(e) })
		}),
		Policies: byName(r.Policies, func(p *fabric.Policy) (string, []policyTerm) {
			terms := mapped(p.Terms, derivePolicyTerm)
			if terms == nil {
				terms = []policyTerm{} // a policy without terms denies all: that is worth printing
			}
			return p.Name, terms
		}),
		Groups: byName(r.Groups, func(g *fabric.PeerGroup) (string, peerGroup) {
			group := peerGroup{sessionConfig: deriveSessionConfig(&g.SessionConfig)}
			if g.Rack != nil {
				group.Rack = g.Rack.Cluster.Name + "/" + g.Rack.Name
			}
			return g.Name, group
		}),
		Neighbors: mapped(r.Neighbors, deriveNeighbor),
		Listens: mapped(r.Listens, func(l *fabric.Listen) listen {
			return listen{l.Prefix, l.Group.Name, l.Limit}
		}),
	}
}

func derivePolicyTerm(t fabric.Term) policyTerm {
	term := policyTerm{Seq: t.Seq, Tag: t.Tag}
	if t.PrefixList != nil {
		term.PrefixList = t.PrefixList.Name
	}
	return term
}

func deriveNeighbor(n *fabric.Neighbor) neighbor {
	d := neighbor{
		Address: n.Address, Interface: n.Interface, Description: n.Description,
		sessionConfig: deriveSessionConfig(&n.SessionConfig),
	}
	if n.Group != nil {
		d.Group = n.Group.Name
	}
	return d
}

func deriveSessionConfig(s *fabric.SessionConfig) sessionConfig {
	return sessionConfig{
		RemoteASNumber: s.RemoteASN, Internal: s.Internal, UpdateSource: s.UpdateSource, Multihop: s.Multihop,
		TTLSecurity: s.TTLSecurity, Password: s.Password, BFD: s.BFD, Keepalive: s.Keepalive, Hold: s.Hold,
		Families: byName(s.Families, func(f *fabric.FamilyConfig) (string, familyConfig) {
			return f.Family.String(), familyConfig{
				In: f.In.Name, Out: f.Out.Name,
				MaxPrefixes: f.MaxPrefixes, WarnPercent: f.WarnPercent, RestartMinutes: f.RestartMinutes,
				ASOverride: f.ASOverride, NextHopSelf: f.NextHopSelf, ReflectorClient: f.ReflectorClient,
				DefaultOriginate: f.DefaultOriginate,
			}
		}),
	}
}
