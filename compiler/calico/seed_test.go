package calico

import (
	"reflect"
	"slices"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"sigs.k8s.io/yaml"
)

// TestTwoClustersComeOutAsTheArticleHasThem compares specs with the manifests of the article behind topologies/two-clusters.cue:
// all that stands in them must come out alike, names apart. What topoc adds to pools are defaults.
func TestTwoClustersComeOutAsTheArticleHasThem(t *testing.T) {
	const pools = `
- {cidr: 10.210.0.0/16, disabled: true, natOutgoing: false}
- {cidr: 10.211.0.0/16, disabled: true, natOutgoing: false}
`
	const peers = `
- {asNumber: 64513, nodeSelector: route-reflector == 'true', peerIP: 172.17.0.10}
- {asNumber: 64513, nodeSelector: route-reflector == 'true', peerIP: 172.17.0.9}
- {nodeSelector: all(), peerSelector: route-reflector == 'true'}
`
	const configuration = `
asNumber: 64512
listenPort: 179
logSeverityScreen: Info
nodeToNodeMeshEnabled: false
serviceClusterIPs:
- cidr: 10.201.0.0/16
`
	const installationPool = `{blockSize: 26, cidr: 10.200.0.0/16, encapsulation: None, natOutgoing: Enabled, nodeSelector: all()}`

	o := Compile(linkFile(t, "../../topologies/two-clusters.cue").Clusters[0])
	same(t, "BGPConfiguration", spec(o.BGPConfiguration), parse[map[string]any](t, configuration))
	var got []map[string]any
	for _, p := range o.BGPPeers {
		got = append(got, spec(p))
	}
	want := parse[[]map[string]any](t, peers)
	for _, peer := range got {
		if !slices.ContainsFunc(want, func(w map[string]any) bool { return reflect.DeepEqual(w, peer) }) {
			t.Errorf("BGPPeer %v is not in the article", peer)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d BGPPeers, want %d", len(got), len(want))
	}
	wantedPools := parse[[]v3.IPPoolSpec](t, pools) // typed: a false that is written is one that isn't
	if len(o.IPPools) != len(wantedPools) {
		t.Fatalf("%d IPPools, want %d", len(o.IPPools), len(wantedPools))
	}
	for i, want := range wantedPools {
		if got := o.IPPools[i].Spec; got.CIDR != want.CIDR || got.Disabled != want.Disabled || got.NATOutgoing != want.NATOutgoing {
			t.Errorf("IPPool is\n%v\nwant\n%v", got, want)
		}
	}
	installed := o.Installation.Spec.CalicoNetwork.IPPools
	if len(installed) != 1 {
		t.Fatalf("%d pools in Installation, want 1", len(installed))
	}
	wantedPool := parse[map[string]any](t, installationPool)
	same(t, "pool of Installation", only(viaYAML(&installed[0]), wantedPool), wantedPool)
	if len(o.BGPFilters) != 0 {
		t.Errorf("there are BGPFilters: %v", o.BGPFilters)
	}
}

func same(t *testing.T, what string, got, want map[string]any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is\n%v\nwant\n%v", what, got, want)
	}
}

// only returns the entries of m that want has too.
func only(m, want map[string]any) map[string]any {
	common := map[string]any{}
	for key := range want {
		if value, ok := m[key]; ok {
			common[key] = value
		}
	}
	return common
}

func spec(object any) map[string]any { return viaYAML(object)["spec"].(map[string]any) }

// viaYAML is an object as a reader of its YAML sees it.
func viaYAML(object any) map[string]any {
	var m map[string]any
	if err := yaml.Unmarshal(document{}.marshal(object), &m); err != nil {
		panic(err)
	}
	return m
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var into T
	if err := yaml.Unmarshal([]byte(text), &into); err != nil {
		t.Fatal(err)
	}
	return into
}
