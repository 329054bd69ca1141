package fabric

import (
	"net/netip"

	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Cluster is a Kubernetes cluster that runs Calico.
type Cluster struct {
	Name         string
	Model        *model.Cluster
	ASN          model.ASN
	Version      Version // of Calico
	API          string  // apiVersion of the Calico objects
	Operator     bool    // installed by the Tigera operator; else by manifest
	Nodes        []*Node
	Racks        []*Rack
	Groups       []*Group
	Pools        []*Pool // its own and foreign ones
	ServiceCIDRs []Range // as written
	Advertised   []Range // what BGPConfiguration announces, by kind, as written
	Mesh         bool
	ListenPort   uint16
	LogSeverity  string
	Peers        []*Peer
	Filters      []*Filter
	Secrets      []SecretUse  // sorted by secret name, each name once
	Subnets      []NodeSubnet // sorted by prefix
	StatusNodes  []*Node      // whose state CalicoNodeStatus objects report
	Peerings     []*Peering
	Incomplete   bool // more nodes are planned than listed
	PlannedNodes int  // max(capacity.nodes, nodes listed)
	PodsPerNode  int
	partners     []Partner
	derived      map[*Peering]string // the derived filter on sessions over a peering, or over none: switches, external peers
	ExplicitASN  bool                // some node's AS comes from its rack or itself: every node is annotated with its own
}

// At is where the cluster is declared.
func (c *Cluster) At() source.Path { return source.Path("clusters").Field(c.Name) }

// Node returns the node of that name, or nil.
func (c *Cluster) Node(name string) *Node {
	return find(c.Nodes, name, func(n *Node) string { return n.Name })
}

// Rack returns the rack of that name, or nil.
func (c *Cluster) Rack(name string) *Rack {
	return find(c.Racks, name, func(r *Rack) string { return r.Name })
}

// Reflectors returns the nodes that reflect, sorted by name.
func (c *Cluster) Reflectors() []*Node {
	var all []*Node
	for _, n := range c.Nodes {
		if len(n.Reflects) > 0 {
			all = append(all, n)
		}
	}
	return all
}

// NodeSubnet is a subnet that nodes of a cluster live in.
type NodeSubnet struct {
	Prefix netip.Prefix // masked
	Nodes  []*Node
}

// SecretUse is a Secret that calico-node must be able to read.
type SecretUse struct {
	Name string
	At   source.Path // the first declaration that names it
}

// Label is a Kubernetes label or annotation.
type Label struct{ Key, Value string }

// Node is a Kubernetes node.
type Node struct {
	Cluster     *Cluster
	Name        string
	Model       *model.Node
	Rack        *Rack // nil: none
	ASN         model.ASN
	Address     netip.Prefix
	Address6    netip.Prefix
	Interface   string
	NICs        []NIC
	Gateway     netip.Addr // as written, else the declared switch address on its subnet; zero: none known
	Gateway6    netip.Addr
	Reflects    []*Group   // the groups it reflects for
	ClusterID   netip.Addr // of a reflector; zero: none, or a v6-only reflector that was given none
	Labels      []Label    // the user's and the derived ones, sorted by key
	Annotations []Label    // Calico's, sorted by key
}

// NIC is a further interface of a node.
type NIC struct {
	Name     string
	Address  netip.Prefix
	Address6 netip.Prefix
}

// DeviceName implements Device.
func (n *Node) DeviceName() string { return n.Cluster.Name + "/" + n.Name }

// At is where the node is declared.
func (n *Node) At() source.Path { return n.Cluster.At().Field("nodes").Field(n.Name) }

// Addr returns the node's address of a family, or the zero Addr.
func (n *Node) Addr(f Family) netip.Addr { return n.Prefix(f).Addr() }

// Prefix returns the node's address of a family with its subnet's length, or the zero Prefix.
func (n *Node) Prefix(f Family) netip.Prefix {
	if f == IPv4 {
		return n.Address
	}
	return n.Address6
}

// ASNAt is the path that decides the node's AS number.
func (n *Node) ASNAt() source.Path {
	switch {
	case n.Model.ASNumber != nil:
		return n.At().Field("asNumber")
	case n.Rack != nil && n.Rack.Model.ASNumber != nil:
		return n.Rack.At().Field("asNumber")
	}
	return n.Cluster.At().Field("asNumber")
}

// Rack is the nodes below the same switches.
type Rack struct {
	Cluster      *Cluster
	Name         string
	Model        *model.Rack
	ASN          model.ASN
	Nodes        []*Node
	Switches     []*Switch                 // in the order written; unknown ones are left out
	ByReflectors bool                      // the reflectors of the rack hold the sessions to the switches, not all nodes
	ByLoopback   bool                      // sessions run to the switches' loopbacks
	subnets      map[Family][]netip.Prefix // that its nodes have their address of a family in, sorted
	nicSubnets   []netip.Prefix            // where its nodes have a further NIC and its switches an interface, sorted
	groups       []*Group                  // that reflect for it
}

// At is where the rack is declared.
func (r *Rack) At() source.Path { return r.Cluster.At().Field("racks").Field(r.Name) }

// asnAt is the path that decides the rack's AS number on its sessions to switches.
func (r *Rack) asnAt() source.Path {
	switch {
	case r.Model.LocalASNumber != nil:
		return r.At().Field("localASNumber")
	case r.Model.ASNumber != nil:
		return r.At().Field("asNumber")
	}
	return r.Cluster.At().Field("asNumber")
}

// Group is a group of route reflectors.
type Group struct {
	Cluster *Cluster
	Name    string
	Model   *model.RouteReflector
	Rack    *Rack   // nil: it reflects for the whole cluster
	Nodes   []*Node // known ones, in the order written, each once
}

// At is where the group is declared.
func (g *Group) At() source.Path { return g.Cluster.At().Field("routeReflectors").Field(g.Name) }

// Pool is an IPPool.
type Pool struct {
	Cluster          *Cluster
	Name             string
	CIDR             netip.Prefix // as written
	BlockSize        int
	Encapsulation    string // None, IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet
	NATOutgoing      bool
	NodeSelector     string
	Rack             *Rack
	Disabled         bool
	DisableBGPExport bool
	AllowedUses      []string // as written, else nil
	AssignmentMode   string   // as written, else ""
	Foreign          *Cluster // the cluster whose range it stands for; nil: its own
	At               source.Path
	Peering          *Peering // that a derived foreign pool comes from; nil: written by hand, or its own
}

// Own reports whether the pool's addresses are this cluster's pods'.
func (p *Pool) Own() bool { return p.Foreign == nil }

// LoadBalancerOnly reports whether the pool serves services only.
func (p *Pool) LoadBalancerOnly() bool {
	return len(p.AllowedUses) == 1 && p.AllowedUses[0] == "LoadBalancer"
}

// Peer is one BGPPeer: it selects nodes by label, so that a node added with the right labels needs no new object.
type Peer struct {
	Cluster      *Cluster
	Name         string
	Kind         SessionKind
	At           source.Path // the declaration it comes from
	NodeSelector string
	PeerSelector string // or PeerIP and ASN
	PeerIP       netip.Addr
	Port         uint16 // 0: unset
	ASN          model.ASN
	Password     *model.SecretRef
	Filters      []string // BGPFilter names, in order
	ReachableBy  netip.Addr

	NextHopMode              string
	KeepOriginalNextHop      *bool
	SourceAddress            string
	LocalASNumber            *model.ASN
	NumAllowedLocalASNumbers *int
	MaxRestartTime           *model.Duration
	TTLSecurity              *int
}

// Filter is one BGPFilter, written by the user or derived.
type Filter struct {
	Cluster *Cluster
	Name    string
	Derived bool
	At      source.Path
	Rules   model.Filter
}
