package show_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cuelang.org/go/cue/format"
	"sigs.k8s.io/yaml"

	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/model"
	"topoc/compiler/show"
	"topoc/compiler/source"
)

// everything uses most of the language, and names that need quotes.
const everything = `
name: "all-of-it"
description: "a \"quoted\" line with \\(no interpolation) and <angles>"
implied: false
owned: {prefixes: ["173.20.0.0/16"], asNumbers: [3320, "1.10"]}
reserved: "the true: office": ["10.9.0.0/16"]
clusters: prod: {
	asNumber: 64512
	podCIDRs: ["10.0.0.0/16", "fd00::/48"]
	serviceCIDRs: ["10.1.0.0/16"]
	advertise: {serviceClusterIPs: true, communities: bulk: "64512:1", prefixes: [{cidr: "10.0.0.0/16", communities: ["bulk"]}]}
	racks: r1: {switches: ["leaf1"], maxRestartTime: "120s"}
	nodes: {
		n1: {rack: "r1", address: "192.168.1.11/24", labels: "example.com/tier": "on"}
		n2: {rack: "r1", address: "192.168.1.12/24", blocks: []}
	}
	routeReflectors: "true": {nodes: ["n1"], rack: "r1"}
	filters: f: importV4: [{action: "Reject", cidr: "10.7.0.0/16", matchOperator: "In", prefixLength: {min: 24}}]
	peers: fw: {address: "192.168.1.5", asNumber: 64900, password: {secret: "bgp", key: "fw"}, filters: ["f"]}
	bgp: bindMode: "NodeIP"
	capacity: nodes: 4
}
switches: {
	leaf1: {dialect: "frr", asNumber: 64601, routerID: "192.168.1.1", interfaces: "Vlan 1/1": address: "192.168.1.1/24"
		loopback: "10.255.255.1/32", loopback6: "fd00:255::1/128"
		bgp: send: [{prefix: "0.0.0.0/0", on: "nodes"}]}
	leaf2: {dialect: "frr", asNumber: 64602, routerID: "192.168.2.1"}
}
links: up: {leaf1: address: "10.255.0.0/31", leaf2: address: "10.255.0.1/31"}
hosts: h: {address: "192.168.1.20/24", system: "iproute2", routes: prod: via: ["n1"]}
expect: "a: b": {from: "h", to: "prod"}
`

// link loads and links one file.
func link(t *testing.T, name string) *fabric.Fabric {
	t.Helper()
	r, err := load.Load(context.Background(), []string{name}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Errorf("%v: %s", d.Pos, d.Message)
	}
	if r.Topology == nil {
		t.FailNow()
	}
	f, found := fabric.Link(r.Topology)
	for _, d := range found {
		t.Errorf("%s: %s", d.Path, d.Message)
	}
	return f
}

func write(t *testing.T, v show.Value, form string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := v.Write(&b, form); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// topologyFiles returns the examples and everything.
func topologyFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	all := filepath.Join(t.TempDir(), "all.cue")
	if err := os.WriteFile(all, []byte(everything), 0o666); err != nil {
		t.Fatal(err)
	}
	return append(files, all)
}

func TestInputIsATopologyThatShowsAsItself(t *testing.T) {
	for _, file := range topologyFiles(t) {
		for _, form := range show.Formats() {
			t.Run(filepath.Base(file)+"/"+form, func(t *testing.T) {
				first := write(t, show.Input(link(t, file)), form)
				again := filepath.Join(t.TempDir(), "again."+form)
				if err := os.WriteFile(again, first, 0o666); err != nil {
					t.Fatal(err)
				}
				if second := write(t, show.Input(link(t, again)), form); !bytes.Equal(first, second) {
					t.Errorf("read again, it shows as:\n%s\nbefore:\n%s", second, first)
				}
			})
		}
	}
}

func TestFormatsSayTheSame(t *testing.T) {
	for _, file := range topologyFiles(t) {
		v := show.Topology(link(t, file))
		var fromJSON, fromYAML any
		if err := json.Unmarshal(write(t, v, "json"), &fromJSON); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(write(t, v, "yaml"), &fromYAML); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fromJSON, fromYAML) {
			t.Errorf("%s: YAML reads as another value than JSON:\n%s", file, write(t, v, "yaml"))
		}
		text := write(t, v, "cue")
		formatted, err := format.Source(text)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, formatted) {
			t.Errorf("%s: cue fmt changes the CUE form to:\n%s\nfrom:\n%s", file, formatted, text)
		}
	}
}

func TestDefaultsAndDerivedValuesAreThere(t *testing.T) {
	files := topologyFiles(t)
	v := show.Topology(link(t, files[len(files)-1]))
	tests := []struct {
		path string
		want string // as JSON
	}{
		{"implied", `false`},
		{"clusters.prod.calico.version", `"3.31"`},
		{"clusters.prod.bgp", "{\n  \"nodeToNodeMesh\": false,\n  \"listenPort\": 179,\n  \"logSeverity\": \"Info\",\n  \"bindMode\": \"NodeIP\"\n}"},
		{"clusters.prod.isolated", `false`},
		{"clusters.prod.nodes.n1.gateway", `"192.168.1.1"`},
		{"clusters.prod.nodes.n2.blocks", `[]`},
		{"clusters.prod.ipPools.default-ipv4-ippool.blockSize", `26`},
		{`clusters.prod.ipPools."default-ipv6-ippool".natOutgoing`, `false`},
		{"clusters.prod.capacity.podsPerNode", `110`},
		{"switches.leaf1.loopback6", `"fd00:255::1/128"`},
		{"switches.leaf1.bgp.advertise", `["interfaces", "loopback"]`},
		{"links.up.bgp", `true`},
		{"hosts.h.routes.prod.services", `true`},
		{"owned.asNumbers[1]", `65546`},
		{"expect.\"a: b\".traffic", `["pods"]`},
		{"derived.clusters.prod.subnets[0].cidr", `"192.168.1.0/24"`},
		{"derived.clusters.prod.nodes.n1.asNumber", `64512`},
		{"derived.clusters.prod.peers.fw.address", `"192.168.1.5"`},
		{"derived.switches.leaf1.routers[0].asNumber", `64601`},
		{"derived.hosts.h.routes[0].nextHops", `["192.168.1.11"]`},
	}
	for _, tt := range tests {
		got, err := v.Lookup(source.Path(tt.path))
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		if text := strings.TrimSpace(string(write(t, got, "json"))); text != tt.want {
			t.Errorf("%s is %s, want %s", tt.path, text, tt.want)
		}
	}
}

func TestDerivedLimitsAreNotTheUsersOwn(t *testing.T) {
	files := topologyFiles(t)
	f := link(t, files[len(files)-1])
	input, v := show.Input(f), show.Topology(f)
	for _, path := range []source.Path{"switches.leaf1.bgp.maximumPaths", "switches.leaf1.bgp.maxPrefixes"} {
		if got, err := input.Lookup(path); err == nil {
			t.Errorf("%s is %s, which nobody wrote", path, got.Literal)
		}
	}
	for _, path := range []source.Path{
		"switches.leaf1.bgp.maximumPaths", "derived.switches.leaf1.routers[0].maximumPaths", "derived.switches.leaf1.routers[0].groups",
	} {
		if _, err := v.Lookup(path); err != nil {
			t.Error(err)
		}
	}
}

func TestLookupSaysHowFarAPathLeads(t *testing.T) {
	v := show.Input(&fabric.Fabric{Model: &model.Topology{Name: "x"}})
	tests := []struct{ path, want string }{
		{"nane", "nothing is at nane: the topology has no \"nane\""},
		{"name.x", "nothing is at name.x: name has no fields"},
		{"name[0]", "nothing is at name[0]: name has no fields"},
	}
	for _, tt := range tests {
		_, err := v.Lookup(source.Path(tt.path))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.path, err, tt.want)
		}
	}
}
