package check

import (
	"slices"

	"topoc/compiler/fabric"
)

// Link leaves out what it finds no declaration for, and tells the name that leads nowhere. The functions here say where the
// fabric has such a hole, so that no rule tells what follows from it as a mistake of its own.

// lostRack reports whether the node names a rack that its cluster doesn't declare.
func lostRack(n *fabric.Node) bool { return n.Model.Rack != "" && n.Rack == nil }

// lostAddress reports whether the node has no address at all.
func lostAddress(n *fabric.Node) bool { return !n.Address.IsValid() && !n.Address6.IsValid() }

// lostSwitch reports whether the rack names a switch that isn't declared, or that lacks the AS number for its sessions.
func lostSwitch(r *fabric.Rack) bool {
	return len(r.Switches) < len(r.Model.Switches) ||
		slices.ContainsFunc(r.Switches, func(s *fabric.Switch) bool { return s.Model.ASNumber == nil })
}

// lostReflector reports whether the group names a node or a rack that its cluster doesn't declare, or a node twice.
func lostReflector(g *fabric.Group) bool {
	return len(g.Nodes) < len(g.Model.Nodes) || g.Rack == nil && g.Model.Rack != ""
}

// serves reports whether the group reflects for the nodes of a rack; nil is the nodes in none.
func serves(g *fabric.Group, r *fabric.Rack) bool { return g.Rack == nil || g.Rack == r }
