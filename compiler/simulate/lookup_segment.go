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
	isolated   *fabric.Isolation
	interfaces map[netip.Prefix][]*fabric.Interface // of switches, by subnet, in the order of switches
	users      map[netip.Prefix]int                 // clusters with nodes in a subnet
}

func newSurveyor(f *fabric.Fabric) *surveyor {
	s := &surveyor{isolated: fabric.IsolationOf(f), interfaces: map[netip.Prefix][]*fabric.Interface{}, users: map[netip.Prefix]int{}}
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
				return s.ofInterface(i, p)
			}
		}
	}
	if n.Cluster.Model.Isolated && s.users[seg.subnet] > 1 {
		seg.alone = n.Cluster
		return seg
	}
	f := fabric.FamilyOf(p.Addr())
	gateway, _ := gatewayOf(n.Gateway, n.Gateway6, f)
	all = slices.DeleteFunc(slices.Clone(all), func(i *fabric.Interface) bool { return s.isolated.Of(i.Switch, i.VRF) != nil })
	for _, i := range all {
		if gateway.IsValid() && (i.Prefix(f).Addr() == gateway || slices.Contains(i.Shared, gateway)) {
			seg.vrf = i.VRF
			return seg
		}
	}
	seg.vrf = onlyVRF(all)
	return seg
}

// ofInterface returns the segment of an address of a switch. The switches of an isolated cluster have a subnet that others have
// too somewhere else.
func (s *surveyor) ofInterface(i *fabric.Interface, p netip.Prefix) segment {
	seg := segment{subnet: p.Masked(), vrf: i.VRF}
	if slices.ContainsFunc(s.interfaces[seg.subnet], func(other *fabric.Interface) bool { return other.VRF == i.VRF && s.isolated.Apart(i, other) }) {
		seg.alone = s.isolated.Of(i.Switch, i.VRF)
	}
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
