// Package bgp computes what BGP speakers know of each destination once all messages have been exchanged: RFC 4271 and 4456,
// with the decision process, the next-hop rules and the add-path habits of BIRD 1.6 and of switches. It knows nothing of
// Calico, of clusters or of vendors: who speaks with whom, and which policy judges what, it is told.
//
// Speakers that play the same part (same sessions, same policies) are one Speaker with several Members, and prefixes that all
// speakers treat alike are one Destination, so that the cost grows with the number of different parts. Where a Destination
// stands for one prefix of each of several members, its owner is a speaker of its own in the computation: see Owner.
package bgp

import (
	"net/netip"
	"sync"
)

// Network is speakers, the sessions between them and the destinations that they tell each other. Everything in it is read
// only once a Solver exists, but for End.Up and what Resolve answers: see Solver.Reset. Several Solvers may share a Network.
type Network struct {
	Speakers     []*Speaker
	Ends         []*End // both ends of every session: the far end of Ends[i] is Ends[i^1]
	Hops         []*Hop
	Destinations []*Destination

	// Resolve says how a speaker gets to a next hop. Its answer may depend on nothing but the two, and is remembered. For a Hop
	// of the speaker's own addresses it is asked only where members of one part send to each other.
	Resolve func(*Speaker, *Hop) Metric

	// OnLink says whether a next hop to which Resolve finds a way is on a network of the speaker's own. nil: none is, but those on
	// the subnet of the session.
	OnLink func(*Speaker, *Hop) bool

	planOnce sync.Once
	plan     *plan // what all Solvers read: made by the first of them
}

// OwnerSlot is the slot of a destination's owner. All slots below it are speakers, by Index.
func (n *Network) OwnerSlot() int { return len(n.Speakers) }

// Metric is the cost of the way to a next hop, as the decision process compares it; Unreachable: there is none.
type Metric uint32

const (
	OnLink      Metric = 0
	ViaGateway  Metric = 0x80000000 // BIRD, nest/route.h IGP_METRIC_UNKNOWN
	Unreachable Metric = 0xffffffff
)

// Kind is whose decision process a speaker runs.
type Kind uint8

const (
	BIRD   Kind = iota // calico-node: BIRD 1.6 with "merge paths", "add paths", "gateway recursive"
	Switch             // weight of local routes, eBGP over iBGP by distance, multipath of one neighboring kind only
)

// Speaker is one BGP speaker, or several that play the same part.
type Speaker struct {
	Index     int          // in Network.Speakers
	RouterIDs []netip.Addr // of its members, ascending; never empty
	Kind      Kind
	MaxPaths  int  // most equal-cost next hops in use; BIRD: 16
	RelaxAS   bool // AS paths of one length count as equal for multipath, else those of one neighboring AS (iBGP: the same ones); BIRD: always
	ListensTo bool // takes add-path from those that send it: BIRD always, of switches the dialects that do by default
	Group     int  // speakers of different Groups are never alike, whatever their sessions are: see Solver.SolveAlike
	Ends      []*End
}

// End is one end of a session, or of as many alike as the parts at both ends have members: every member of the one has a
// session with every member of the other. Where both ends are the same Speaker, every member has one with every other member.
type End struct {
	Index   int // in Network.Ends
	Speaker *Speaker
	Hop     *Hop // the local address: what "next hop self" announces, and what a far end must not get back as next hop
	Up      bool // both ends alike

	LocalASN   uint32 // what it calls itself on this session
	Internal   bool   // iBGP, as this end sees it
	Client     bool   // iBGP: the far end is a client of this one's (RFC 4456)
	ClusterID  uint32 // of the reflector, where Client
	AllowOwnAS int    // how often LocalASN may be in the path of what it takes
	ASOverride bool   // puts LocalASN in the place of the far end's AS in what it sends
	FarASN     uint32 // what this end expects the far one to be
	NextHop    NextHopMode
	Subnet     int  // that the far end's address is on and the speaker too, as Hop.Subnet, where Hop is not; 0: Hop's
	OnLinkOnly bool // what it takes needs a next hop on a network of the speaker's own: eBGP of one hop at switches (FRR, bgpd/bgp_nht.c)
	SendsAll   bool // add-path: all usable paths, not the best one alone. Set where both ends do it

	Import, Export Policy // nil: everything passes
}

// NextHopMode is what a speaker does to NEXT_HOP as it sends. Local origins always go out with the end's own address, but for
// those with a gateway over iBGP (Origination.Gateway).
type NextHopMode uint8

const (
	Unchanged      NextHopMode = iota // iBGP by default; eBGP with "next hop keep"
	Self                              // eBGP over several hops by default; "next hop self"
	ThirdParty                        // eBGP between neighbors: unchanged where it lies on the subnet of the far end (RFC 4271 5.1.3), else self
	SelfOnExternal                    // iBGP of switches: self on what was learned by eBGP, else unchanged
)

// Hop is a next hop: an address of each member of a part, or of something that is no speaker.
type Hop struct {
	Index   int          // in Network.Hops
	Speaker *Speaker     // nil: a gateway, a shared address
	Addrs   []netip.Addr // by member of Speaker; one where Speaker is nil
	Subnet  int          // of its addresses, as a number that is equal for hops on one subnet; 0: none. ThirdParty compares it with the sending End's
}

// Destination is prefixes that all speakers treat alike.
type Destination struct {
	Index   int          // in Network.Destinations
	Prefix  netip.Prefix // one of them, for policies
	Origins []Origination

	// Owner is not nil where the destination stands for prefixes of members of one part, each of which has the one of its own
	// only. Origins then begins with the owner's. The others are of routes towards it (Origination.Gateway). In solutions the
	// owner is a slot of its own, Network.OwnerSlot, and the part's own slot is its other members.
	Owner *Speaker
	First bool // the prefix is that of Owner's first member, else of any other: router IDs are compared
}

// Origination is a route that a speaker brings in itself.
type Origination struct {
	Speaker    *Speaker
	Source     Source
	Preference int    // BIRD: direct 240, static 200, alien routes of the kernel 10. Not used for switches, whose own routes win
	Incomplete bool   // ORIGIN of redistributed routes
	Gateway    *Hop   // alien routes of the kernel with a gateway: the NEXT_HOP over iBGP. Of the owner's addresses its own
	Tunneled   bool   // Gateway is behind a tunnel, not on the network that its address is on: BIRD's interfaces differ
	Others     bool   // of Owner: not the owner has it, but the other members do
	Interface  string // that it leads out of, for policies
	Only       []*End // announced on these alone, and not used by the speaker itself: a default route made for a session. nil: on all
}

// Source is how a speaker came by a route.
type Source uint8

const (
	FromStatic Source = iota
	FromKernel        // alien routes of the kernel
	FromDirect        // interfaces; networks of switches
	FromBGP
)

// Community is a standard community (RFC 1997: Wide false, the first two numbers) or a large one (RFC 8092).
type Community struct {
	Wide bool
	Part [3]uint32
}

// NoExport and NoAdvertise are the well-known communities that speakers honour (RFC 1997).
var (
	NoExport    = Community{Part: [3]uint32{65535, 65281}}
	NoAdvertise = Community{Part: [3]uint32{65535, 65282}}
)

// Policy judges routes at one end of a session, in one direction. It must answer alike for alike routes.
type Policy interface {
	// Decisions judges all destinations at once, by their Index: what depends on the prefix alone is said once, of the rest
	// Depends. Called once by each Network.
	Decisions(all []*Destination) []Decision
	// Decide judges a route where the decision Depends, and may change it.
	Decide(d *Destination, r *Route) bool
}

// Decision is what a policy says of a destination.
type Decision uint8

const (
	Depends Decision = iota // on more than the prefix: ask Decide for every route
	Accept                  // unchanged
	Reject
)

// Route is what a policy sees of a route, and may change but for Source and Interface. Slices are shared: replace, do not modify.
type Route struct {
	Source      Source
	Interface   string
	ASPath      []uint32 // nearest first
	LocalPref   uint32
	Communities []Community
	Preference  int // BIRD's; import policies may raise it
}
