package show

import (
	"net/netip"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// derived is what topoc works out and the language has no field for. Maps are by name, lists in the fabric's order.
type derived struct {
	Clusters map[string]derivedCluster `json:"clusters,omitzero"`
	Switches map[string]derivedSwitch  `json:"switches,omitzero"`
	Hosts    map[string]derivedHost    `json:"hosts,omitzero"`
	Sessions []session                 `json:"sessions,omitzero"`
}

type derivedCluster struct {
	PlannedNodes int                    `json:"plannedNodes"`
	PodsPerNode  int                    `json:"podsPerNode"`
	Advertised   []addressRange         `json:"advertised,omitzero"`
	Subnets      []subnet               `json:"subnets,omitzero"`
	Racks        map[string]derivedRack `json:"racks,omitzero"`
	Nodes        map[string]derivedNode `json:"nodes,omitzero"`
	ForeignPools map[string]foreignPool `json:"foreignPools,omitzero"`
	Peers        map[string]peer        `json:"peers,omitzero"`
	Filters      map[string]filter      `json:"filters,omitzero"`
	StatusNodes  []string               `json:"statusNodes,omitzero"` // those whose state CalicoNodeStatus objects report
	Secrets      []string               `json:"secrets,omitzero"`
}

type addressRange struct {
	Kind string       `json:"kind"`
	CIDR netip.Prefix `json:"cidr"`
}

type subnet struct {
	CIDR  netip.Prefix `json:"cidr"`
	Nodes []string     `json:"nodes"`
}

type derivedRack struct {
	ASNumber model.ASN `json:"asNumber"`
	Nodes    []string  `json:"nodes,omitzero"`
}

type derivedNode struct {
	ASNumber    model.ASN         `json:"asNumber"`
	Reflects    []string          `json:"reflects,omitzero"`
	ClusterID   netip.Addr        `json:"clusterID,omitzero"`
	Labels      map[string]string `json:"labels,omitzero"`
	Annotations map[string]string `json:"annotations,omitzero"`
}

type foreignPool struct {
	Cluster string       `json:"cluster"`
	Peering string       `json:"peering"`
	CIDR    netip.Prefix `json:"cidr"`
}

// peer is a BGPPeer.
type peer struct {
	Kind         string      `json:"kind"`
	From         source.Path `json:"from"` // the declaration it comes from
	NodeSelector string      `json:"nodeSelector,omitzero"`
	PeerSelector string      `json:"peerSelector,omitzero"`
	Address      netip.Addr  `json:"address,omitzero"`
	Port         uint16      `json:"port,omitzero"`
	ASNumber     model.ASN   `json:"asNumber,omitzero"`
	ReachableBy  netip.Addr  `json:"reachableBy,omitzero"`
	model.Session
	KeepOriginalNextHop *bool `json:"keepOriginalNextHop,omitzero"`
}

type filter struct {
	From    source.Path `json:"from"`
	Derived bool        `json:"derived"`
	model.Filter
}

type derivedHost struct {
	Routes []staticRoute `json:"routes,omitzero"`
	DNS    []dnsZone     `json:"dns,omitzero"`
}

type staticRoute struct {
	Cluster  string       `json:"cluster"`
	CIDR     netip.Prefix `json:"cidr"`
	NextHops []netip.Addr `json:"nextHops"`
	VRF      string       `json:"vrf,omitzero"`
	Tag      uint32       `json:"tag,omitzero"`
}

type dnsZone struct {
	Cluster string         `json:"cluster"`
	Domain  string         `json:"domain"`
	Service netip.Addr     `json:"service"`
	Reverse []netip.Prefix `json:"reverse,omitzero"`
}

// session is one BGP session. A node-to-node mesh is not listed.
type session struct {
	Kind    string      `json:"kind"`
	Family  string      `json:"family"`
	A       sessionEnd  `json:"a"`
	B       sessionEnd  `json:"b"`
	Dynamic bool        `json:"dynamic"`
	VRF     string      `json:"vrf,omitzero"`
	From    source.Path `json:"from"`
}

type sessionEnd struct {
	Device   string     `json:"device"`
	Address  netip.Addr `json:"address,omitzero"` // none on an unnumbered link
	ASNumber model.ASN  `json:"asNumber"`
}

// kinds are the words for fabric.SessionKind.
var kinds = [...]string{
	fabric.ReflectorSession: "reflector",
	fabric.RackSession:      "rack",
	fabric.PeeringSession:   "peering",
	fabric.LinkSession:      "link",
	fabric.ExternalSession:  "external",
}

func derive(f *fabric.Fabric) derived {
	return derived{
		Clusters: byName(f.Clusters, func(c *fabric.Cluster) (string, derivedCluster) { return c.Name, deriveCluster(c) }),
		Switches: byName(f.Switches, func(s *fabric.Switch) (string, derivedSwitch) { return s.Name, deriveSwitch(s) }),
		Hosts:    byName(f.Hosts, func(h *fabric.Host) (string, derivedHost) { return h.Name, deriveHost(h) }),
		Sessions: mapped(f.Sessions, deriveSession),
	}
}

// mapped converts a slice item by item; nil stays nil.
func mapped[T, M any](items []T, convert func(T) M) []M {
	if len(items) == 0 {
		return nil
	}
	out := make([]M, len(items))
	for i, item := range items {
		out[i] = convert(item)
	}
	return out
}

func nodeName(n *fabric.Node) string { return n.Name }

func deriveCluster(c *fabric.Cluster) derivedCluster {
	d := derivedCluster{
		PlannedNodes: c.PlannedNodes,
		PodsPerNode:  c.PodsPerNode,
		Advertised: mapped(c.Advertised, func(r fabric.Range) addressRange {
			return addressRange{r.Kind.String(), r.Prefix}
		}),
		Subnets: mapped(c.Subnets, func(s fabric.NodeSubnet) subnet {
			return subnet{s.Prefix, mapped(s.Nodes, nodeName)}
		}),
		Racks: byName(c.Racks, func(r *fabric.Rack) (string, derivedRack) {
			return r.Name, derivedRack{r.ASN, mapped(r.Nodes, nodeName)}
		}),
		Nodes:        byName(c.Nodes, func(n *fabric.Node) (string, derivedNode) { return n.Name, deriveNode(n) }),
		ForeignPools: map[string]foreignPool{},
		Peers:        byName(c.Peers, func(p *fabric.Peer) (string, peer) { return p.Name, derivePeer(p) }),
		Filters:      byName(c.Filters, func(f *fabric.Filter) (string, filter) { return f.Name, filter{f.At, f.Derived, f.Rules} }),
		StatusNodes:  mapped(c.StatusNodes, nodeName),
		Secrets:      mapped(c.Secrets, func(s fabric.SecretUse) string { return s.Name }),
	}
	for _, p := range c.Pools {
		if p.Peering != nil {
			d.ForeignPools[p.Name] = foreignPool{p.Foreign.Name, p.Peering.Name, p.CIDR}
		}
	}
	return d
}

func deriveNode(n *fabric.Node) derivedNode {
	label := func(l fabric.Label) (string, string) { return l.Key, l.Value }
	return derivedNode{
		ASNumber:    n.ASN,
		Reflects:    mapped(n.Reflects, func(g *fabric.Group) string { return g.Name }),
		ClusterID:   n.ClusterID,
		Labels:      byName(n.Labels, label),
		Annotations: byName(n.Annotations, label),
	}
}

func derivePeer(p *fabric.Peer) peer {
	return peer{
		Kind: kinds[p.Kind], From: p.At,
		NodeSelector: p.NodeSelector, PeerSelector: p.PeerSelector,
		Address: p.PeerIP, Port: p.Port, ASNumber: p.ASN, ReachableBy: p.ReachableBy,
		Session: model.Session{
			NextHopMode: p.NextHopMode, SourceAddress: p.SourceAddress, LocalASNumber: p.LocalASNumber,
			NumAllowedLocalASNumbers: p.NumAllowedLocalASNumbers, MaxRestartTime: p.MaxRestartTime,
			Password: p.Password, Filters: p.Filters, TTLSecurity: p.TTLSecurity,
		},
		KeepOriginalNextHop: p.KeepOriginalNextHop,
	}
}

func deriveHost(h *fabric.Host) derivedHost {
	d := derivedHost{Routes: mapped(h.Routes, func(r fabric.StaticRoute) staticRoute { return deriveStatic(&r) })}
	if h.DNS != nil {
		d.DNS = mapped(h.DNS.Zones, func(z fabric.DNSZone) dnsZone {
			return dnsZone{z.Cluster.Name, z.Domain, z.Service, z.Reverse}
		})
	}
	return d
}

func deriveStatic(r *fabric.StaticRoute) staticRoute {
	return staticRoute{Cluster: r.Cluster.Name, CIDR: r.Prefix, NextHops: r.NextHops, VRF: r.VRF, Tag: r.Tag}
}

func deriveSession(s *fabric.Session) session {
	end := func(e fabric.End) sessionEnd { return sessionEnd{e.Device.DeviceName(), e.Address, e.ASN} }
	return session{Kind: kinds[s.Kind], Family: s.Family.String(), A: end(s.A), B: end(s.B), Dynamic: s.Dynamic, VRF: s.VRF, From: s.At}
}
