package simulate

import (
	"net/netip"

	"topoc/compiler/fabric"
)

// BIRD is what Calico tells the BIRD of a node for one family of addresses: bird for IPv4, bird6 for IPv6. It says in plain data
// what bird.cfg, bird_aggr.cfg and bird_ipam.cfg say in BIRD's language.
type BIRD struct {
	Node       *fabric.Node
	Family     fabric.Family
	RouterID   netip.Addr
	ASN        uint32
	ListenPort uint16     // 0: 179
	IsDisabled bool       // the node has no address of the family: no sessions
	Protocols  []Protocol // in the order of Sessions
	Ignored    []string   // patterns of interfaces that protocol direct leaves out beside Calico's own
	Blackholes []netip.Prefix // static routes for own blocks, then for services: what the node announces itself; sorted within
	Gateways   []GatewayRoute // static routes to peers, of reachableBy
	Kernel     *Filter        // calico_kernel_programming: what BIRD writes into the kernel
}

// GatewayRoute is a static route to one peer.
type GatewayRoute struct {
	Peer, Gateway netip.Addr
}

// Protocol is a session as BIRD is told of it.
type Protocol struct {
	Row          SessionRow // with its name, kind, addresses, AS numbers and predicted state
	Source       netip.Addr // source address; the zero Addr: the kernel chooses
	IsPassive    bool       // BIRD waits for the peer to call
	Multihop     int        // TTL of packets where it is written; 0: BIRD's own, 64 with IsMultihop, else the peer is on-link (of eBGP)
	IsMultihop   bool       // "multihop" is written, with or without a number
	TTLSecurity  int        // hops (RFC 5082); 0: off. Excludes Multihop
	ClusterID    netip.Addr // of "rr cluster id", which goes with "rr client"; the zero Addr: the peer is no client
	NextHop      string     // "self", "keep" or "", BIRD's own
	AllowOwnASN  int        // "allow local as"; 0: none
	Password     string     // name/key of its Secret; empty: none
	RestartTime  int        // seconds of "graceful restart time"; 0: BIRD's 120
	Keepalive    int        // seconds; 0: BIRD's own
	Import       *Filter    // never nil
	Export       *Filter    // never nil
}
