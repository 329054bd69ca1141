package simulate

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

func joined(in Input) ([]*Part, []*domain) {
	parts := partsOf(in)
	return parts, makeDomains(&Result{Fabric: in.Fabric, Parts: parts})
}

// endOf writes what an end of an IPv4 session does: the far end's last number, whether it is a client, and the next hop.
func endOf(s *Session, _, far int) string {
	e := s.ends[0]
	a := s.remote[far].String()
	text := a[strings.LastIndex(a, ".")+1:]
	switch {
	case e.Client:
		text += "c"
	case e.Internal:
		text += "i"
	default:
		text += "e"
	}
	return text + map[bgp.NextHopMode]string{bgp.Unchanged: "", bgp.Self: "-self", bgp.ThirdParty: "-third", bgp.SelfOnExternal: "-border"}[e.NextHop]
}

func TestEndsOfTheSeedLabs(t *testing.T) {
	for _, tt := range []struct {
		topology string
		want     map[string]string
	}{
		{"two-clusters", map[string]string{ // reflectors of one cluster ID are no clients of each other
			"cluster-a/cluster-a":     "5i 6i",
			"cluster-a/cluster-a-m02": "5i 6i",
			"cluster-a/cluster-a-m03": "10e-self 3c 4c 6i 9e-self",
			"cluster-a/cluster-a-m04": "10e-self 3c 4c 5i 9e-self",
			"cluster-b/cluster-b":     "10i 9i",
			"cluster-b/cluster-b-m02": "10i 9i",
			"cluster-b/cluster-b-m03": "10i 5e-self 6e-self 7c 8c",
			"cluster-b/cluster-b-m04": "5e-self 6e-self 7c 8c 9i",
		}},
		{"leaf-spine", map[string]string{ // those of different ones are
			"prod/node1": "12c 13c 254e-self", "prod/node2": "11c 13c 254e-self", "prod/node3": "11i 12i",
			"prod/node4": "12c 13c 254e-self", "prod/node5": "11c 13c 254e-self", "prod/node6": "11i 12i",
			"leaf01": "11e-third 12e-third 1e-third", "leaf02": "11e-third 12e-third 5e-third", "spine01": "2e-third 6e-third",
		}},
	} {
		t.Run(tt.topology, func(t *testing.T) {
			parts, domains := joined(seedInput(t, tt.topology))
			if got := nodeLevel(parts, endOf); !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
			if len(domains) != 1 {
				t.Errorf("got %d domains, want 1", len(domains))
			}
			for _, d := range domains {
				wantWholeNetwork(t, d)
			}
		})
	}
}

// wantWholeNetwork holds a network to what package bgp asks of it.
func wantWholeNetwork(t *testing.T, d *domain) {
	t.Helper()
	n := d.network
	if len(n.Ends)%2 != 0 || len(n.Speakers) != len(d.parts) {
		t.Fatalf("got %d ends, %d speakers, %d parts", len(n.Ends), len(n.Speakers), len(d.parts))
	}
	for i, s := range n.Speakers {
		p := d.parts[i]
		if s.Index != i || len(s.RouterIDs) != p.Size() || !slices.IsSortedFunc(s.RouterIDs, netip.Addr.Compare) || p.speakers[familyIndex(d.family)] != s {
			t.Errorf("speaker %d of %s: %+v", i, p.title(), *s)
		}
	}
	for i, e := range n.Ends {
		far := n.Ends[i^1]
		if e.Index != i || !slices.Contains(e.Speaker.Ends, e) || e.FarASN != far.LocalASN || e.Internal != far.Internal || e.Hop == nil || e.Hop.Speaker != e.Speaker {
			t.Errorf("end %d: %+v, far %+v", i, *e, *far)
		}
	}
	for i, h := range n.Hops {
		if h.Index != i || len(h.Addrs) != len(h.Speaker.RouterIDs) {
			t.Errorf("hop %d: %+v", i, *h)
		}
	}
}

func TestPeersOfOneASOnAddressesAreClients(t *testing.T) {
	in := inputOf(t, []byte(fourNodes))
	o := in.objectsOf("c")
	for _, name := range []string{"a", "b"} {
		node(o, name, clusterIDAnnotation, "244.0.0.1")
	}
	o.BGPPeers = append(o.BGPPeers, peer("p", v3.BGPPeerSpec{Node: "a", PeerIP: "10.0.0.2", ASNumber: 64512}))
	parts, _ := joined(in)
	ends := nodeLevel(parts, endOf)
	if ends["c/a"] != "2c" || ends["c/b"] != "1i" {
		t.Errorf("got %v: a is given b by address and cannot know its cluster ID, b was given a by Calico", ends)
	}
}

func TestNextHopModes(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*v3.BGPPeerSpec)
		want string
	}{
		{"eBGP", func(*v3.BGPPeerSpec) {}, "254e-self"},
		{"Auto", func(p *v3.BGPPeerSpec) { p.NextHopMode = new(v3.NextHopMode("Auto")) }, "254e-self"},
		{"Keep", func(p *v3.BGPPeerSpec) { p.NextHopMode = new(v3.NextHopMode("Keep")) }, "254e"},
		{"keepOriginalNextHop", func(p *v3.BGPPeerSpec) { p.KeepOriginalNextHop = true }, "254e"},
		{"the mode wins", func(p *v3.BGPPeerSpec) { p.KeepOriginalNextHop, p.NextHopMode = true, new(v3.NextHopMode("Self")) }, "254e-self"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := inputOf(t, []byte(oneRack))
			tt.edit(bgpPeer(t, in.objectsOf("c"), "r-to-leaf"))
			parts, _ := joined(in)
			if got := endOf(sessionOf(t, parts, "c/n1", "10.0.0.254"), 0, 0); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestMeshOfSeveralASNumbers(t *testing.T) {
	both := func(o *calico.Objects) {
		for _, name := range []string{"a", "b", "c", "d"} {
			node(o, name, asNumberAnnotation, map[string]string{"a": "64513"}[name]+map[string]string{"b": "64512", "c": "64512", "d": "64512"}[name])
		}
	}
	onlyOne := func(o *calico.Objects) { node(o, "a", asNumberAnnotation, "64513") }
	for _, tt := range []struct {
		version fabric.Version
		edit    func(*calico.Objects)
		want    string
	}{
		{fabric.Version{Major: 3, Minor: 25, Patch: -1}, both, "UNIQUE_MATCH Self ttl 64"},
		{fabric.Version{Major: 3, Minor: 31, Patch: -1}, both, "UNIQUE_MATCH ThirdParty ttl 1"},
		{fabric.Version{Major: 3, Minor: 33, Patch: -1}, both, "UNIQUE_MATCH Self ttl 64"},
		{fabric.Version{Major: 3, Minor: 31, Patch: -1}, onlyOne, "UNIQUE_MATCH ThirdParty ttl 1"},
		{fabric.Version{Major: 3, Minor: 32, Patch: -1}, onlyOne, "AS mismatch: a expects AS 64513, b (and 2 more) is AS 64512"},
	} {
		in := inputOf(t, []byte(fourNodes))
		in.cluster("c").Version = tt.version
		tt.edit(in.objectsOf("c"))
		parts, _ := joined(in)
		s := sessionOf(t, parts, "c/a", "10.0.0.2")
		got := s.Reason
		if e := s.ends[0]; e != nil {
			got += fmt.Sprintf(" %s ttl %d", map[bgp.NextHopMode]string{bgp.Self: "Self", bgp.ThirdParty: "ThirdParty"}[e.NextHop], s.ttl)
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.version, got, tt.want)
		}
	}
}

func TestNodesAlikeAreOnePart(t *testing.T) {
	parts, domains := joined(inputOf(t, []byte(fourNodes)))
	if len(parts) != 1 || len(parts[0].Sessions) != 1 || len(domains) != 1 {
		t.Fatalf("got %d parts and %d domains, want one of four nodes", len(parts), len(domains))
	}
	s := parts[0].Sessions[0]
	if s.Far != s || len(domains[0].network.Ends) != 2 || domains[0].network.Ends[0].Speaker != domains[0].network.Ends[1].Speaker {
		t.Errorf("the session of a part with itself is %+v", s)
	}
	wantWholeNetwork(t, domains[0])
}
