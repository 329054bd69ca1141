package fabric

import (
	"cmp"
	"net/netip"
	"slices"

	"topoc/compiler/diag"
)

// Labels that topoc gives to nodes and selects them by, and Calico's annotations on core Nodes
// (libcalico-go/lib/backend/k8s/resources/node.go).
const (
	labelReflector   = "route-reflector" // reflects for the whole cluster
	labelGroupID     = "rr-id"           // the group it reflects for
	labelGroup       = "rr-group"        // the group that reflects for its rack
	labelRack        = "rack"
	labelRackSubnet  = "rack-subnet"  // only in a rack of several IPv4 subnets
	labelRackSubnet6 = "rack-subnet6" // likewise, IPv6
	labelNICSubnet   = "nic-subnet-"  // + subnet: has a further NIC there

	annotationClusterID = "projectcalico.org/RouteReflectorClusterID"
	annotationASNumber  = "projectcalico.org/ASNumber"
)

func (l *linker) linkLabels() {
	for _, c := range l.f.Clusters {
		for _, r := range c.Racks {
			r.survey()
		}
		for _, n := range c.Nodes {
			n.Labels = l.labels(n)
			if n.ClusterID.IsValid() {
				n.Annotations = append(n.Annotations, Label{annotationClusterID, n.ClusterID.String()})
			}
			if c.ExplicitASN {
				n.Annotations = append(n.Annotations, Label{annotationASNumber, n.ASN.String()})
			}
			sortLabels(n.Annotations)
		}
	}
}

// labels returns the user's labels and the derived ones. The derived ones win, since derived selectors go by them.
func (l *linker) labels(n *Node) []Label {
	all := map[string]string{}
	if r := n.Rack; r != nil {
		all[labelRack] = r.Name
		for _, f := range []Family{IPv4, IPv6} {
			if p := n.Prefix(f); p.IsValid() && len(r.subnets[f]) > 1 {
				all[rackSubnetLabel(f)] = subnetLabel(p)
			}
		}
		if len(r.groups) == 1 {
			all[labelGroup] = r.groups[0].Name
		}
		for _, p := range r.nicSubnets {
			if onNIC(n, p).IsValid() {
				all[labelNICSubnet+subnetLabel(p)] = "true"
			}
		}
	}
	for _, g := range n.Reflects {
		all[labelGroupID] = g.Name
		if g.Rack == nil {
			all[labelReflector] = "true"
		} else {
			all[labelGroup] = g.Name
		}
	}
	for _, key := range names(n.Model.Labels) {
		value := n.Model.Labels[key]
		if derived, ok := all[key]; ok && derived != value {
			l.labelConflict(n, key, value, "topoc selects node "+n.Name+" by "+key+"="+derived)
		} else if !ok && n.Cluster.selectsBy(key, value) {
			l.labelConflict(n, key, value, "topoc selects other nodes by it")
		} else {
			all[key] = value
		}
	}
	sorted := make([]Label, 0, len(all))
	for key, value := range all {
		sorted = append(sorted, Label{key, value})
	}
	sortLabels(sorted)
	return sorted
}

func (l *linker) labelConflict(n *Node, key, value, why string) {
	l.diags.Add("conflict", diag.Error, n.At().Fields("labels", key), "label %s is %q here, and %s", key, value, why).
		WithHint("delete it, or write it under another key")
}

// selectsBy reports whether a label would make a derived selector match a node that it isn't meant to match.
func (c *Cluster) selectsBy(key, value string) bool {
	switch key {
	case labelReflector, labelGroupID, labelGroup:
		return len(c.Groups) > 0
	case labelRack:
		return c.Rack(value) != nil
	}
	return false
}

func rackSubnetLabel(f Family) string {
	if f == IPv4 {
		return labelRackSubnet
	}
	return labelRackSubnet6
}

func sortLabels(all []Label) {
	slices.SortFunc(all, func(a, b Label) int { return cmp.Compare(a.Key, b.Key) })
}

// survey finds the subnets and the reflector groups of a rack, once: every node and every session asks for them.
func (r *Rack) survey() {
	r.subnets = map[Family][]netip.Prefix{}
	onNICs := map[netip.Prefix]bool{}
	seen := map[netip.Prefix]bool{}
	for _, n := range r.Nodes {
		for _, f := range []Family{IPv4, IPv6} {
			if p := n.Prefix(f); p.IsValid() && !seen[p.Masked()] {
				seen[p.Masked()] = true
				r.subnets[f] = append(r.subnets[f], p.Masked())
			}
		}
		for _, nic := range n.NICs {
			onNICs[nic.Address.Masked()], onNICs[nic.Address6.Masked()] = true, true
		}
	}
	slices.SortFunc(r.subnets[IPv4], ComparePrefix)
	slices.SortFunc(r.subnets[IPv6], ComparePrefix)
	for _, s := range r.Switches {
		for _, i := range s.Interfaces {
			for _, p := range []netip.Prefix{i.Address, i.Address6} {
				if p.IsValid() && onNICs[p.Masked()] {
					r.nicSubnets = append(r.nicSubnets, p.Masked())
				}
			}
		}
	}
	slices.SortFunc(r.nicSubnets, ComparePrefix)
	r.nicSubnets = slices.Compact(r.nicSubnets)
	for _, g := range r.Cluster.Groups {
		if g.Rack == r {
			r.groups = append(r.groups, g)
		}
	}
}

// onNIC returns the address of n's further NIC on a subnet, or the zero Addr.
func onNIC(n *Node, subnet netip.Prefix) netip.Addr {
	for _, nic := range n.NICs {
		for _, p := range []netip.Prefix{nic.Address, nic.Address6} {
			if p.IsValid() && p.Masked() == subnet {
				return p.Addr()
			}
		}
	}
	return netip.Addr{}
}
