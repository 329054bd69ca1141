package emulate

import (
	"crypto/sha256"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// What Felix gives its VXLAN devices by default (FelixConfiguration vxlanVNI, vxlanPort).
const (
	vxlanNetwork = 4096
	vxlanPort    = 4789
)

// addTunnel makes a VXLAN device as Felix does: it learns nothing, and is told where each of the others is.
func (m *machine) addTunnel(t *Tunnel, peers []Tunnel) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.HardwareAddr = t.Name, hardwareAddress(t.Outer)
	vxlan := &netlink.Vxlan{LinkAttrs: attributes, VxlanId: vxlanNetwork, Port: vxlanPort, SrcAddr: net.IP(t.Outer.AsSlice()), Learning: false}
	if err := m.ns.links.LinkAdd(vxlan); err != nil {
		return err
	}
	link, err := m.ns.links.LinkByName(t.Name)
	if err != nil {
		return err
	}
	if err := m.ns.links.LinkSetUp(link); err != nil {
		return err
	}
	source := t.Inner
	if !source.IsValid() { // IPAM has given it one that nobody knows: the node's own stands for it, rather than that of some service
		source = t.Outer
	}
	if err := m.addAddress(t.Name, netip.PrefixFrom(source, source.BitLen()), unix.IFA_F_NOPREFIXROUTE); err != nil {
		return err
	}
	for i := range peers {
		p := &peers[i]
		if p.Cluster != t.Cluster || p.Name != t.Name || p.Outer == t.Outer || !p.Inner.IsValid() {
			continue
		}
		if err := m.addPeer(link.Attrs().Index, p); err != nil {
			return err
		}
	}
	return nil
}

// addPeer tells a VXLAN device behind which node another one's address is.
func (m *machine) addPeer(index int, p *Tunnel) error {
	mac := hardwareAddress(p.Outer)
	family := netlink.FAMILY_V4
	if p.Inner.Is6() {
		family = netlink.FAMILY_V6
	}
	neighbor := &netlink.Neigh{LinkIndex: index, Family: family, State: netlink.NUD_PERMANENT, IP: net.IP(p.Inner.AsSlice()), HardwareAddr: mac}
	if err := m.ns.links.NeighSet(neighbor); err != nil {
		return err
	}
	behind := &netlink.Neigh{LinkIndex: index, Family: unix.AF_BRIDGE, Flags: netlink.NTF_SELF, State: netlink.NUD_PERMANENT,
		IP: net.IP(p.Outer.AsSlice()), HardwareAddr: mac}
	return m.ns.links.NeighAppend(behind)
}

// hardwareAddress is a locally administered address that is another one for every node.
func hardwareAddress(a netip.Addr) net.HardwareAddr {
	sum := sha256.Sum256(a.AsSlice())
	return append(net.HardwareAddr{0x66}, sum[:5]...)
}
