package check

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "duplicate-address",
	Severity: diag.Error,
	Doc: `duplicate-address: an address belongs to one device of a routing domain

Two devices with one address answer for each other: whichever answered last gets the packets of both, and sessions flap
between them. Where both are nodes of one cluster, calico-node does not start on the second: "Calico node … is already using
the IPv4 address", "Terminating" (calico#1628). It is a warning between nodes of clusters that nothing connects. Legal are the
same address in two VRFs or in an isolated cluster, link-local addresses of different links, and "shared" (anycast or virtual
gateway) addresses of the switches of one rack.

Mend it by giving one of the two an address of its own; a gateway address that several switches have belongs in "shared".`,
	Source: "calico#1628, RFC 5227",
	Run: func(p *Pass) {
		s := p.space()
		type key struct {
			addr   netip.Addr
			domain string
		}
		firsts := make(map[key]*address, len(s.addresses))
		users := map[key][]*address{} // of those that have several
		var keys []key
		for _, a := range s.addresses {
			k := key{a.prefix.Addr(), a.domain}
			if a.linkLocal() {
				if a.kind != linkSubnet {
					continue
				}
				k.domain = a.on // its link: elsewhere it is another address
			}
			first := firsts[k]
			if first == nil {
				firsts[k] = a
				continue
			}
			if users[k] == nil {
				keys = append(keys, k)
				users[k] = []*address{first}
			}
			users[k] = append(users[k], a)
		}
		for _, k := range keys {
			p.reportDuplicate(s, users[k])
		}
	},
})

// reportDuplicate judges the addresses of one domain that are equal, at least two.
func (p *Pass) reportDuplicate(s *space, same []*address) {
	var clashing []*address
	severity := diag.Warning
	for i, a := range same[1:] {
		clash := slices.IndexFunc(same[:i+1], func(b *address) bool {
			return a.device != b.device && !sharedByRack(a, b) && !onPeerLinks(a, b) || onTwoNICs(a, b)
		})
		if clash < 0 {
			continue
		}
		if len(clashing) == 0 {
			clashing = append(clashing, same[clash])
		}
		clashing = append(clashing, a)
		if !apart(s, a, same[clash]) {
			severity = diag.Error
		}
	}
	if len(clashing) == 0 {
		return
	}
	i := latest(p, clashing, 1, func(a *address) source.Path { return a.at })
	blame := clashing[i]
	others := slices.Delete(clashing, i, i+1)
	first := others[0]
	d := p.Report(severity, blame.at, "%s, the address of %s%s", blame, deviceName(first.device)+first.on, andOthers(len(others)-1, "other device")).
		Note(first.at, "%s", first)
	for _, o := range others[1:min(len(others), maxNotes)] {
		d.Note(o.at, "%s", o)
	}
	if blame.kind == interfaceSubnet && first.kind == interfaceSubnet {
		d.WithHint("give each switch an address of its own; a gateway address of several switches of a rack belongs in shared: [%q] on each", blame.prefix.Addr())
	} else if free, ok := p.freeAddress(blame.prefix); ok {
		d.WithHint("write %q, which nothing here uses", free)
	} else {
		d.WithHint("give %s an address of its own", deviceName(blame.device))
	}
}

// apart reports whether two addresses are of nodes of clusters that nothing connects.
func apart(s *space, a, b *address) bool {
	return a.cluster() != nil && b.cluster() != nil && a.cluster() != b.cluster() && !s.domains.connected(a.cluster(), b.cluster())
}

// onTwoNICs reports whether two addresses are of different interfaces of one node; its own address may be written again for the
// interface that has it.
func onTwoNICs(a, b *address) bool {
	n, ok := a.device.(*fabric.Node)
	return ok && a.device == b.device && a.nic(n) != b.nic(n)
}

// nic is the interface of a node that has the address.
func (a *address) nic(n *fabric.Node) string {
	return cmp.Or(strings.TrimPrefix(a.on, " on "), n.Model.Interface, "eth0")
}

// sharedByRack reports whether two switches may both have an address: it is a virtual one at both, and they are below one
// rack, or both below none, or nodes of racks of both are on its network, which then spans the racks (an anycast gateway).
func sharedByRack(a, b *address) bool {
	v, ok := a.device.(*fabric.Switch)
	w, alsoOK := b.device.(*fabric.Switch)
	if !ok || !alsoOK || !a.shared || !b.shared {
		return false
	}
	return len(v.Racks) == 0 && len(w.Racks) == 0 || slices.ContainsFunc(v.Racks, func(r *fabric.Rack) bool { return slices.Contains(w.Racks, r) }) ||
		isGatewayBelow(v, a) && isGatewayBelow(w, a)
}

// isGatewayBelow reports whether nodes of a switch's racks have an address in their subnet.
func isGatewayBelow(s *fabric.Switch, a *address) bool {
	f := fabric.FamilyOf(a.prefix.Addr())
	return slices.ContainsFunc(s.Racks, func(r *fabric.Rack) bool {
		return slices.ContainsFunc(r.Nodes, func(n *fabric.Node) bool {
			own := n.Prefix(f)
			return own.IsValid() && own.Masked().Contains(a.prefix.Addr())
		})
	})
}

// onPeerLinks reports whether two addresses are on peer links of different pairs of switches. Nobody but the pair ever sends to one:
// neither BGP nor what is behind the pair knows the link.
func onPeerLinks(a, b *address) bool {
	isPeerLink := func(l *fabric.SwitchLink) bool {
		return l != nil && !l.BGP && slices.ContainsFunc(l.Ends[0].Switch.Racks, func(r *fabric.Rack) bool { return slices.Contains(r.Switches, l.Ends[1].Switch) })
	}
	if a.link == b.link || !isPeerLink(a.link) || !isPeerLink(b.link) {
		return false
	}
	of := func(l *fabric.SwitchLink, s *fabric.Switch) bool {
		return l.Ends[0].Switch == s || l.Ends[1].Switch == s
	}
	return !of(a.link, b.link.Ends[0].Switch) && !of(a.link, b.link.Ends[1].Switch)
}
