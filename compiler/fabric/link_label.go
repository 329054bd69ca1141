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
	labelReflector  = "route-reflector" // reflects for the whole cluster
	labelGroupID    = "rr-id"           // the group it reflects for
	labelGroup      = "rr-group"        // the group that reflects for its rack
	labelRack       = "rack"
	labelRackSubnet = "rack-subnet" // only in a rack of several subnets
	labelNICSubnet  = "nic-subnet-" // + subnet: has a further NIC there

	annotationClusterID = "projectcalico.org/RouteReflectorClusterID"
	annotationASNumber  = "projectcalico.org/ASNumber"
)

func (l *linker) linkLabels() {
	for _, c := range l.f.Clusters {
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
		if len(subnetsOf(r, IPv4)) > 1 {
			all[labelRackSubnet] = subnetLabel(n.Address)
		} else if len(subnetsOf(r, IPv6)) > 1 {
			all[labelRackSubnet] = subnetLabel(n.Address6)
		}
		for _, g := range n.Cluster.Groups {
			if g.Rack == r {
				all[labelGroup] = g.Name
			}
		}
		for _, p := range nicSubnets(r) {
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
			l.diags.Add("conflict", diag.Error, n.At().Fields("labels", key), "label %s is %q here, and topoc selects node %s by %s=%s",
				key, value, n.Name, key, derived).WithHint("delete it, or write it under another key")
			continue
		}
		all[key] = value
	}
	sorted := make([]Label, 0, len(all))
	for key, value := range all {
		sorted = append(sorted, Label{key, value})
	}
	sortLabels(sorted)
	return sorted
}

func sortLabels(all []Label) {
	slices.SortFunc(all, func(a, b Label) int { return cmp.Compare(a.Key, b.Key) })
}

// subnetsOf returns the subnets that the rack's nodes have their address of a family in, sorted.
func subnetsOf(r *Rack, f Family) []netip.Prefix {
	var subnets []netip.Prefix
	for _, n := range r.Nodes {
		if p := n.Prefix(f); p.IsValid() && !slices.Contains(subnets, p.Masked()) {
			subnets = append(subnets, p.Masked())
		}
	}
	slices.SortFunc(subnets, ComparePrefix)
	return subnets
}

// nicSubnets returns the subnets where nodes of the rack have a further NIC and one of its switches has an interface.
func nicSubnets(r *Rack) []netip.Prefix {
	var subnets []netip.Prefix
	for _, s := range r.Switches {
		for _, i := range s.Interfaces {
			for _, f := range []Family{IPv4, IPv6} {
				p := i.Addr(f)
				if p.IsValid() && !slices.Contains(subnets, p.Masked()) &&
					slices.ContainsFunc(r.Nodes, func(n *Node) bool { return onNIC(n, p.Masked()).IsValid() }) {
					subnets = append(subnets, p.Masked())
				}
			}
		}
	}
	slices.SortFunc(subnets, ComparePrefix)
	return subnets
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
