// Package birdcfg reads the configuration of BIRD 1.6, as far as Calico's templates use its language, and runs its filters on
// routes. It is written from BIRD's User's Guide (chapters 3, 5 and 6) and BIRD's sources, not from what Calico renders.
//
// Whatever it does not know is an error with a position: nothing is passed over.
package birdcfg

import "net/netip"

// Config is a configuration file with all that it includes.
type Config struct {
	RouterID  netip.Addr
	Listen    Listen
	Kernels   []*Kernel
	Devices   []*Device
	Directs   []*Direct
	Statics   []*Static
	BGP       []*BGP // without templates; in the order of the file
	Filters   map[string]*Filter
	functions map[string]*function
}

// Listen is `listen bgp`. The zero Listen: all addresses, port 179.
type Listen struct {
	Address netip.Addr
	Port    uint16
}

// Common is what every protocol has.
type Common struct {
	Name        string // empty: BIRD names it
	Description string
	Debug       string  // "all", "{ states }"; empty: nothing is written
	Import      *Filter // never nil; all unless written
	Export      *Filter // never nil; none unless written
}

// Kernel is `protocol kernel`.
type Kernel struct {
	Common
	Learns          bool
	Persists        bool
	GracefulRestart bool
	MergesPaths     bool
	ScanTime        int // seconds
}

// Device is `protocol device`.
type Device struct {
	Common
	ScanTime int // seconds
}

// Direct is `protocol direct`.
type Direct struct {
	Common
	Interfaces []InterfacePattern // the first one that matches an interface counts; empty: all
}

// InterfacePattern says of the interfaces that a pattern matches whether they belong.
type InterfacePattern struct {
	Pattern  string // as Match has it
	Excludes bool
}

// Static is `protocol static`.
type Static struct {
	Common
	Routes []StaticRoute
}

// StaticRoute is one `route` of a static protocol.
type StaticRoute struct {
	Prefix netip.Prefix // masked
	Via    netip.Addr   // the zero Addr: a blackhole
}

// BGP is one `protocol bgp`, with what its template says.
type BGP struct {
	Common
	LocalASN         uint32 // 0: not written
	Neighbor         netip.Addr
	Port             uint16 // 0: not written, so 179
	PeerASN          uint32
	Source           netip.Addr // the zero Addr: not written
	IsPassive        bool
	Multihop         int // hops; 0: not written, or direct
	TTLSecurity      bool
	IsClient         bool       // rr client
	ClusterID        netip.Addr // the zero Addr: not written
	NextHop          string     // "self", "keep", or "", BIRD's own
	AllowsLocalAS    int        // how often; 0: not written
	Password         string     // empty: none
	GracefulRestart  bool
	RestartTime      int // seconds; 0: not written, so 120
	KeepaliveTime    int // seconds; 0: not written
	AddPaths         bool
	GatewayRecursive bool
	ConnectDelay     int // seconds; 0: not written
	ConnectRetry     int // seconds; 0: not written
	ErrorWait        [2]int
}
