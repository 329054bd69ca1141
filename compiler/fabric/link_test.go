package fabric_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/topologies/topogen"
)

// objects returns the names of everything that a name was made for, with its owner.
func objects(f *fabric.Fabric) []string {
	var all []string
	for _, c := range f.Clusters {
		for _, p := range c.Peers {
			all = append(all, fmt.Sprintf("%s peer %s = %s -> %s%s", c.Name, p.Name, p.NodeSelector, p.PeerSelector, p.PeerIP))
		}
		for _, p := range c.Pools {
			all = append(all, fmt.Sprintf("%s pool %s = %s", c.Name, p.Name, p.CIDR))
		}
		for _, n := range c.Nodes {
			all = append(all, fmt.Sprintf("%s labels %v", n.DeviceName(), n.Labels))
		}
	}
	for _, s := range f.Switches {
		for _, r := range s.Routers {
			for _, g := range r.Groups {
				all = append(all, s.Name+" group "+g.Name)
			}
			for _, p := range r.Policies {
				all = append(all, s.Name+" policy "+p.Name)
			}
		}
	}
	return all
}

func TestNamesStayWhenSomethingUnrelatedIsAdded(t *testing.T) {
	for _, file := range []string{"two-clusters", "leaf-spine", "three-clusters-chain"} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "topologies", file+".cue"))
			if err != nil {
				t.Fatal(err)
			}
			before, _ := link(t, text)
			after, diags := link(t, append(text, []byte(`
switches: "a-new-one": {dialect: "frr", asNumber: 65499, interfaces: v1: address: "192.168.77.1/24"}
clusters: "a-new-one": {
	asNumber: 64999
	podCIDRs: ["192.168.128.0/18"]
	racks: "a-new-one": switches: ["a-new-one"]
	nodes: {"a-new-1": {address: "192.168.77.11/24", rack: "a-new-one"}, "a-new-2": {address: "192.168.77.12/24", rack: "a-new-one"}}
	routeReflectors: "a-new-one": nodes: ["a-new-1"]
}
`)...))
			if len(diags) > 0 {
				t.Fatal(diags[0].Message)
			}
			now := objects(after)
			for _, name := range objects(before) {
				if !slices.Contains(now, name) {
					t.Errorf("%s is gone or has changed", name)
				}
			}
		})
	}
}

func TestLinkIsDeterministic(t *testing.T) {
	files, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || len(files) == 0 {
		t.Fatalf("no topologies: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var first []byte
		for range 5 {
			f, _ := link(t, text)
			var b bytes.Buffer
			dump(&b, f)
			if first == nil {
				first = b.Bytes()
			} else if !bytes.Equal(first, b.Bytes()) {
				t.Fatalf("%s links differently each time", file)
			}
		}
	}
}

func TestTopologiesLinkWithoutFindings(t *testing.T) {
	files, _ := filepath.Glob("../../topologies/*.cue")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, diags := link(t, text)
		for _, d := range diags {
			t.Errorf("%s:%d: %s [%s]", file, d.Pos.Line, d.Message, d.Check)
		}
	}
}

func TestVersionAtLeast(t *testing.T) {
	for _, tt := range []struct {
		have, since string
		want        bool
	}{
		{"3.31", "3.31", true},
		{"3.31", "3.30.2", true},
		{"3.30", "3.30.2", true}, // no patch: the newest of its minor
		{"3.30.1", "3.30.2", false},
		{"3.29.9", "3.30", false},
		{"v4.0", "3.31", true},
	} {
		have, err := fabric.ParseVersion(tt.have)
		if err != nil {
			t.Fatal(err)
		}
		since, _ := fabric.ParseVersion(tt.since)
		if got := have.AtLeast(since); got != tt.want {
			t.Errorf("%s has what came with %s: %v, want %v", tt.have, tt.since, got, tt.want)
		}
	}
	for _, bad := range []string{"", "3", "3.x", "3.31.2.1", "-3.1"} {
		if _, err := fabric.ParseVersion(bad); err == nil {
			t.Errorf("ParseVersion(%q) took it", bad)
		}
	}
}

func BenchmarkLink(b *testing.B) {
	for _, clusters := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", clusters*topogen.NodesPerCluster), func(b *testing.B) {
			var text bytes.Buffer
			if err := topogen.Write(&text, clusters); err != nil {
				b.Fatal(err)
			}
			r, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: &text})
			if err != nil || r.Topology == nil {
				b.Fatal(err, r.Diagnostics)
			}
			b.ReportAllocs()
			for b.Loop() {
				fabric.Link(r.Topology)
			}
		})
	}
}
