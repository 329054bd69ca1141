// Package fabric is the linked topology: names have become pointers, both ends of every session are paired, every default
// and everything derived is filled in, every name and number that a file will carry is decided, every slice is sorted once.
// It is immutable after Link: all that follows takes a *Fabric and only reads.
package fabric

import (
	"net/netip"
	"strconv"

	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Fabric is one linked topology. All slices are sorted by name unless their comment says otherwise; shared, do not modify.
type Fabric struct {
	Name     string
	Clusters []*Cluster
	Switches []*Switch
	Links    []*SwitchLink
	Peerings []*Peering
	Hosts    []*Host
	Reserved []Range // sorted by name, then as written
	Sessions []*Session
	Expected []*Expectation
	Model    *model.Topology // as written
}

// Device is what has sessions and routes: a *Node, a *Switch or an *External.
type Device interface {
	DeviceName() string // unique within a topology: cluster/node for a node
	At() source.Path    // where it is declared
}

// Family is an address family.
type Family uint8

const (
	IPv4 Family = 4
	IPv6 Family = 6
)

// FamilyOf returns the family of an address.
func FamilyOf(a netip.Addr) Family {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}

// Bits returns the length of an address: 32 or 128.
func (f Family) Bits() int {
	if f == IPv4 {
		return 32
	}
	return 128
}

func (f Family) String() string {
	if f == IPv4 {
		return "IPv4"
	}
	return "IPv6"
}

// index is 0 for IPv4 and 1 for IPv6.
func (f Family) index() int {
	if f == IPv4 {
		return 0
	}
	return 1
}

// number is the family as a part of names: "v4", "v6".
func (f Family) number() string { return "v" + strconv.Itoa(int(f)) }

// Suffix tells the names of one family's objects from the other's: "" and "-v6".
func (f Family) Suffix() string {
	if f == IPv4 {
		return ""
	}
	return "-v6"
}

// RangeKind is what a range of addresses is for.
type RangeKind uint8

const (
	PodRange RangeKind = iota
	ClusterIPRange
	ExternalIPRange
	LoadBalancerRange
	ReservedRange
)

func (k RangeKind) String() string {
	return [...]string{"pod range", "service range", "external IP range", "load balancer range", "reserved range"}[k]
}

// Range is a range of addresses and where it is written.
type Range struct {
	Kind   RangeKind
	Prefix netip.Prefix // as written: host bits and all
	Name   string       // of the pool or the reserved entry; else empty
	Block  int          // prefix length of a block, pod ranges only
	At     source.Path
}

// SwitchLink is a point-to-point link of two switches; Ends is sorted by switch name.
type SwitchLink struct {
	Name string
	BGP  bool
	Ends [2]*LinkEnd
}

// At is where the link is declared.
func (l *SwitchLink) At() source.Path { return source.Path("links").Field(l.Name) }

// Unnumbered reports whether neither end has an address but a link-local one with its interface, so that one session over
// those carries both families.
func (l *SwitchLink) Unnumbered() bool {
	for _, e := range l.Ends {
		if e.Address.IsValid() || e.Address6.IsValid() && !l.linkLocal() {
			return false
		}
	}
	return true
}

// linkLocal reports whether the IPv6 addresses of the link are link-local and both interfaces are known: such an address
// names a neighbor only together with its interface.
func (l *SwitchLink) linkLocal() bool {
	a, b := l.Ends[0], l.Ends[1]
	return (a.Address6.Addr().IsLinkLocalUnicast() || b.Address6.Addr().IsLinkLocalUnicast()) && a.Interface != "" && b.Interface != ""
}

// LinkEnd is one switch's end of a link.
type LinkEnd struct {
	Link      *SwitchLink
	Switch    *Switch
	Address   netip.Prefix
	Address6  netip.Prefix
	Interface string
	VRF       string // the end's own, else the switch's
}

// At is where the end is declared.
func (e *LinkEnd) At() source.Path { return e.Link.At().Field(e.Switch.Name) }

// Other is the far end.
func (e *LinkEnd) Other() *LinkEnd {
	if e.Link.Ends[0] == e {
		return e.Link.Ends[1]
	}
	return e.Link.Ends[0]
}

// Via says who holds the sessions of a peering.
type Via uint8

const (
	ViaRouteReflectors Via = iota
	ViaNodes
	ViaFabric
)

// Peering is two clusters that exchange routes.
type Peering struct {
	Name     string
	Clusters [2]*Cluster // as written
	Via      Via
	Pods     bool
	Services [2]bool // whether Clusters[i] takes the services of the other
	Transit  bool
	Model    *model.Peering
}

// At is where the peering is declared.
func (p *Peering) At() source.Path { return source.Path("peerings").Field(p.Name) }

// Other is the cluster at the far side of c.
func (p *Peering) Other(c *Cluster) *Cluster {
	if p.Clusters[0] == c {
		return p.Clusters[1]
	}
	return p.Clusters[0]
}

// Expectation is what must hold; From and To are nil where a name is unknown.
type Expectation struct {
	Name     string
	From, To Endpoint
	Pods     bool
	Services bool
	Reach    bool
	Paths    int
	Survives int
}

// At is where the expectation is declared.
func (e *Expectation) At() source.Path { return source.Path("expect").Field(e.Name) }

// Endpoint is one end of an expectation: exactly one field is set, none where the name is unknown.
type Endpoint struct {
	Cluster *Cluster
	Switch  *Switch
	Host    *Host
	Node    *Node
}

// Host is a machine outside the clusters.
type Host struct {
	Name      string
	Address   netip.Prefix
	Address6  netip.Prefix
	Interface string
	Gateway   netip.Addr
	Gateway6  netip.Addr
	System    string
	Routes    []StaticRoute // sorted by cluster, then prefix
	DNS       *HostDNS      // nil: forwards nothing
	Model     *model.Host
}

// DeviceName implements Device.
func (h *Host) DeviceName() string { return h.Name }

// At is where the host is declared.
func (h *Host) At() source.Path { return source.Path("hosts").Field(h.Name) }

// StaticRoute is a route to a range of a cluster over some of its nodes.
type StaticRoute struct {
	Cluster  *Cluster
	Kind     RangeKind
	Prefix   netip.Prefix // masked
	NextHops []netip.Addr // in the order of via, of the prefix's family; never empty
	Nodes    []*Node      // the nodes behind NextHops
	VRF      string       // switches only
	Tag      uint32       // marks it for redistribution; switches that speak BGP only
	At       source.Path  // the routes entry it comes from
}

// HostDNS is the DNS forwarding of a host.
type HostDNS struct {
	Server string
	Zones  []DNSZone // sorted by domain
}

// DNSZone is one cluster's domain and where it is answered.
type DNSZone struct {
	Cluster *Cluster
	Domain  string         // without a final dot
	Service netip.Addr     // the cluster's DNS service
	Reverse []netip.Prefix // masked ranges whose names it answers too: services, pods
}
