package simulate

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/source"
)

// peerRule is a BGPPeer as confd reads it (confd/pkg/backends/calico/client.go, updatePeersV1).
type peerRule struct {
	object *v3.BGPPeer
	at     source.Path
	node   string // the one node that it is for; empty: those of local
	local  int    // selector of nodes, or none. Neither node nor local: it is for all, and global
	far    int    // selector of the nodes to peer with, or none: then address
	asn    uint32 // of address

	address     netip.Addr // the zero Addr: far, or unreadable
	port        uint16     // of address; 0: not written
	reachableBy netip.Addr
	isUnusable  bool   // reachableBy cannot be right: no node makes the peering
	isReversed  bool   // the far ends peer back by themselves
	kin         string // equal for rules that differ in name and address only; set where address is a node's
}

func (p *peerRule) isGlobal() bool { return p.node == "" && p.local == none }

// readPeers parses all BGPPeers and sorts them by name: Calico visits them in the order of a Go map, so what depends on the
// order depends on luck, and one order is as good as another. Peerings with local workloads are with pods, and left out.
func (r *clusterRules) readPeers() {
	r.selection = newSelection()
	for _, object := range r.objects.BGPPeers {
		if object.Spec.LocalWorkloadSelector == "" && !r.isBGPOff {
			r.peers = append(r.peers, r.readPeer(object))
		}
	}
	slices.SortStableFunc(r.peers, func(a, b *peerRule) int { return strings.Compare(a.object.Name, b.object.Name) })
	for _, p := range r.pools { // so that nodes with different pools are of different classes
		if text := p.object.Spec.NodeSelector; text != "" {
			r.selection.add(text)
		}
	}
}

func (r *clusterRules) readPeer(object *v3.BGPPeer) *peerRule {
	spec := &object.Spec
	p := &peerRule{object: object, at: r.objects.DeclaredAt(object), local: none, far: none, asn: uint32(spec.ASNumber),
		isReversed: spec.ReversePeering == nil || *spec.ReversePeering != v3.ReversePeeringManual}
	switch {
	case spec.NodeSelector != "":
		p.local = r.selection.add(spec.NodeSelector)
	case spec.Node != "":
		p.node = spec.Node
	}
	if spec.PeerSelector != "" {
		p.far = r.selection.add(spec.PeerSelector)
	} else {
		p.address, p.port = parsePeerIP(spec.PeerIP)
	}
	if spec.ReachableBy != "" {
		var err error
		p.reachableBy, err = netip.ParseAddr(spec.ReachableBy)
		p.isUnusable = err != nil || p.address.IsValid() && p.address.Is4() != p.reachableBy.Is4()
	}
	return p
}

// parsePeerIP reads 192.0.2.1, 192.0.2.1:179, 2001:db8::1 or [2001:db8::1]:179; the zero Addr for anything else.
func parsePeerIP(text string) (netip.Addr, uint16) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap(), 0
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.Addr{}, 0
	}
	return a.Addr().Unmap(), a.Port()
}

// setKin finds out what tells the rule from others but its name and address.
func (p *peerRule) setKin() {
	spec := p.object.Spec
	spec.PeerIP = fmt.Sprint(p.address.Is4(), p.port, p.at)
	text, err := json.Marshal(spec)
	if err != nil {
		panic("simulate: " + err.Error()) // a struct of plain data
	}
	p.kin = string(text)
}

// forward is the rule's options as they reach the sessions of the nodes that it is for.
func (p *peerRule) forward() *calicoPeer {
	c := p.options()
	if p.far != none {
		return c
	}
	spec := &p.object.Spec
	c.byAddress = true
	if spec.LocalASNumber != nil {
		c.localASN = uint32(*spec.LocalASNumber)
	}
	if spec.NumAllowedLocalASNumbers != nil {
		c.allowOwnAS = int(*spec.NumAllowedLocalASNumbers)
	}
	return c
}

// reverse is the rule's options as they reach the automatic sessions of the nodes that it points at.
func (p *peerRule) reverse() *calicoPeer {
	c := p.options()
	c.isReverse = true
	return c
}

// options are those that reach every session of the rule (client.go, nodeAsBGPPeers, setPeerConfigFieldsFromV3Resource).
func (p *peerRule) options() *calicoPeer {
	spec := &p.object.Spec
	c := &calicoPeer{name: p.object.Name, keepNextHop: spec.KeepOriginalNextHop, filters: spec.Filters,
		sourceIsNode: spec.SourceAddress == "" || spec.SourceAddress == v3.SourceAddressUseNodeIP,
		password:     secretName(spec.Password), reachableBy: p.reachableBy, at: p.at}
	if spec.NextHopMode != nil {
		c.nextHopMode = string(*spec.NextHopMode)
	}
	if spec.TTLSecurity != nil {
		c.ttlSecurity = int(*spec.TTLSecurity)
	}
	if spec.MaxRestartTime != nil {
		c.restartTime = int(math.Round(spec.MaxRestartTime.Seconds()))
	}
	return c
}
