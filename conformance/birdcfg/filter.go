package birdcfg

import (
	"fmt"
	"net/netip"
)

// Filter decides about routes and may change them. Immutable.
type Filter struct {
	Name string // empty: it has none
	Text string // as written, with a space between two tokens; filters of one file with equal texts are equal. Empty: all, none
	body []statement
}

// acceptAll and rejectAll are what `all` and `none` stand for.
var (
	acceptAll = &Filter{Name: "all", body: []statement{&verdict{accepts: true}}}
	rejectAll = &Filter{Name: "none", body: []statement{&verdict{}}}
)

// Source is how BIRD came by a route, in the words of its language.
type Source string

const (
	FromStatic Source = "RTS_STATIC"  // protocol static
	FromKernel Source = "RTS_INHERIT" // protocol kernel: a route that somebody else wrote into the kernel
	FromDevice Source = "RTS_DEVICE"  // protocol direct
	FromBGP    Source = "RTS_BGP"
)

// Community is a standard community, LargeCommunity a large one (RFC 1997, RFC 8092).
type (
	Community      [2]uint16
	LargeCommunity [3]uint32
)

func (c Community) String() string { return fmt.Sprintf("%d:%d", c[0], c[1]) }

func (c LargeCommunity) String() string { return fmt.Sprintf("%d:%d:%d", c[0], c[1], c[2]) }

// Route is what filters see of a route.
type Route struct {
	Net        netip.Prefix // masked
	Source     Source
	Interface  string // that it leads out of; empty: none, which is an empty text to BIRD
	Preference uint32

	// Attributes that a route may lack: nil, and the zero Addr. What protocol bgp exports has those of BGP, whatever its source.
	NextHop   netip.Addr // bgp_next_hop
	LocalPref *uint32
	Metric    *uint32 // krt_metric
	Tunnel    *string // krt_tunnel, of Calico's BIRD

	ASPath []uint32

	// Attributes that are empty where a route lacks them.
	Communities      []Community
	LargeCommunities []LargeCommunity
}

// function is a function of the configuration.
type function struct {
	name       string
	parameters []parameter
	body       []statement
}

type parameter struct{ name, kind string }

// statement is a command of a filter or function.
type statement interface {
	run(*machine) error
}

// expression is a term.
type expression interface {
	eval(*machine) (value, error)
}

// Statements.
type (
	verdict struct {
		at      position
		accepts bool
	}
	printing struct{ terms []expression }
	branch   struct {
		at        position
		condition expression
		then      []statement
		otherwise []statement
	}
	assignment struct {
		at    position
		name  string // of an attribute, or of a variable
		value expression
	}
	addition struct { // bgp_community.add(…), bgp_path.prepend(…)
		at        position
		attribute string
		verb      string
		value     expression
	}
	returning struct{ value expression }
	calling   struct{ call *call }
)

// Expressions.
type (
	constant struct{ value value }
	variable struct {
		at   position
		name string
	}
	attribute struct {
		at   position
		name string
	}
	call struct {
		at        position
		function  *function
		arguments []expression
	}
	unary struct {
		at       position
		operator string // "!" or "defined"
		operand  expression
	}
	binary struct {
		at          position
		operator    string
		left, right expression
	}
	tuple struct { // a community as (a, b) or (a, b, c)
		at    position
		items []expression
	}
)
