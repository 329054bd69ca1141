package simulate

import (
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	corev1 "k8s.io/api/core/v1"

	"topoc/compiler/calico"
)

// oneRack is two nodes below a switch, a speaker outside, and a host.
const oneRack = `name: "lab"
switches: leaf: {asNumber: 65001, dialect: "frr", loopback: "10.255.0.1/32", interfaces: eth1: address: "10.0.0.254/24"}
hosts: box: {address: "10.0.0.50/24", system: "iproute2"}
clusters: c: {
	racks: r: switches: ["leaf"]
	peers: fw: {address: "10.0.0.60", asNumber: 65100}
	nodes: {
		n1: {address: "10.0.0.1/24", rack: "r"}
		n2: {address: "10.0.0.2/24", rack: "r"}
	}
}
`

// withRack replaces the options of oneRack's rack.
func withRack(options string) string {
	return strings.Replace(oneRack, `switches: ["leaf"]`, `{switches: ["leaf"], `+options+"}", 1)
}

// bgpPeer returns the BGPPeer of a name, to be edited.
func bgpPeer(t testing.TB, o *calico.Objects, name string) *v3.BGPPeerSpec {
	t.Helper()
	for _, p := range o.BGPPeers {
		if p.Name == name {
			return &p.Spec
		}
	}
	t.Fatalf("no BGPPeer %s", name)
	return nil
}

func TestStatesOfSessionsWithoutRoutes(t *testing.T) {
	toLeaf := func(edit func(*v3.BGPPeerSpec)) func(*testing.T, *calico.Objects) {
		return func(t *testing.T, o *calico.Objects) { edit(bgpPeer(t, o, "r-to-leaf")) }
	}
	toFirewall := func(edit func(*v3.BGPPeerSpec)) func(*testing.T, *calico.Objects) {
		return func(t *testing.T, o *calico.Objects) { edit(bgpPeer(t, o, "fw")) }
	}
	untouched := func(*testing.T, *calico.Objects) {}
	secret := &v3.BGPPassword{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"}}
	for _, tt := range []struct {
		name, topology string
		edit           func(*testing.T, *calico.Objects)
		device, remote string
		want           string
	}{
		{"both ends fit", oneRack, untouched, "c/n1", "10.0.0.254", "ESTABLISHED UNIQUE_MATCH"},
		{"seen from the switch", oneRack, untouched, "leaf", "10.0.0.2", "ESTABLISHED UNIQUE_MATCH"},
		{"from a listen range", oneRack + "switches: leaf: bgp: dynamicNeighbors: true\n", untouched,
			"c/n1", "10.0.0.254", "ESTABLISHED DYNAMIC_MATCH"},
		{"to a loopback", withRack(`session: "loopback"`), untouched, "c/n1", "10.255.0.1", "ESTABLISHED UNIQUE_MATCH"},
		{"a speaker outside is believed", oneRack, untouched,
			"c/n1", "10.0.0.60", "ESTABLISHED UNIQUE_MATCH: c/peers/fw is outside, and believed to be configured as its entry says"},
		{"passwords at both ends", withRack(`password: {secret: "s", key: "k"}`), untouched, "c/n1", "10.0.0.254", "ESTABLISHED UNIQUE_MATCH"},
		{"TTL security at both ends", withRack(`ttlSecurity: 1`), untouched, "c/n1", "10.0.0.254", "ESTABLISHED UNIQUE_MATCH"},
		{"an AS number for one session", withRack(`localASNumber: 64999`), untouched, "leaf", "10.0.0.1", "ESTABLISHED UNIQUE_MATCH"},

		{"the wrong AS number at the nodes", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.ASNumber = 65009 }),
			"leaf", "10.0.0.1", "NOT_COMPATIBLE AS mismatch: n1 expects AS 65009, leaf is AS 65001"},
		{"a node with another AS number", oneRack, func(_ *testing.T, o *calico.Objects) { node(o, "n2", asNumberAnnotation, "64600") },
			"c/n2", "10.0.0.254", "NOT_COMPATIBLE AS mismatch: leaf expects AS 64512, n2 is AS 64600"},
		{"the other node does not mind", oneRack, func(_ *testing.T, o *calico.Objects) { node(o, "n2", asNumberAnnotation, "64600") },
			"c/n1", "10.0.0.254", "ESTABLISHED UNIQUE_MATCH"},
		{"no AS number", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.ASNumber = 0 }),
			"c/n1", "10.0.0.254", "NOT_COMPATIBLE NO_REMOTE_AS: n1 is given no AS number for 10.0.0.254"},
		{"an address that nobody has", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.PeerIP = "10.0.0.9" }),
			"c/n1", "10.0.0.9", "NOT_COMPATIBLE NO_MATCH_FOUND: nobody has the address 10.0.0.9"},
		{"and the switch waits", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.PeerIP = "10.0.0.9" }),
			"leaf", "10.0.0.1", "NOT_COMPATIBLE HALF_OPEN: n1 has no BGPPeer for 10.0.0.254"},
		{"a host", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.PeerIP = "10.0.0.50" }),
			"c/n1", "10.0.0.50", "NOT_COMPATIBLE HALF_OPEN: box speaks no BGP"},
		{"a node that the switch does not know", withRack(`peer: "routeReflectors"`) + `clusters: c: routeReflectors: g: {nodes: ["n1"], rack: "r"}
`, toLeaf(func(p *v3.BGPPeerSpec) { p.NodeSelector = "all()" }),
			"c/n2", "10.0.0.254", "NOT_COMPATIBLE HALF_OPEN: leaf has no neighbor 10.0.0.2"},
		{"a switch that speaks from its loopback", withRack(`session: "loopback"`),
			toLeaf(func(p *v3.BGPPeerSpec) { p.PeerIP, p.ReachableBy = "10.0.0.254", "" }),
			"c/n1", "10.0.0.254", "NOT_COMPATIBLE HALF_OPEN: leaf speaks with 10.0.0.1 from 10.255.0.1, not from 10.0.0.254"},
		{"a port that the switch does not listen on", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.PeerIP = "10.0.0.254:1179" }),
			"c/n1", "10.0.0.254", "ESTABLISHED UNIQUE_MATCH"}, // the switch calls
		{"ports that neither end calls", oneRack + "clusters: c: bgp: listenPort: 1790\n",
			toLeaf(func(p *v3.BGPPeerSpec) { p.PeerIP = "10.0.0.254:1179" }),
			"c/n1", "10.0.0.254", "NOT_COMPATIBLE port mismatch: n1 calls port 1179, leaf listens on port 179"},
		{"a password at the nodes alone", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.Password = secret }),
			"c/n1", "10.0.0.254", "NOT_COMPATIBLE password mismatch: n1 has s/k, leaf has none"},
		{"a password at the switch alone", withRack(`password: {secret: "s", key: "k"}`), toLeaf(func(p *v3.BGPPeerSpec) { p.Password = nil }),
			"c/n1", "10.0.0.254", "NOT_COMPATIBLE password mismatch: n1 has none, leaf has s/k"},
		{"TTL security at the nodes alone", oneRack, toLeaf(func(p *v3.BGPPeerSpec) { p.TTLSecurity = new(uint8(1)) }),
			"c/n1", "10.0.0.254", "NOT_COMPATIBLE TTL mismatch: n1 takes TTL 255 and more, leaf sends TTL 1"},
		{"TTL security at the switch alone", withRack(`ttlSecurity: 1`), toLeaf(func(p *v3.BGPPeerSpec) { p.TTLSecurity = nil }),
			"c/n1", "10.0.0.254", "NOT_COMPATIBLE TTL mismatch: leaf takes TTL 255 and more, n1 sends TTL 64"},
		{"a speaker outside is not the AS that it was", oneRack, toFirewall(func(p *v3.BGPPeerSpec) { p.ASNumber = 65101 }),
			"c/n1", "10.0.0.60", "NOT_COMPATIBLE AS mismatch: n1 expects AS 65101, c/peers/fw is AS 65100"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := inputOf(t, []byte(tt.topology))
			tt.edit(t, in.objectsOf("c"))
			s := sessionOf(t, partsOf(in), tt.device, tt.remote)
			if got := string(s.State) + " " + s.Reason; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestOneConnectionBetweenTwoAddresses(t *testing.T) {
	in := inputOf(t, []byte(fourNodes))
	o := in.objectsOf("c")
	o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{Node: "c", PeerIP: "10.0.0.4", ASNumber: 64512}))
	states := map[string]State{}
	for _, p := range partsOf(in) {
		for _, s := range p.Sessions {
			if p.Nodes[0].Name == "c" && s.remote[0].String() == "10.0.0.4" {
				states[string(s.Kind)] = s.State
			}
		}
	}
	if states["mesh"] != Established || states["node"] != NotCompatible {
		t.Errorf("got %v, want the mesh's session up and the other not", states)
	}
}
