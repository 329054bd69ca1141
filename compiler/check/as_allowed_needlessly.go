package check

import (
	"fmt"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

var _ = rule(Rule{
	Name:     "as-allowed-needlessly",
	Severity: diag.Warning,
	Source:   "RFC 4271 section 9.1.2; Calico, BGPPeer numAllowedLocalASNumbers",
	Doc: `as-allowed-needlessly: nodes accept their own AS in a path only where it can be there

numAllowedLocalASNumbers switches off the one protection that BGP has against loops, for as many occurrences of the nodes' AS. That
is the price where racks share an AS and meet through switches of other numbers. Where no path with that AS ever arrives the price
is paid for nothing, and a route that a misconfigured switch sends in a circle is believed. No such path arrives over iBGP, since a
switch of the same AS has dropped it itself; below switches that replace the number (asOverride) or send their nodes no routes; and
where no other node or switch on the way has the number. What speakers outside the topology send nobody knows: their entries in
peers are not judged.

Mend it by deleting numAllowedLocalASNumbers.`,
	Run: func(p *Pass) {
		var allowing []*fabric.Rack
		for _, c := range p.Fabric.Clusters {
			for _, r := range c.Racks {
				if n := r.Model.NumAllowedLocalASNumbers; n != nil && *n > 0 && len(r.Switches) > 0 && !lostSwitch(r) {
					allowing = append(allowing, r)
				}
			}
		}
		if len(allowing) == 0 {
			return
		}
		byRack := map[*fabric.Rack][]*fabric.Session{}
		for _, s := range p.Fabric.Sessions {
			if s.Kind == fabric.RackSession {
				byRack[s.Rack] = append(byRack[s.Rack], s)
			}
		}
		for _, r := range allowing {
			p.allowedNeedlessly(r, byRack)
		}
	},
})

// allowedNeedlessly reports a rack that accepts its own AS in paths over none of whose sessions such a path can come.
func (p *Pass) allowedNeedlessly(r *fabric.Rack, byRack map[*fabric.Rack][]*fabric.Session) {
	var owners asOwners
	first := ""
	for _, s := range byRack[r] {
		reason := neverSent(s)
		if reason == "" && (r.Cluster.Incomplete || slices.ContainsFunc(r.Cluster.Nodes, lostRack)) {
			return // a node that isn't listed, or isn't where it should be, may have the number
		}
		if reason == "" {
			if owners == nil {
				owners = p.ownersFor(r.Cluster, byRack)
			}
			if owners.hasOther(s.A.ASN, s.A.Device) {
				return
			}
			reason = "no other node or switch on the way has that number"
		}
		if first == "" {
			first = reason
		}
	}
	if first == "" {
		return // no session at all: session-no-match and its like tell
	}
	s := byRack[r][0]
	d := p.Reportf(r.At().Field("numAllowedLocalASNumbers"), "rack %s of cluster %s accepts routes with its own AS %s in their path, and none arrives: %s",
		r.Name, r.Cluster.Name, s.A.ASN, first)
	if at := s.A.ASNAt(); at != d.Path {
		d.Note(at, "AS %s is set here", s.A.ASN)
	}
	d.WithHint("delete numAllowedLocalASNumbers")
}

// neverSent says why a switch sends a node no path with the node's AS, whatever it hears of; empty: it may.
func neverSent(s *fabric.Session) string {
	leaf := s.B.Device.(*fabric.Switch)
	bgp := leaf.Model.BGP
	switch {
	case s.A.Internal():
		return fmt.Sprintf("switch %s is in that AS too, and drops such routes itself", leaf.Name)
	case s.Rack.Model.ASOverride:
		return "with asOverride the switches write their own number in its place"
	case bgp != nil && (bgp.ToNodes == "none" || bgp.ToNodes == "default") && !sendsNodesMore(bgp):
		return fmt.Sprintf("switch %s sends its nodes no routes of others (toNodes: %q)", leaf.Name, bgp.ToNodes)
	}
	return ""
}

// sendsNodesMore reports whether a switch sends its nodes prefixes of the user's choice.
func sendsNodesMore(bgp *model.SwitchBGP) bool {
	for _, p := range bgp.Send {
		if p.On == "nodes" {
			return true
		}
	}
	return false
}

// asOwners is who has which AS number: one device, or some.
type asOwners map[model.ASN]asOwner

type asOwner struct {
	first fabric.Device
	more  bool
}

func (o asOwners) add(n model.ASN, d fabric.Device) {
	if known, ok := o[n]; !ok {
		o[n] = asOwner{first: d}
	} else if known.first != d {
		o[n] = asOwner{known.first, true}
	}
}

// hasOther reports whether a device other than d has an AS number.
func (o asOwners) hasOther(n model.ASN, d fabric.Device) bool {
	known, ok := o[n]
	return ok && (known.more || known.first != d)
}

// ownersFor returns whose AS numbers may be in the paths of what switches send to the nodes of a cluster: its nodes as they show
// themselves to switches, the nodes of clusters whose routes it takes, and all switches.
func (p *Pass) ownersFor(c *fabric.Cluster, byRack map[*fabric.Rack][]*fabric.Session) asOwners {
	owners := asOwners{}
	shown := func(c *fabric.Cluster) {
		for _, r := range c.Racks {
			for _, s := range byRack[r] {
				owners.add(s.A.ASN, s.A.Device)
			}
		}
	}
	shown(c)
	for _, partner := range c.Partners() {
		shown(partner.Cluster)
		for _, n := range partner.Cluster.Nodes {
			owners.add(n.ASN, n)
		}
	}
	for _, s := range p.Fabric.Switches {
		owners.add(s.ASN, s)
	}
	return owners
}
