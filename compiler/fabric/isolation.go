package fabric

import (
	"net/netip"
	"slices"
)

// Isolation says which switches, by VRF, serve an isolated cluster and no other one, as far as racks, static routes and links tell.
// They may have the subnets of others, as the cluster may: theirs are somewhere else. Immutable.
type Isolation struct {
	alone  map[vrfKey]*Cluster // the isolated cluster that is served alone
	others map[vrfKey]bool     // whether some other cluster is served
}

// IsolationOf finds the switches that serve isolated clusters alone.
func IsolationOf(f *Fabric) *Isolation {
	i := &Isolation{alone: map[vrfKey]*Cluster{}, others: map[vrfKey]bool{}}
	if !slices.ContainsFunc(f.Clusters, func(c *Cluster) bool { return c.Model.Isolated }) {
		return i
	}
	serving := servingVRFs(f)
	served := map[vrfKey][]*Cluster{}
	for _, c := range f.Clusters {
		for _, key := range serving[c] {
			served[key] = append(served[key], c)
		}
	}
	for _, c := range f.Clusters {
		spread := linkedVRFs(serving[c])
		isOther := func(other *Cluster) bool { return other != c }
		meets := func(key vrfKey) bool { return slices.ContainsFunc(served[key], isOther) }
		if !c.Model.Isolated || len(c.Peerings) > 0 || slices.ContainsFunc(spread, meets) {
			continue
		}
		for _, key := range spread {
			i.alone[key] = c
		}
	}
	gateways := gatewayVRFs(f)
	for _, c := range f.Clusters {
		for _, key := range linkedVRFs(slices.Concat(serving[c], gateways[c])) {
			i.others[key] = i.alone[key] == nil
		}
	}
	return i
}

// IsEmpty reports whether no switch serves an isolated cluster alone.
func (i *Isolation) IsEmpty() bool { return len(i.alone) == 0 }

// Of returns the isolated cluster that a switch serves alone in a VRF; nil: none.
func (i *Isolation) Of(s *Switch, vrf string) *Cluster { return i.alone[vrfKey{s, vrf}] }

// Apart reports whether two interfaces are on two networks though on one subnet: the switch of one serves an isolated cluster alone,
// that of the other another cluster.
func (i *Isolation) Apart(a, b *Interface) bool {
	at, to := vrfKey{a.Switch, a.VRF}, vrfKey{b.Switch, b.VRF}
	return i.alone[at] != i.alone[to] && (i.alone[at] != nil || i.others[at]) && (i.alone[to] != nil || i.others[to])
}

// servingVRFs returns the VRFs of switches above the racks of each cluster, and of those with static routes to it.
func servingVRFs(f *Fabric) map[*Cluster][]vrfKey {
	serving := map[*Cluster][]vrfKey{}
	add := func(c *Cluster, key vrfKey) {
		if !slices.Contains(serving[c], key) {
			serving[c] = append(serving[c], key)
		}
	}
	for _, c := range f.Clusters {
		for _, r := range c.Racks {
			for _, s := range r.Switches {
				add(c, vrfKey{s, rackVRF(r, s)})
			}
		}
	}
	for _, s := range f.Switches {
		for _, r := range s.Statics {
			add(r.Cluster, vrfKey{s, r.VRF})
		}
	}
	return serving
}

// rackVRF is the VRF of the interface of a switch on a subnet of the rack's nodes; without one, the switch's own.
func rackVRF(r *Rack, s *Switch) string {
	for _, i := range s.Interfaces {
		for _, n := range r.Nodes {
			if p := n.Address; p.IsValid() && i.Address.IsValid() && p.Masked() == i.Address.Masked() {
				return i.VRF
			}
			if p := n.Address6; p.IsValid() && i.Address6.IsValid() && p.Masked() == i.Address6.Masked() {
				return i.VRF
			}
		}
	}
	return s.VRF
}

// gatewayVRFs returns the VRFs of interfaces on the subnets of nodes that are below no switch of their rack, by cluster.
func gatewayVRFs(f *Fabric) map[*Cluster][]vrfKey {
	bySubnet := map[netip.Prefix][]vrfKey{}
	for _, s := range f.Switches {
		for _, i := range s.Interfaces {
			for _, p := range []netip.Prefix{i.Address, i.Address6} {
				if p.IsValid() {
					bySubnet[p.Masked()] = append(bySubnet[p.Masked()], vrfKey{s, i.VRF})
				}
			}
		}
	}
	all := map[*Cluster][]vrfKey{}
	for _, c := range f.Clusters {
		for _, subnet := range c.Subnets {
			if slices.ContainsFunc(subnet.Nodes, func(n *Node) bool { return n.Rack == nil || len(n.Rack.Switches) == 0 }) {
				all[c] = append(all[c], bySubnet[subnet.Prefix]...)
			}
		}
	}
	return all
}

// linkedVRFs returns VRFs and all that links join with them, in the order in which they are found.
func linkedVRFs(from []vrfKey) []vrfKey {
	all := slices.Clone(from)
	seen := map[vrfKey]bool{}
	for _, key := range all {
		seen[key] = true
	}
	for i := 0; i < len(all); i++ {
		for _, e := range all[i].s.Links {
			far := vrfKey{e.Other().Switch, e.Other().VRF}
			if e.VRF == all[i].vrf && !seen[far] {
				seen[far] = true
				all = append(all, far)
			}
		}
	}
	return all
}
