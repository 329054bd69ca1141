package emulate

import (
	"net/netip"

	"topoc/compiler/simulate"
)

// Seen is what one machine says of itself.
type Seen struct {
	Sessions []SeenSession
	Routes   []SeenRoute
}

// SeenSession is a session as a daemon shows it.
type SeenSession struct {
	Name   string // of BIRD: the protocol's; of FRR: the neighbor's address or interface
	Daemon string
	IsUp   bool
	Info   string // state and last error, in the daemon's words
}

// SeenRoute is a route of the kernel's main table.
type SeenRoute struct {
	Prefix   netip.Prefix
	Type     simulate.RouteType
	Protocol Protocol
	Metric   uint32
	NextHops []SeenNextHop
}

// SeenNextHop is a next hop as the kernel has it.
type SeenNextHop struct {
	Address   netip.Addr // zero: none
	Interface string     // in the kernel
	IsOnLink  bool
}
