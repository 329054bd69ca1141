// Package simulate predicts the control plane: every session and every route of a topology, as Calico, BIRD and the switches
// would compute them from what was emitted. It reads the Calico objects as Calico does, not the intent behind them, so it
// finds the compiler's own mistakes too, and works on objects that somebody edited since.
//
// The same input gives the same result, whatever order messages arrive in. What never settles is a result too: Oscillations.
package simulate

import (
	"net/netip"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// Input is what a prediction is made of. It is only read.
type Input struct {
	Fabric  *fabric.Fabric                      // addresses, gateways, switches, hosts; nothing that Calico is told
	Objects map[*fabric.Cluster]*calico.Objects // all that Calico is told, for each cluster of the fabric
}

// Result is a predicted control plane. It is safe for concurrent use.
type Result struct {
	Fabric       *fabric.Fabric
	Parts        []*Part       // nodes by cluster and first member's name, then switches, hosts, speakers outside; shared, do not modify
	Oscillations []Oscillation // nothing settles; empty: everything did
	Refused      []Refusal     // of all objects, by cluster; empty: Calico takes them all

	members membership
	outside []*Part // of Parts, the speakers outside
	domains []*domain
	base    *view // while nothing has failed
	devices deviceAddresses

	solvesAll bool // nobody stands for others that are alike

	addresses *addressBook
	sessions  []*pair // whose ends fit, each once
}

// Oscillation is routes that never settle, or sessions that come and go for ever.
type Oscillation struct {
	Prefix netip.Prefix // the zero Prefix: sessions
	Cycle  []string     // what happens in turn, beginning and ending with the same: "leaf1 uses 10.0.0.1", …
}

// SessionRow is one session as one device sees it.
type SessionRow struct {
	Device       fabric.Device
	VRF          string // of a switch
	Family       fabric.Family
	LocalAddress netip.Addr // zero on an unnumbered link
	LocalASN     uint32
	Peer         fabric.Device // nil: nobody in the topology has that address
	PeerAddress  netip.Addr
	PeerPort     uint16 // 0: not written, so 179
	PeerASN      uint32 // as expected
	Interface    string // of an unnumbered link's session
	Kind         Kind
	Protocol     string // BIRD's name of it: Node_172_17_0_5_port_179; empty at switches
	State        State
	Info         string      // as BIRD shows it: its state, and the last error if any: "Idle BGP Error: Bad peer AS"
	Reason       string      // one sentence: why it is up, or why not
	Objects      []string    // the BGPPeers behind it, as far as they are: "BGPPeer route-reflectors"
	At           source.Path // the declaration that it comes from, as far as known
}

// Kind is how a session came to be, in the words of `calicoctl node status`, and sessions of switches.
type Kind string

const (
	MeshSession   Kind = "mesh"   // node-to-node mesh
	GlobalSession Kind = "global" // a BGPPeer for all nodes
	NodeSession   Kind = "node"   // a BGPPeer for some
	SwitchSession Kind = "switch" // seen from a switch
)

// State is the state of a session in Batfish's words (questions bgpSessionStatus and bgpSessionCompatibility).
type State string

const (
	Established    State = "ESTABLISHED"
	NotEstablished State = "NOT_ESTABLISHED" // both ends fit, and no packet gets from one to the other
	NotCompatible  State = "NOT_COMPATIBLE"  // the ends don't fit
)

// RouteRow is one route of one device, in one of its tables.
type RouteRow struct {
	Device    fabric.Device
	VRF       string
	Prefix    netip.Prefix
	Table     Table
	Type      RouteType
	Proto     string    // as `ip route` prints it: bird, kernel, static, bgp, 80
	Metric    uint32    // 0: none is printed
	NextHops  []NextHop // sorted by address
	ASPath    []uint32
	LocalPref uint32
	From      string // who told it: a device's name, or "" for its own
	Best      bool   // of table BGPTable: the best path. Kernel routes all are
	Used      bool   // best, or equal to it and used beside it
	Status    string // of a route of BGPTable that is best and not in the kernel: why; and why a path is not used

	Own    bool       // there whatever BGP says: a connected subnet, a static route, the default route
	Source netip.Addr // of a connected subnet: the device's own address on it
}

// Table is a table that routes are in.
type Table string

const (
	KernelTable Table = "kernel"
	BGPTable    Table = "bgp"
)

// RouteType is the type of a route, as `ip route` has it.
type RouteType string

const (
	Unicast          RouteType = "unicast"
	Blackhole        RouteType = "blackhole"
	UnreachableRoute RouteType = "unreachable"
)

// NextHop is one next hop of a RouteRow.
type NextHop struct {
	Address   netip.Addr // zero: on-link, or a default gateway whose address nobody declared
	Interface string
	Announced netip.Addr // NEXT_HOP, where Address is the gateway towards it; else equal to Address
	OnLink    bool       // `ip route` says onlink: tunl0
}
