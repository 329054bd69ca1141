package calico

import (
	"net/netip"
	"slices"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/api/pkg/lib/numorstring"

	"topoc/compiler/fabric"
)

// addBGPPeer writes sessions from the nodes that NodeSelector matches to Calico nodes (PeerSelector) or to an address.
func (o *Objects) addBGPPeer(p *fabric.Peer) {
	spec := v3.BGPPeerSpec{
		NodeSelector:   p.NodeSelector,
		PeerSelector:   p.PeerSelector,
		Password:       secretKey(p.Password),
		SourceAddress:  v3.SourceAddress(p.SourceAddress),
		MaxRestartTime: duration(p.MaxRestartTime),
		Filters:        slices.Clone(p.Filters),
	}
	if p.PeerSelector == "" { // else Calico takes the AS numbers from the peers and refuses one here
		spec.PeerIP = peerIP(p.PeerIP, p.Port)
		spec.ASNumber = numorstring.ASNumber(p.ASN)
	}
	if p.LocalASNumber != nil {
		spec.LocalASNumber = new(numorstring.ASNumber(*p.LocalASNumber))
	}
	if p.KeepOriginalNextHop != nil {
		spec.KeepOriginalNextHop = *p.KeepOriginalNextHop
	}
	if p.NextHopMode != "" {
		spec.NextHopMode = new(v3.NextHopMode(p.NextHopMode))
	}
	if p.NumAllowedLocalASNumbers != nil {
		spec.NumAllowedLocalASNumbers = new(int32(*p.NumAllowedLocalASNumbers))
	}
	if p.TTLSecurity != nil {
		spec.TTLSecurity = new(uint8(*p.TTLSecurity))
	}
	if p.ReachableBy.IsValid() {
		spec.ReachableBy = p.ReachableBy.String()
	}
	peer := &v3.BGPPeer{TypeMeta: typeMeta(p.Cluster, v3.KindBGPPeer), ObjectMeta: managed(p.Name), Spec: spec}
	o.BGPPeers = append(o.BGPPeers, peer)
	o.declared[peer] = p.At
}

// peerIP writes an address with its port, if any, as Calico reads it: 192.0.2.1:179, [2001:db8::1]:179.
func peerIP(a netip.Addr, port uint16) string {
	switch {
	case !a.IsValid():
		return ""
	case port == 0:
		return a.String()
	}
	return netip.AddrPortFrom(a, port).String()
}
