package oracle

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// Blocks of the laboratories that the files in testdata come from: `ip route` of every device, BIRD 1.6.8 with what confd
// v3.31.0 had rendered, and FRR 8.4.4. Routes of the kernel itself are left out.
const (
	blocksOfTwoClusters = `
clusters: "cluster-a": nodes: {
	"cluster-a": blocks: ["10.200.97.64/26"]
	"cluster-a-m02": blocks: ["10.200.98.64/26"]
	"cluster-a-m03": blocks: ["10.200.99.64/26"]
	"cluster-a-m04": blocks: ["10.200.100.64/26"]
}
clusters: "cluster-b": nodes: {
	"cluster-b": blocks: ["10.210.97.64/26"]
	"cluster-b-m02": blocks: ["10.210.98.64/26"]
	"cluster-b-m03": blocks: ["10.210.99.64/26"]
	"cluster-b-m04": blocks: ["10.210.100.64/26"]
}`
	blocksOfLeafSpine = `
clusters: prod: nodes: {
	node1: blocks: ["10.233.64.0/26"]
	node2: blocks: ["10.233.65.0/26"]
	node3: blocks: ["10.233.66.0/26"]
	node4: blocks: ["10.233.67.0/26"]
	node5: blocks: ["10.233.68.0/26"]
	node6: blocks: ["10.233.69.0/26"]
}`
	// The laboratory's leaves told their nodes everything.
	leavesTellSubnets = `
switches: leaf01: bgp: send: [{prefix: "173.20.0.0/24", on: "nodes"}]
switches: leaf02: bgp: send: [{prefix: "172.20.0.0/24", on: "nodes"}]`
)

func TestRoutesOfRealDaemons(t *testing.T) {
	for _, tt := range []struct {
		name, topology, more string
		edit                 func(*calico.Objects)
	}{
		{"with-foreign-pools", "two-clusters", blocksOfTwoClusters, func(*calico.Objects) {}},
		{"without-foreign-pools", "two-clusters", blocksOfTwoClusters, withoutDisabledPools},
		{"leaf-spine", "leaf-spine", blocksOfLeafSpine + leavesTellSubnets, func(*calico.Objects) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := example(t, tt.topology, tt.more)
			objects := compile(f)
			for _, c := range f.Clusters {
				tt.edit(objects[c])
			}
			text, err := os.ReadFile("testdata/" + tt.name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			got := tables(Run(f, objects, 1))
			want := readTables(t, string(text))
			if len(want) != len(got) {
				t.Errorf("%d devices have routes, want %d", len(got), len(want))
			}
			for device, table := range got {
				_, name, isNode := strings.Cut(device, "/")
				if !isNode {
					name = device
				}
				if table != want[name] {
					t.Errorf("%s has\n%s\nwant\n%s", device, table, want[name])
				}
			}
		})
	}
}

func withoutDisabledPools(o *calico.Objects) {
	o.IPPools = slices.DeleteFunc(o.IPPools, func(p *v3.IPPool) bool { return p.Spec.Disabled })
}

// readTables reads `ip route` into the form of tables.
func readTables(t *testing.T, text string) map[string]string {
	all := map[string]string{}
	for _, section := range strings.Split(text, "===== ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		type line struct {
			prefix netip.Prefix
			text   string
		}
		var lines []line
		for _, text := range strings.Split(strings.TrimSpace(body), "\n") {
			words := strings.Fields(text)
			made, proto := "", ""
			if words[0] == blackhole {
				made, words = blackhole+" ", words[1:]
			}
			prefix, err := netip.ParsePrefix(words[0])
			if err != nil {
				t.Fatal(err)
			}
			made += words[0]
			for i, word := range words {
				switch word {
				case "via":
					if !strings.Contains(made, " via") {
						made += " via"
					}
					made += " " + words[i+1]
				case "proto":
					proto = " proto " + words[i+1]
				}
			}
			lines = append(lines, line{prefix, made + proto})
		}
		slices.SortFunc(lines, func(a, b line) int { return fabric.ComparePrefix(a.prefix, b.prefix) })
		var sorted []string
		for _, l := range lines {
			sorted = append(sorted, l.text)
		}
		all[strings.Fields(title)[0]] = strings.Join(sorted, "\n")
	}
	return all
}

// routesOf writes what a device has of some prefixes, in the order of prefixes: "via 192.0.2.1 192.0.2.2", "-" for nothing.
func routesOf(r *Result, device string, prefixes ...string) string {
	var all []string
	for _, p := range prefixes {
		line := "-"
		for _, row := range r.Routes {
			if row.Device != device || row.Prefix.String() != p {
				continue
			}
			if line = row.Kind; row.Kind == unicast {
				line = strings.Trim(fmt.Sprint(row.NextHops), "[]")
			}
			if row.Metric != 0 {
				line += fmt.Sprint(" metric ", row.Metric)
			}
		}
		all = append(all, line)
	}
	return strings.Join(all, ", ")
}

func TestTwoClustersOfTheArticle(t *testing.T) {
	const idle = `
clusters: "cluster-a": nodes: {"cluster-a-m02": blocks: [], "cluster-a-m03": blocks: [], "cluster-a-m04": blocks: []}
clusters: "cluster-b": nodes: {"cluster-b-m03": blocks: [], "cluster-b-m04": blocks: []}`
	prefixes := []string{"10.200.97.0/26", "10.201.0.0/16", "10.210.74.0/26", "10.210.139.128/26", "10.211.0.0/16"}
	for _, tt := range []struct {
		name, more string
		want       map[string]string
	}{
		{"up to 3.31 without metrics", idle, map[string]string{
			"cluster-a/cluster-a":     "blackhole, rib, 172.17.0.9 172.17.0.10, 172.17.0.9 172.17.0.10, 172.17.0.9 172.17.0.10",
			"cluster-a/cluster-a-m02": "172.17.0.3, rib, 172.17.0.9 172.17.0.10, 172.17.0.9 172.17.0.10, 172.17.0.9 172.17.0.10",
			"cluster-a/cluster-a-m04": "172.17.0.3, rib, 172.17.0.9 172.17.0.10, 172.17.0.9 172.17.0.10, 172.17.0.9 172.17.0.10",
			"cluster-b/cluster-b":     "172.17.0.5 172.17.0.6, 172.17.0.5 172.17.0.6, 172.17.0.8, blackhole, rib",
			"cluster-b/cluster-b-m02": "172.17.0.5 172.17.0.6, 172.17.0.5 172.17.0.6, blackhole, 172.17.0.7, rib",
			"cluster-b/cluster-b-m04": "172.17.0.5 172.17.0.6, 172.17.0.5 172.17.0.6, 172.17.0.8, 172.17.0.7, rib",
		}},
		{"from 3.32 with the metrics of their origin", idle + "\n" + `clusters: [_]: calico: version: "3.32"`, map[string]string{
			"cluster-a/cluster-a":     "blackhole, rib, 172.17.0.9 172.17.0.10 metric 2147483547, 172.17.0.9 172.17.0.10 metric 2147483547, 172.17.0.9 172.17.0.10 metric 2147483547",
			"cluster-a/cluster-a-m02": "172.17.0.3 metric 1024, rib, 172.17.0.9 172.17.0.10 metric 2147483547, 172.17.0.9 172.17.0.10 metric 2147483547, 172.17.0.9 172.17.0.10 metric 2147483547",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := example(t, "two-clusters", tt.more)
			r := Run(f, compile(f), 1)
			for device, want := range tt.want {
				if got := routesOf(r, device, prefixes...); got != want {
					t.Errorf("%s has %s, want %s", device, got, want)
				}
			}
		})
	}
}

func TestLeafSpineOfTheArticle(t *testing.T) {
	rack1 := []string{"10.233.64.0/26", "10.233.65.0/26", "10.233.66.0/26"}
	rack2 := []string{"10.233.67.0/26", "10.233.68.0/26", "10.233.69.0/26"}
	for _, tt := range []struct {
		name, more string
		edit       func(*calico.Objects)
		device     string
		prefixes   []string
		want       string
	}{
		{"the leaf balances its rack over both reflectors", blocksOfLeafSpine, func(*calico.Objects) {}, "leaf01", rack1,
			"172.20.0.11 172.20.0.12, 172.20.0.11 172.20.0.12, 172.20.0.11 172.20.0.12"},
		{"nextHopMode Keep sends the leaf straight to the nodes", blocksOfLeafSpine + keepNextHops, func(*calico.Objects) {}, "leaf01", rack1,
			"172.20.0.11, 172.20.0.12, 172.20.0.13"},
		{"racks of one AS: reflectors drop their own AS", blocksOfLeafSpine + oneAS, apart, "prod/node1", rack2, "-, -, -"},
		{"racks of one AS: nodes behind them have nothing", blocksOfLeafSpine + oneAS, apart, "prod/node3", rack2, "-, -, -"},
		{"racks of one AS with allowed AS: reflectors take it", blocksOfLeafSpine + oneAS, allowing, "prod/node1", rack2, "172.20.0.254, 172.20.0.254, 172.20.0.254"},
		{"racks of one AS with allowed AS: nodes behind them don't", blocksOfLeafSpine + oneAS, allowing, "prod/node3", rack2, "-, -, -"},
		{"racks of one AS with AS override", blocksOfLeafSpine + oneAS + overriding, apart, "prod/node3", rack2, "172.20.0.254, 172.20.0.254, 172.20.0.254"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := example(t, "leaf-spine", tt.more)
			objects := compile(f)
			tt.edit(objects[f.Clusters[0]])
			if got := routesOf(Run(f, objects, 1), tt.device, tt.prefixes...); got != tt.want {
				t.Errorf("%s has %s, want %s", tt.device, got, tt.want)
			}
		})
	}
}

const (
	keepNextHops = `
clusters: prod: racks: {rack1: nextHopMode: "Keep", rack2: nextHopMode: "Keep"}`
	oneAS = `
clusters: prod: nodes: [_]: asNumber: 64512`
	overriding = `
clusters: prod: racks: {rack1: asOverride: true, rack2: asOverride: true}`
)

// apart takes away the sessions between reflectors of different racks, if there are any.
func apart(o *calico.Objects) {
	o.BGPPeers = slices.DeleteFunc(o.BGPPeers, func(p *v3.BGPPeer) bool { return strings.HasSuffix(p.Name, "-to-reflectors") })
}

func allowing(o *calico.Objects) {
	apart(o)
	for _, p := range o.BGPPeers {
		if p.Spec.PeerIP != "" {
			p.Spec.NumAllowedLocalASNumbers = new(int32(1))
		}
	}
}

func TestTheLeavesPathTakesThePlaceOfTheNodes(t *testing.T) {
	f := example(t, "leaf-spine", blocksOfLeafSpine+oneAS+overriding)
	objects := compile(f)
	apart(objects[f.Clusters[0]])
	for _, row := range Run(f, objects, 1).Routes {
		if row.Device == "prod/node1" && row.Prefix == netip.MustParsePrefix("10.233.67.0/26") {
			if want := []uint32{65009, 65008, 65010, 65009}; !slices.Equal(row.ASPath, want) {
				t.Errorf("the path is %v, want %v", row.ASPath, want)
			}
			return
		}
	}
	t.Error("there is no route")
}
