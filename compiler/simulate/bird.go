package simulate

import (
	"math"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// BIRD is what Calico tells the BIRD of a node for one family of addresses: bird for IPv4, bird6 for IPv6. It says in plain data
// what bird.cfg, bird_aggr.cfg and bird_ipam.cfg say in BIRD's language (Calico, confd/etc/calico/confd/templates).
type BIRD struct {
	Node       *fabric.Node
	Family     fabric.Family
	IsDisabled bool // the node has no address of the family, and no sessions
	RouterID   netip.Addr
	ASN        uint32
	ListenPort uint16 // 0: 179

	Protocols  []Protocol     // in the order of Sessions
	Ignored    []string       // patterns of interfaces that protocol direct leaves out, beside Calico's own
	Blocks     []netip.Prefix // that IPAM holds for the node, sorted
	Blackholes []netip.Prefix // static routes for what the node announces itself: its blocks, then services, each sorted
	Workloads  []netip.Prefix // single addresses, each with a route of its pod's own in the kernel: borrowed, or a block by itself
	Gateways   []GatewayRoute // static routes to peers, as reachableBy says; of a BGPPeer for all nodes even to the node itself
	Kernel     []KernelRule   // what BIRD writes into the kernel: the first rule decides, what none covers is written

	// MapsLocalPref is set where the metric of a BGP route in the kernel is 2147483647 - LOCAL_PREF (Calico 3.32); else none is.
	MapsLocalPref bool
}

// GatewayRoute is a static route to one peer.
type GatewayRoute struct {
	Peer, Gateway netip.Addr
}

// KernelRule is a clause of calico_kernel_programming for what lies in a prefix.
type KernelRule struct {
	Prefix  netip.Prefix
	Rejects bool   // it is not BIRD's to write
	Tunnel  string // interface that it is sent into, unless it has several next hops; empty: none
	IsFar   bool   // of Tunnel: only where the next hop is outside the node's own subnet
}

// Protocol is a session as BIRD is told of it.
type Protocol struct {
	Row         SessionRow // with its name, kind, addresses, AS numbers and predicted state
	Source      netip.Addr // source address; the zero Addr: the kernel chooses
	IsPassive   bool       // BIRD waits for the peer to call
	IsMultihop  bool       // "multihop": TTL 64, next hop self on eBGP
	TTLSecurity int        // hops (RFC 5082); 0: off
	ClusterID   netip.Addr // of "rr client" and "rr cluster id"; the zero Addr: the peer is no client
	NextHop     string     // "self", "keep" or "", BIRD's own
	AllowOwnASN int        // "allow local as"; 0: none
	Password    string     // name/key of its Secret; empty: none
	RestartTime int        // seconds of "graceful restart time"; 0: BIRD's 120
	Import      *Filter    // never nil
	Export      *Filter    // never nil
}

// BIRD returns what Calico tells a node's BIRD of a family. The node must be one of the fabric.
func (r *Result) BIRD(n *fabric.Node, f fabric.Family) *BIRD {
	at := r.places(n)[0]
	rules := at.part.rules
	b := &BIRD{Node: n, Family: f, IsDisabled: !n.Addr(f).IsValid(), RouterID: routerIDOf(n), ASN: rules.asn, ListenPort: rules.port,
		Blocks: rules.blocks(n, f), Blackholes: rules.blackholes(n, f), Kernel: rules.kernelRules(n, f), MapsLocalPref: rules.version.AtLeast(mapsPriorities)}
	for _, h := range rules.allocations().of[n] {
		if h.single && fabric.FamilyOf(h.prefix.Addr()) == f {
			b.Workloads = append(b.Workloads, h.prefix)
		}
	}
	if c := rules.objects.BGPConfiguration; c != nil {
		b.Ignored = c.Spec.IgnoredInterfaces
	}
	for _, s := range at.part.Sessions {
		if s.Family != f {
			continue
		}
		for _, row := range sessionRows(at, s) {
			b.Protocols = append(b.Protocols, s.protocol(row))
		}
	}
	for _, g := range at.part.gateways {
		if g.family == f {
			b.addGateways(g)
		}
	}
	order := sessionOrder(at.part)
	slices.SortStableFunc(b.Protocols, func(x, y Protocol) int { return order(x.Row, y.Row) })
	return b
}

func (b *BIRD) addGateways(g gatewayRoutes) {
	for _, peer := range g.peers {
		if route := (GatewayRoute{peer, g.gateway}); !slices.Contains(b.Gateways, route) {
			b.Gateways = append(b.Gateways, route)
		}
	}
}

// blocks are those of a node: addresses that it borrowed lie in blocks of others.
func (r *nodeRules) blocks(n *fabric.Node, f fabric.Family) []netip.Prefix {
	var all []netip.Prefix
	for _, h := range r.allocations().of[n] {
		if fabric.FamilyOf(h.prefix.Addr()) == f && !h.borrowed {
			all = append(all, h.prefix)
		}
	}
	return all
}

// blackholes are the static routes of a node for what it announces itself. Blocks of one address have none: the pod's own route
// is announced.
func (r *nodeRules) blackholes(n *fabric.Node, f fabric.Family) []netip.Prefix {
	var blocks, services []netip.Prefix
	for _, h := range r.allocations().of[n] {
		if fabric.FamilyOf(h.prefix.Addr()) == f && !h.single {
			blocks = append(blocks, h.prefix)
		}
	}
	if r.isExcluded {
		return blocks
	}
	for i := range r.services {
		if s := &r.services[i]; r.originates(s) && fabric.FamilyOf(s.prefix.Addr()) == f {
			services = append(services, s.prefix)
		}
	}
	services = append(services, r.localServices(n, f)...)
	slices.SortFunc(services, fabric.ComparePrefix)
	return slices.Concat(blocks, slices.Compact(services))
}

// kernelRules are the clauses of calico_kernel_programming: the cluster's own services, then its pools. A node without an IPv4
// address has none of these for IPv4 pools.
func (r *clusterRules) kernelRules(n *fabric.Node, f fabric.Family) []KernelRule {
	var all []KernelRule
	for _, s := range r.services {
		if s.whole && fabric.FamilyOf(s.prefix.Addr()) == f {
			all = append(all, KernelRule{Prefix: s.prefix, Rejects: true})
		}
	}
	for _, p := range r.pools {
		if fabric.FamilyOf(p.cidr.Addr()) != f || f == fabric.IPv4 && !n.Addr(f).IsValid() {
			continue
		}
		rule := KernelRule{Prefix: p.cidr, Rejects: r.isFelix(p)}
		if !rule.Rejects && f == fabric.IPv4 && p.ipip != never {
			rule.Tunnel, rule.IsFar = "tunl0", p.ipip == crossSubnet
		}
		all = append(all, rule)
	}
	return all
}

// protocol is what a node is told of one session.
func (s *Session) protocol(row SessionRow) Protocol {
	rules := s.Part.rules
	key := rules.filterKey(s, s.Family)
	learned := key
	learned.iface = s.outInterface()
	p := Protocol{Row: row, Source: row.LocalAddress, Import: rules.birdFilter(learned, imports).plain(), Export: rules.birdFilter(key, exports).plain()}
	if s.peer == nil {
		p.IsPassive = callsLater(row)
		p.IsMultihop = !rules.isMeshSingleHop()
		p.Password, p.RestartTime = rules.meshPassword, rules.meshRestartTime()
		return p
	}
	if !s.peer.sourceIsNode {
		p.Source = netip.Addr{}
	}
	isOwnNode := s.Peer != nil && s.Peer.Nodes != nil && s.Peer.Cluster == s.Part.Cluster
	p.IsPassive = s.Kind == GlobalSession && s.peer.byAddress && isOwnNode && callsLater(row)
	p.IsMultihop, p.TTLSecurity = true, s.peer.ttlSecurity
	p.ClusterID = addrOf(s.clientOf())
	p.NextHop = s.nextHopOption()
	p.AllowOwnASN, p.Password, p.RestartTime = s.peer.allowOwnAS, s.peer.password, s.peer.restartTime
	return p
}

// callsLater reports whether a node leaves it to the far end to call: of two nodes the one whose address comes first as a string
// waits (bird.cfg.template).
func callsLater(row SessionRow) bool { return row.PeerAddress.String() > row.LocalAddress.String() }

// meshRestartTime is the seconds of graceful restart on sessions of the mesh; 0: BIRD's own.
func (r *clusterRules) meshRestartTime() int {
	c := r.objects.BGPConfiguration
	if c == nil || c.Spec.NodeMeshMaxRestartTime == nil {
		return 0
	}
	return int(math.Round(c.Spec.NodeMeshMaxRestartTime.Seconds()))
}
