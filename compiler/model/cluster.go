package model

import "net/netip"

// Cluster is a Kubernetes cluster that runs Calico.
type Cluster struct {
	ASNumber        *ASN                       `json:"asNumber,omitzero"` // of nodes whose rack and node say nothing else; default 64512
	PodCIDRs        []netip.Prefix             `json:"podCIDRs,omitzero"`
	IPPools         map[string]*IPPool         `json:"ipPools,omitzero"`
	ServiceCIDRs    []netip.Prefix             `json:"serviceCIDRs,omitzero"`
	Advertise       *Advertise                 `json:"advertise,omitzero"`
	Nodes           map[string]*Node           `json:"nodes,omitzero"`
	Racks           map[string]*Rack           `json:"racks,omitzero"`
	RouteReflectors map[string]*RouteReflector `json:"routeReflectors,omitzero"`
	Peers           map[string]*Peer           `json:"peers,omitzero"`
	Filters         map[string]*Filter         `json:"filters,omitzero"`
	BGP             *ClusterBGP                `json:"bgp,omitzero"`
	Calico          *Calico                    `json:"calico,omitzero"`
	DNS             *ClusterDNS                `json:"dns,omitzero"`
	Capacity        *Capacity                  `json:"capacity,omitzero"`
	Isolated        bool                       `json:"isolated,omitzero"`
}

// Advertise is what BGPConfiguration announces besides the pods.
type Advertise struct {
	ServiceClusterIPs              bool                  `json:"serviceClusterIPs,omitzero"` // announce serviceCIDRs
	ServiceExternalIPs             []netip.Prefix        `json:"serviceExternalIPs,omitzero"`
	ServiceLoadBalancerIPs         []netip.Prefix        `json:"serviceLoadBalancerIPs,omitzero"`
	ServiceLoadBalancerAggregation *bool                 `json:"serviceLoadBalancerAggregation,omitzero"` // Calico's default: true
	Prefixes                       []PrefixAdvertisement `json:"prefixes,omitzero"`
	Communities                    map[string]string     `json:"communities,omitzero"` // name → aa:nn or aa:nn:mm
}

// PrefixAdvertisement attaches communities to what lies in CIDR.
type PrefixAdvertisement struct {
	CIDR        netip.Prefix `json:"cidr"`
	Communities []string     `json:"communities,omitzero"` // names or values
}

// Node is a Kubernetes node.
type Node struct {
	Address    netip.Prefix              `json:"address,omitzero"`  // IPv4 address with its subnet's length; the zero Prefix: none
	Address6   netip.Prefix              `json:"address6,omitzero"` // IPv6, likewise
	Rack       string                    `json:"rack,omitzero"`
	ASNumber   *ASN                      `json:"asNumber,omitzero"`
	Labels     map[string]string         `json:"labels,omitzero"`
	Interface  string                    `json:"interface,omitzero"` // default eth0; for prediction only
	Gateway    netip.Addr                `json:"gateway,omitzero"`
	Gateway6   netip.Addr                `json:"gateway6,omitzero"`
	Interfaces map[string]*NodeInterface `json:"interfaces,omitzero"`
	Blocks     []netip.Prefix            `json:"blocks,omitzero"` // empty but not nil: a node without pods

	// Addresses of services with externalTrafficPolicy Local that have an endpoint on this node.
	LocalServices []netip.Addr `json:"localServices,omitzero"`
}

// NodeInterface is a further NIC of a node.
type NodeInterface struct {
	Address  netip.Prefix `json:"address,omitzero"`
	Address6 netip.Prefix `json:"address6,omitzero"`
}

// Session is what a rack and a peer can both say of their BGP sessions.
type Session struct {
	NextHopMode              string     `json:"nextHopMode,omitzero"`              // Auto, Self, Keep (Calico 3.30.2)
	SourceAddress            string     `json:"sourceAddress,omitzero"`            // UseNodeIP, None
	LocalASNumber            *ASN       `json:"localASNumber,omitzero"`            // Calico 3.31
	NumAllowedLocalASNumbers *int       `json:"numAllowedLocalASNumbers,omitzero"` // Calico 3.23
	MaxRestartTime           *Duration  `json:"maxRestartTime,omitzero"`
	Password                 *SecretRef `json:"password,omitzero"`
	Filters                  []string   `json:"filters,omitzero"`
	TTLSecurity              *int       `json:"ttlSecurity,omitzero"` // hops (Calico 3.25)
}

// Rack is the nodes below the same switches.
type Rack struct {
	Session
	ASNumber    *ASN     `json:"asNumber,omitzero"`
	Switches    []string `json:"switches,omitzero"`
	Peer        string   `json:"peer,omitzero"`    // nodes (default), routeReflectors
	SessionOver string   `json:"session,omitzero"` // interface (default), loopback
	ASOverride  bool     `json:"asOverride,omitzero"`
}

// RouteReflector is a group of nodes that reflect for the cluster, or for one rack.
type RouteReflector struct {
	Nodes     []string   `json:"nodes"`
	ClusterID netip.Addr `json:"clusterID,omitzero"` // zero: each reflector's own IPv4 address
	Rack      string     `json:"rack,omitzero"`
}

// Peer is a BGP speaker outside the topology.
type Peer struct {
	Session
	Address             netip.Addr `json:"address"`
	Port                *uint16    `json:"port,omitzero"`
	ASNumber            ASN        `json:"asNumber"`
	Nodes               string     `json:"nodes,omitzero"` // selector
	Rack                string     `json:"rack,omitzero"`
	RouteReflectors     string     `json:"routeReflectors,omitzero"` // a group
	KeepOriginalNextHop *bool      `json:"keepOriginalNextHop,omitzero"`
	ReachableBy         netip.Addr `json:"reachableBy,omitzero"`
}

// ClusterBGP is the rest of BGPConfiguration.
type ClusterBGP struct {
	NodeToNodeMesh       *bool      `json:"nodeToNodeMesh,omitzero"` // derived unless set
	ListenPort           *uint16    `json:"listenPort,omitzero"`     // default 179
	LogSeverity          string     `json:"logSeverity,omitzero"`    // default Info
	MeshPassword         *SecretRef `json:"meshPassword,omitzero"`
	MeshMaxRestartTime   *Duration  `json:"meshMaxRestartTime,omitzero"`
	BindMode             string     `json:"bindMode,omitzero"` // None, NodeIP
	IgnoredInterfaces    []string   `json:"ignoredInterfaces,omitzero"`
	ProgramClusterRoutes string     `json:"programClusterRoutes,omitzero"` // Calico 3.32
}

// Calico says what the output may contain.
type Calico struct {
	Version string `json:"version,omitzero"` // default 3.31
	API     string `json:"api,omitzero"`     // projectcalico.org/v3 (default), crd.projectcalico.org/v1
	Install string `json:"install,omitzero"` // operator (default), manifest
	MTU     *int   `json:"mtu,omitzero"`     // bytes
}

// ClusterDNS is where the cluster's names are answered.
type ClusterDNS struct {
	Domain  string     `json:"domain"`
	Service netip.Addr `json:"service"`
}

// Capacity is the planned size.
type Capacity struct {
	Nodes       *int `json:"nodes,omitzero"`
	PodsPerNode *int `json:"podsPerNode,omitzero"` // default 110
}
