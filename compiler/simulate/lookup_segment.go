package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// segment is a network that devices are on together: one reaches the other without a router. Equal segments are one network.
type segment struct {
	subnet netip.Prefix       // masked
	vrf    string             // of the switches on it
	link   *fabric.SwitchLink // of a point-to-point link; nil: a network that many can be on
	alone  *fabric.Cluster    // an isolated cluster that has the subnet somewhere else than others have it
}

// surveyor finds out which segments devices are on.
type surveyor struct {
	interfaces map[netip.Prefix][]*fabric.Interface // of switches, by subnet, in the order of switches
	users      map[netip.Prefix]int                 // clusters with nodes in a subnet
}

func newSurveyor(f *fabric.Fabric) *surveyor {
	s := &surveyor{interfaces: map[netip.Prefix][]*fabric.Interface{}, users: map[netip.Prefix]int{}}
	for _, sw := range f.Switches {
		for _, i := range sw.Interfaces {
			for _, p := range []netip.Prefix{i.Address, i.Address6} {
				if p.IsValid() {
					s.interfaces[p.Masked()] = append(s.interfaces[p.Masked()], i)
				}
			}
		}
	}
	for _, c := range f.Clusters {
		for _, subnet := range c.Subnets {
			s.users[subnet.Prefix]++
		}
	}
	return s
}

// ofNode returns the segment of an address of a node: in the VRF of the switch on its subnet, one of its rack's switches
// where it has any there, else the one that has its gateway. An isolated cluster has its subnet to itself, unless a switch of
// its racks says where it is.
func (s *surveyor) ofNode(n *fabric.Node, p netip.Prefix) segment {
	seg := segment{subnet: p.Masked()}
	all := s.interfaces[seg.subnet]
	if n.Rack != nil {
		for _, i := range all {
			if slices.Contains(n.Rack.Switches, i.Switch) {
				seg.vrf = i.VRF
				return seg
			}
		}
	}
	if n.Cluster.Model.Isolated && s.users[seg.subnet] > 1 {
		seg.alone = n.Cluster
		return seg
	}
	f := fabric.FamilyOf(p.Addr())
	gateway, _ := gatewayOf(n.Gateway, n.Gateway6, f)
	for _, i := range all {
		if gateway.IsValid() && (i.Prefix(f).Addr() == gateway || slices.Contains(i.Shared, gateway)) {
			seg.vrf = i.VRF
			return seg
		}
	}
	seg.vrf = onlyVRF(all)
	return seg
}

// ofHost returns the segment of an address of a host: that of the nodes that it has routes to and that are in its subnet.
func (s *surveyor) ofHost(h *fabric.Host, p netip.Prefix) segment {
	for _, r := range h.Routes {
		for _, n := range r.Nodes {
			if own := n.Prefix(fabric.FamilyOf(p.Addr())); own.IsValid() && own.Masked() == p.Masked() {
				return s.ofNode(n, own)
			}
		}
	}
	return segment{subnet: p.Masked(), vrf: onlyVRF(s.interfaces[p.Masked()])}
}

// onlyVRF returns the VRF of the interfaces on one subnet, the global one where there are several: nothing says which is meant.
func onlyVRF(interfaces []*fabric.Interface) string {
	vrf := ""
	for n, i := range interfaces {
		if n > 0 && i.VRF != vrf {
			return ""
		}
		vrf = i.VRF
	}
	return vrf
}
