package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// rackFault is why a rack has no session with its switches.
type rackFault uint8

const (
	noFault          rackFault = iota // it has sessions, or names no switches
	faultTold                         // a name that leads nowhere has been told
	emptyRack                         // no node is in it
	unlistedRack                      // no node of it is listed, and not all nodes are
	withoutReflector                  // its reflectors should hold the sessions, and it has none
	offSubnet                         // no switch has an address on a subnet of its nodes
	withoutLoopback                   // sessions run to loopbacks, and a switch has none of a family that it shares with them
)

// faultOf returns what is wrong with a rack as a whole.
func faultOf(r *fabric.Rack) rackFault {
	c := r.Cluster
	switch {
	case len(r.Model.Switches) == 0:
		return noFault
	case lostSwitch(r):
		return faultTold
	case len(r.Speakers()) == 0 && slices.ContainsFunc(c.Nodes, lostRack):
		return faultTold
	case len(r.Nodes) == 0 && c.Incomplete && !r.ByReflectors:
		return unlistedRack
	case len(r.Nodes) == 0:
		return emptyRack
	case len(r.Speakers()) == 0:
		if slices.ContainsFunc(c.Groups, func(g *fabric.Group) bool { return serves(g, r) && lostReflector(g) }) {
			return faultTold
		}
		return withoutReflector
	case slices.ContainsFunc(r.Speakers(), lostAddress):
		return faultTold
	case !slices.ContainsFunc(r.Switches, func(s *fabric.Switch) bool { return shares(r, s) }):
		return offSubnet
	case slices.ContainsFunc(r.Switches, func(s *fabric.Switch) bool { return lacksLoopback(r, s) }):
		return withoutLoopback
	}
	return noFault
}

// shares reports whether a switch has an address on a subnet of those nodes of the rack that would peer with it.
func shares(r *fabric.Rack, s *fabric.Switch) bool {
	return sharesFamily(r, s, fabric.IPv4) || sharesFamily(r, s, fabric.IPv6)
}

// sharesFamily is shares for one family.
func sharesFamily(r *fabric.Rack, s *fabric.Switch, f fabric.Family) bool {
	for _, i := range s.Interfaces {
		address := i.Prefix(f)
		if address.IsValid() && slices.ContainsFunc(r.Speakers(), func(n *fabric.Node) bool { return inSubnet(n, address.Masked()) }) {
			return true
		}
	}
	return false
}

// inSubnet reports whether the node has an address, its own or a further NIC's, whose subnet is exactly this one.
func inSubnet(n *fabric.Node, subnet netip.Prefix) bool {
	is := func(p netip.Prefix) bool { return p.IsValid() && p.Masked() == subnet }
	return is(n.Address) || is(n.Address6) ||
		slices.ContainsFunc(n.NICs, func(nic fabric.NIC) bool { return is(nic.Address) || is(nic.Address6) })
}

// lacksLoopback reports whether sessions of the rack should run to the loopback of a switch, and it has none of a family that
// the two share. For one of two families see halfLoopback.
func lacksLoopback(r *fabric.Rack, s *fabric.Switch) bool {
	if !r.ByLoopback || !shares(r, s) {
		return false
	}
	return !hasLoopback(r, s, fabric.IPv4) && !hasLoopback(r, s, fabric.IPv6)
}

// halfLoopback returns the family in which the rack and the switch share a subnet and the switch has no loopback for their
// sessions, where it has one of the other family that they share.
func halfLoopback(r *fabric.Rack, s *fabric.Switch) (lacking fabric.Family, ok bool) {
	if !r.ByLoopback || !sharesFamily(r, s, fabric.IPv4) || !sharesFamily(r, s, fabric.IPv6) {
		return 0, false
	}
	v4, v6 := s.LoopbackOf(fabric.IPv4).IsValid(), s.LoopbackOf(fabric.IPv6).IsValid()
	if v4 {
		return fabric.IPv6, !v6
	}
	return fabric.IPv4, v6
}

// hasLoopback reports whether sessions of a family can run from a rack to the loopback of a switch.
func hasLoopback(r *fabric.Rack, s *fabric.Switch, f fabric.Family) bool {
	return s.LoopbackOf(f).IsValid() && sharesFamily(r, s, f)
}
