package simulate

import (
	"maps"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/api/pkg/lib/numorstring"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/calico"
)

// fourNodes is one cluster of four nodes with a mesh; a and b have labels.
const fourNodes = `name: "lab"
clusters: c: {
	bgp: nodeToNodeMesh: true
	nodes: {
		a: {address: "10.0.0.1/24", labels: role: "rr"}
		b: {address: "10.0.0.2/24", labels: role: "rr"}
		c: address: "10.0.0.3/24"
		d: address: "10.0.0.4/24"
	}
}
`

// peer is a BGPPeer in short.
func peer(name string, spec v3.BGPPeerSpec) *v3.BGPPeer {
	return &v3.BGPPeer{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
}

// node sets what topoc would have written of a node.
func node(o *calico.Objects, name, key, value string) {
	for _, n := range o.Nodes {
		if n.Name == name {
			n.Annotations = maps.Clone(n.Annotations)
			if n.Annotations == nil {
				n.Annotations = map[string]string{}
			}
			n.Annotations[key] = value
			return
		}
	}
	o.Nodes = append(o.Nodes, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name,
		Annotations: map[string]string{key: value}}})
}

// kindOf writes a session as the last number of its far end's address, its port and how it came to be.
func kindOf(s *Session, _, far int) string {
	a := s.remote[far].String()
	return a[strings.LastIndexAny(a, ".:")+1:] + map[Kind]string{MeshSession: "m", GlobalSession: "g", NodeSession: "n"}[s.Kind]
}

func TestExpansionOfBGPPeers(t *testing.T) {
	meshOff := func(o *calico.Objects) { o.BGPConfiguration.Spec.NodeToNodeMeshEnabled = new(false) }
	for _, tt := range []struct {
		name string
		edit func(*calico.Objects)
		want map[string]string // by node
	}{
		{
			"mesh joins all",
			func(*calico.Objects) {},
			map[string]string{"a": "2m 3m 4m", "b": "1m 3m 4m", "c": "1m 2m 4m", "d": "1m 2m 3m"},
		},
		{
			"without BGPConfiguration there is a mesh",
			func(o *calico.Objects) { o.BGPConfiguration = nil },
			map[string]string{"a": "2m 3m 4m", "b": "1m 3m 4m", "c": "1m 2m 4m", "d": "1m 2m 3m"},
		},
		{
			"reflectors have no part in the mesh",
			func(o *calico.Objects) { node(o, "a", clusterIDAnnotation, "244.0.0.1") },
			map[string]string{"b": "3m 4m", "c": "2m 4m", "d": "2m 3m"},
		},
		{
			"a cluster ID that is no IPv4 address is ignored",
			func(o *calico.Objects) { node(o, "a", clusterIDAnnotation, "244.0.0") },
			map[string]string{"a": "2m 3m 4m", "b": "1m 3m 4m", "c": "1m 2m 4m", "d": "1m 2m 3m"},
		},
		{
			"nodes that a selector matches peer with those that another one does, and back",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{NodeSelector: "!has(role)", PeerSelector: "role == 'rr'"}))
			},
			map[string]string{"a": "3n 4n", "b": "3n 4n", "c": "1n 2n", "d": "1n 2n"},
		},
		{
			"a selector that cannot be read matches nothing",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{NodeSelector: "all()", PeerSelector: "role = 'rr'"}))
			},
			map[string]string{},
		},
		{
			"a host name is a label though nothing sets it",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{NodeSelector: "kubernetes.io/hostname == 'c'", PeerSelector: "role == 'rr'"}))
			},
			map[string]string{"a": "3n", "b": "3n", "c": "1n 2n"},
		},
		{
			"and so is the operating system",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{NodeSelector: "kubernetes.io/os == 'linux' && !has(role)", PeerSelector: "role == 'rr'"}))
			},
			map[string]string{"a": "3n 4n", "b": "3n 4n", "c": "1n 2n", "d": "1n 2n"},
		},
		{
			"a BGPPeer for one node",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{Node: "c", PeerSelector: "role == 'rr'"}))
			},
			map[string]string{"a": "3n", "b": "3n", "c": "1n 2n"},
		},
		{
			"a BGPPeer for all nodes is global, and the way back is of nodes",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{PeerSelector: "role == 'rr'"}))
			},
			map[string]string{"a": "2g 3n 4n", "b": "1g 3n 4n", "c": "1g 2g", "d": "1g 2g"},
		},
		{
			"a global peering takes the place of one of nodes to the same address",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("a", v3.BGPPeerSpec{NodeSelector: "all()", PeerSelector: "role == 'rr'"}),
					peer("z", v3.BGPPeerSpec{PeerIP: "10.0.0.1", ASNumber: 64512}))
			},
			map[string]string{"a": "2n 3n 4n", "b": "1g 3n 4n", "c": "1g 2n", "d": "1g 2n"},
		},
		{
			"reversePeering Manual makes no way back",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{NodeSelector: "!has(role)", PeerSelector: "role == 'rr'",
					ReversePeering: new(v3.ReversePeeringManual)}))
			},
			map[string]string{"c": "1n 2n", "d": "1n 2n"},
		},
		{
			"a node's address with its AS number is peered back, with another not",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("right", v3.BGPPeerSpec{Node: "a", PeerIP: "10.0.0.3", ASNumber: 64512}),
					peer("wrong", v3.BGPPeerSpec{Node: "a", PeerIP: "10.0.0.4", ASNumber: 64513}))
			},
			map[string]string{"a": "3n 4n", "c": "1n"},
		},
		{
			"a mesh and a BGPPeer between the same addresses are both there",
			func(o *calico.Objects) {
				node(o, "a", asNumberAnnotation, "64512")
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{Node: "c", PeerIP: "10.0.0.4", ASNumber: 64512}))
			},
			map[string]string{"a": "2m 3m 4m", "b": "1m 3m 4m", "c": "1m 2m 4m 4n", "d": "1m 2m 3m 3n"},
		},
		{
			"peerings with pods are no sessions of the network",
			func(o *calico.Objects) {
				meshOff(o)
				o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{LocalWorkloadSelector: "app == 'x'", ASNumber: 64999}))
			},
			map[string]string{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := inputOf(t, []byte(fourNodes))
			tt.edit(in.objectsOf("c"))
			got := map[string]string{}
			for name, sessions := range nodeLevel(partsOf(in), kindOf) {
				got[strings.TrimPrefix(name, "c/")] = sessions
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestOptionsReachTheSessionsThatCalicoGivesThem(t *testing.T) {
	in := inputOf(t, []byte(fourNodes))
	o := in.objectsOf("c")
	o.BGPConfiguration.Spec.NodeToNodeMeshEnabled = new(false)
	local, allowed, hops := numorstring.ASNumber(65000), int32(2), uint8(1)
	options := v3.BGPPeerSpec{LocalASNumber: &local, NumAllowedLocalASNumbers: &allowed, TTLSecurity: &hops, Filters: []string{"f"},
		SourceAddress: v3.SourceAddressNone}
	byAddress, bySelector := options, options
	byAddress.Node, byAddress.PeerIP, byAddress.ASNumber = "a", "10.0.0.3", 64512
	bySelector.Node, bySelector.PeerSelector = "b", "role == 'rr'"
	o.BGPPeers = append(o.BGPPeers, peer("by-address", byAddress), peer("by-selector", bySelector))
	for _, tt := range []struct {
		part, remote string
		want         calicoPeer
	}{
		{"a", "10.0.0.3", calicoPeer{byAddress: true, localASN: 65000, allowOwnAS: 2}},
		{"c", "10.0.0.1", calicoPeer{isReverse: true}},
		{"b", "10.0.0.1", calicoPeer{}},
		{"a", "10.0.0.2", calicoPeer{isReverse: true}},
	} {
		s := sessionOf(t, partsOf(in), "c/"+tt.part, tt.remote)
		if p := s.peer; p.byAddress != tt.want.byAddress || p.localASN != tt.want.localASN || p.allowOwnAS != tt.want.allowOwnAS ||
			p.isReverse != tt.want.isReverse || p.ttlSecurity != 1 || len(p.filters) != 1 || p.sourceIsNode {
			t.Errorf("%s to %s: got %+v", tt.part, tt.remote, *p)
		}
	}
}

// sessionOf returns the session of a device with an address.
func sessionOf(t testing.TB, parts []*Part, device, remote string) *Session {
	t.Helper()
	for _, p := range parts {
		for member := range p.Size() {
			for _, s := range p.Sessions {
				for _, a := range s.remote {
					if p.Device(member).DeviceName() == device && a.String() == remote {
						return s
					}
				}
			}
		}
	}
	t.Fatalf("%s has no session with %s", device, remote)
	return nil
}
