package simulate

import (
	"net/netip"
	"sync"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// Part is devices that play the same part: nodes of one cluster with the same sessions, filters, pools and subnets, or a single
// switch in one VRF, host or speaker outside. Reflectors, and nodes that a static route or gateway names, are parts of their own.
type Part struct {
	Index    int
	Cluster  *fabric.Cluster   // of nodes
	Nodes    []*fabric.Node    // ascending by router ID, then name; nil unless these are nodes
	Switch   *fabric.Switch    // or
	Router   *fabric.BGPRouter // of Switch in VRF; nil: it speaks no BGP there
	VRF      string
	Host     *fabric.Host     // or
	External *fabric.External // or
	Sessions []*Session       // of both families, in the order in which they were made; Result.Sessions sorts them as they are listed

	rules    *nodeRules      // of nodes: what the objects say for them
	gateways []gatewayRoutes // of nodes: the static routes to peers that BIRD is told of, even to themselves, even of a family that they lack
	speakers [2]*bgp.Speaker // by familyIndex; nil: no sessions of that family
	domains  [2]*domain      // likewise; nil where it has neither speaker nor routes of its own to look up
	ground   [2]*ground      // likewise: what it has in the kernel without BGP
}

// Size is the number of devices.
func (p *Part) Size() int { return max(1, len(p.Nodes)) }

// Device returns a member.
func (p *Part) Device(member int) fabric.Device {
	switch {
	case p.Nodes != nil:
		return p.Nodes[member]
	case p.Switch != nil:
		return p.Switch
	case p.Host != nil:
		return p.Host
	}
	return p.External
}

// familyIndex is 0 for IPv4 and 1 for IPv6.
func familyIndex(f fabric.Family) int {
	if f == fabric.IPv4 {
		return 0
	}
	return 1
}

// Session is a session of a part's members with every member of another part (with each other where Peer is the part itself).
type Session struct {
	Part      *Part
	Peer      *Part         // nil: nobody in the topology has that address
	Far       *Session      // the same session seen from Peer; nil: Peer has none that fits
	Family    fabric.Family // of the transport
	Kind      Kind
	LocalASN  uint32
	PeerASN   uint32
	Port      uint16 // that the peer is called at; 0: unset
	Interface string // of an unnumbered link's session
	State     State
	Reason    string
	Objects   []string
	At        source.Path

	local, remote addresses
	ttl           int   // hops that its packets may take; 0: any number
	stop          place // where its packets stop if it is NotEstablished; no Part: that is not known
	carries       []fabric.Family
	ends          [2]*bgp.End      // by familyIndex of the routes that it carries; nil: not carried, or the ends don't fit
	peer          *calicoPeer      // at nodes: the BGPPeer as Calico expands it; nil: mesh
	neighbor      *fabric.Neighbor // at switches, of the first member
	listen        *fabric.Listen   // at switches, where it is accepted from a range
}

// gatewayRoutes is static routes to the members of a part, as reachableBy says.
type gatewayRoutes struct {
	family  fabric.Family
	peers   addresses
	gateway netip.Addr
}

// addresses is the addresses of one end of a session, by member of its part.
type addresses []netip.Addr

// nodeRules is what a cluster's objects say for the nodes of a part.
type nodeRules struct {
	*clusterRules
	asn        uint32
	clusterID  uint32 // 0: no reflector
	isExcluded bool   // from load balancers: announces no service ranges
	labels     map[string]string
	class      int                      // of the cluster's selection
	ownASN     uint32                   // that the Node object says; 0: none, and asn is the cluster's
	port       uint16                   // that the nodes listen on; 0: unset
	own        *calico.BGPConfiguration // for the one node of the part alone; nil: there is none
}

// clusterRules is what a cluster's objects say for all its nodes, parsed once.
type clusterRules struct {
	cluster  *fabric.Cluster
	version  fabric.Version
	objects  *calico.Objects
	pools    []*pool // all of them, sorted by name
	services []serviceRange
	filters  map[string]*calico.BGPFilter
	mesh     bool
	asn      uint32
	port     uint16 // of nodes whose own BGPConfiguration says nothing else; 0: unset
	isBGPOff bool   // by Installation: nodes have no sessions

	meshPassword string      // secret/key; empty: none
	peers        []*peerRule // sorted by name
	selection    *selection  // of peers and pools
	nodes        []nodeFacts // of cluster.Nodes, in their order

	compiled  compiledFilters
	allocated onceAllocated
}

// pool is an IPPool.
type pool struct {
	name             string
	cidr             netip.Prefix
	ipip, vxlan      string // Never, Always, CrossSubnet
	natOutgoing      bool
	disabled         bool
	disableBGPExport bool
	loadBalancerOnly bool
	blockSize        int
	object           *v3.IPPool
	at               source.Path // where it is declared, as far as known
}

// serviceRange is a range that BGPConfiguration announces.
type serviceRange struct {
	kind   fabric.RangeKind // ClusterIPRange, ExternalIPRange, LoadBalancerRange
	prefix netip.Prefix
	whole  bool // originated as it stands; else single addresses only (aggregation off, or a single address)
}

// domain is the parts that routes of one family can spread between.
type domain struct {
	family  fabric.Family
	network *bgp.Network
	parts   []*Part // by bgp.Speaker.Index

	dests  []*destination // by bgp.Destination.Index
	raises bool           // some BGPFilter sets priorities, so that LOCAL_PREF may be elevated

	permits permitCache

	indexes prefixIndexes
	leans   bool       // while nothing has failed: a next hop is resolved over a route of BGP's, or may come to be
	spare   enginePool // for what fails, and what is asked
	known   ribCache
	refused refusals

	carriedOnce sync.Once
	carried     []endSet // see carriers
	classesOnce sync.Once
	classes     []kernelClass // see kernelClasses
	ground      [][]int32     // likewise: see grounded
}

// destination is prefixes that every speaker of a domain treats alike.
type destination struct {
	*bgp.Destination
	domain  *domain
	kind    routeKind
	cluster *fabric.Cluster  // whose pods or services these are; nil: none's
	pool    *pool            // that blocks are of; nil: in no pool of the cluster's
	ranges  fabric.RangeKind // of services
	at      source.Path      // where it is declared
	infra   bool             // next hops and peers may have addresses in it: subnets, loopbacks, default routes, everything wide
	covers  []*destination   // that contain it, longest first, itself not among them
	owned   []owned          // its prefixes, sorted; one where Owner is nil. While it is a draft in the order of parts and members
}

// owned is a prefix, and which member of the owner part it belongs to (0 where there is no owner).
type owned struct {
	prefix netip.Prefix
	member int
}

// routeKind is what a destination is.
type routeKind uint8

const (
	podBlock     routeKind = iota // a block that IPAM gave a node
	borrowed                      // a single pod address in another node's block
	serviceWhole                  // a range of services
	serviceHost                   // a single service address
	switchNet                     // a subnet or loopback that a switch originates; a subnet of nodes
	staticRoute                   // a static route that a switch redistributes
	defaultNet                    // a default route that a switch makes for its nodes
)

// view is the routes of all domains in one state of the network: while nothing has failed, or after something has.
type view struct {
	result *Result
	down   *failure            // nil: nothing
	routes map[*domain][]table // by destination
	isAnew bool                // nothing is taken from what was before the failure

	oscillations []oscillation // after something has failed, in what was solved anew for it
}

// oscillation is one of a domain; nil: of sessions.
type oscillation struct {
	Oscillation
	domain *domain
}

// table is what the slots of a domain do with packets to one destination, by slot; nil: nothing that BGP or Felix tells it.
type table struct {
	actions []*action // by slot; shared by the views that differ little
	patches []patch   // what is different in this one, ascending by slot

	mirrored []int32 // by slot, while nothing has failed: 1 more than the slot that it mirrors, so that packets which arrive from there arrive from it too; 0: none. Shared
}

// patch is what one slot does instead.
type patch struct {
	slot   int
	action *action
}

// action is what a device does with packets to a destination. Those of one situation share a pointer as a rule, but equal ones
// need not. Immutable.
type action struct {
	kind   actionKind
	proto  string // as `ip route` prints it
	metric uint32
	hops   []hop
	best   bool // BGP has a best path (that may yet not be in the kernel)

	isShadowed bool // in the kernel, but another route of the same prefix and a lower metric takes all packets

	note string // of a route that BGP has and the kernel doesn't: why
}

type actionKind uint8

const (
	noRoute     actionKind = iota
	forward                // over hops
	deliver                // it is here: the device's own pods, addresses, services
	discard                // blackhole
	unreachable            // a route whose next hop nobody can resolve
)

// hop is one next hop of an action.
type hop struct {
	bgp.NextHop
	count     int32      // of members of an Each that are in use, the first ones; 0: all
	gateway   netip.Addr // resolved through it; zero: on-link
	isUnknown bool       // resolved through a default gateway of which the topology knows nothing, but perhaps its address
	tunnel    string     // tunl0, vxlan.calico; empty: none
}

// failure is what has failed at once. Immutable.
type failure struct {
	members map[*Part][]int // dead members, ascending
	links   map[*fabric.SwitchLink]bool
}

// calicoPeer is a BGPPeer as Calico expands it for one session (confd/pkg/backends/calico/client.go): the options that reach
// the session, which are not always those of the object.
type calicoPeer struct {
	name         string   // of the BGPPeer
	names        []string // by member of the far part, where each has a BGPPeer of its own; else nil
	isReverse    bool     // made by the automatic reverse peering
	byAddress    bool     // peerIP: the far end's cluster ID is not known
	localASN     uint32   // 0: the node's own
	allowOwnAS   int
	nextHopMode  string // Auto, Self, Keep
	keepNextHop  bool
	sourceIsNode bool // UseNodeIP
	ttlSecurity  int  // hops; 0: off
	filters      []string
	password     string // secret/key; empty: none
	reachableBy  netip.Addr
	restartTime  int      // seconds of graceful restart
	objects      []string // Session.Objects of its sessions; nil: it has none yet
	at           source.Path
}
