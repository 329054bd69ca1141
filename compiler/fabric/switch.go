package fabric

import (
	"net/netip"

	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Switch is a leaf, spine or router outside the clusters. Its BGP part is vendor-neutral and complete: a dialect prints it
// and decides nothing.
type Switch struct {
	Name       string
	Model      *model.Switch
	Dialect    *Dialect // nil where the switch isn't managed and names none, or names an unknown one
	Managed    bool
	Role       string
	ASN        model.ASN
	RouterID   netip.Addr
	Loopback   netip.Prefix
	Loopback6  netip.Prefix
	VRF        string // default for its interfaces and link ends
	Interfaces []*Interface
	Links      []*LinkEnd     // sorted by link name
	Racks      []*Rack        // below it, sorted by cluster and rack
	Routers    []*BGPRouter   // by VRF, the default one first; none where it doesn't speak BGP
	Statics    []*StaticRoute // sorted by VRF, cluster, prefix
}

// DeviceName implements Device.
func (s *Switch) DeviceName() string { return s.Name }

// At is where the switch is declared.
func (s *Switch) At() source.Path { return source.Path("switches").Field(s.Name) }

// LoopbackOf returns the loopback address of a family, or the zero Addr.
func (s *Switch) LoopbackOf(f Family) netip.Addr {
	for _, p := range []netip.Prefix{s.Loopback, s.Loopback6} {
		if p.IsValid() && FamilyOf(p.Addr()) == f {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// Interface is an interface of a switch on a node subnet or the like.
type Interface struct {
	Switch   *Switch
	Name     string
	Address  netip.Prefix
	Address6 netip.Prefix
	Shared   []netip.Addr
	VRF      string
}

// At is where the interface is declared.
func (i *Interface) At() source.Path { return i.Switch.At().Fields("interfaces", i.Name) }

// BGPRouter is the BGP process of a switch in one VRF.
type BGPRouter struct {
	VRF             string // "" is the default one
	ASN             model.ASN
	RouterID        netip.Addr
	ClusterID       netip.Addr // set where the switch reflects: its router ID
	MaximumPaths    int        // equal-cost paths to use
	WantedPaths     int        // what was derived before the dialect's limit lowered it; else equal to MaximumPaths
	PossiblePaths   int        // the most sessions over which one prefix can come; 0: none
	RelaxASPath     bool       // equal-length AS paths that differ count as equal
	GracefulRestart bool
	Families        []Family // in use, IPv4 first
	PrefixLists     []*PrefixList
	Policies        []*Policy
	Groups          []*PeerGroup
	Neighbors       []*Neighbor // grouped ones first, by group; then switches; each in the order of sessions
	Listens         []*Listen
	Networks        []netip.Prefix    // originated: interface subnets and loopbacks, masked, IPv4 first
	Redistribute    []*Redistribution // of static routes
}

// PrefixList is a named list that ends in deny. Never empty, never of two families.
type PrefixList struct {
	Name    string
	Family  Family
	Entries []PrefixEntry // sorted by prefix, then GE; lists that are equal by how they came to be share them
}

// PrefixEntry permits prefixes within Prefix whose length is between GE and LE. GE and LE 0: exactly Prefix; GE 0: from
// Prefix's own length. Never GE equal to Prefix's length, never LE equal to it (some dialects refuse that).
type PrefixEntry struct {
	Prefix netip.Prefix // masked
	GE, LE int
}

// Policy is a route policy of one family. Whatever matches no term is denied; without terms it denies all.
type Policy struct {
	Name   string
	Family Family
	Terms  []Term
}

// Term accepts what its conditions, taken together, match.
type Term struct {
	Seq        int
	PrefixList *PrefixList // nil: any
	Tag        uint32      // of a static route; 0: any
}

// SessionConfig is what a group and a neighbor can both say.
type SessionConfig struct {
	RemoteASN             model.ASN        // 0 in a group whose members differ
	Internal              bool             // iBGP
	UpdateSource          netip.Addr       // source address where it isn't the interface's: the loopback; zero: unset
	UpdateSourceInterface string           // of an UpdateSource: "" is the loopback
	Multihop              int              // TTL of an eBGP session beyond one hop; 0: single hop
	TTLSecurity           int              // hops (RFC 5082), excludes Multihop; 0: off
	Password              *model.SecretRef // placeholder only
	BFD                   bool
	Keepalive             int // seconds; 0: the dialect's default
	Hold                  int
	Families              []*FamilyConfig // carried, IPv4 first
}

// FamilyConfig is what a session carries of one family.
type FamilyConfig struct {
	Family           Family
	In, Out          *Policy // always set
	MaxPrefixes      int     // warning at WarnPercent; over it the session restarts after RestartMinutes
	DerivedPrefixes  int     // what MaxPrefixes is where nobody wrote it
	PossiblePrefixes int     // the most that the session may bring, without anything to spare
	WarnPercent      int
	RestartMinutes   int
	ASOverride       bool
	PeerAllowsOwnAS  bool // the far end accepts paths with its own AS in them: they must be sent to it
	NextHopSelf      bool // on what it learned by eBGP, towards iBGP
	ReflectorClient  bool
	DefaultOriginate bool
}

// PeerGroup is the sessions to the nodes of one rack.
type PeerGroup struct {
	Name string
	At   source.Path
	Rack *Rack
	SessionConfig
}

// Neighbor is one session of a switch.
type Neighbor struct {
	Address     netip.Addr // or Interface, for an unnumbered link
	Interface   string
	Description string
	Group       *PeerGroup // nil: stands alone, SessionConfig says all
	Session     *Session
	SessionConfig
}

// Listen accepts sessions of a group from a subnet.
type Listen struct {
	Prefix netip.Prefix
	Group  *PeerGroup
	Limit  int // most sessions
}

// Redistribution announces static routes.
type Redistribution struct {
	Family Family
	Policy *Policy
}
