package topogen_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/topologies/topogen"
)

// seeds is how many seeds the tests look at, from 0.
const seeds = 301

// link loads and links a text. The diagnostics are those of both stages; without a topology the fabric is nil.
func link(t *testing.T, text []byte) (*fabric.Fabric, diag.List) {
	t.Helper()
	loaded, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Topology == nil {
		return nil, loaded.Diagnostics
	}
	f, found := fabric.Link(loaded.Topology)
	return f, append(loaded.Diagnostics, found...)
}

func TestRandomTopologiesLinkWithoutMistakesOfShape(t *testing.T) {
	for seed := range int64(seeds) {
		text := topogen.Random(seed)
		if _, found := link(t, text); len(found) > 0 {
			t.Errorf("seed %d: %s: %s [%s]\n%s", seed, found[0].Path, found[0].Message, found[0].Check, text)
		}
	}
}

func TestRandomTopologiesAreSmallAndAlwaysTheSame(t *testing.T) {
	for seed := range int64(seeds) {
		text := topogen.Random(seed)
		if !bytes.Equal(text, topogen.Random(seed)) {
			t.Errorf("seed %d gives two topologies", seed)
		}
		f, _ := link(t, text)
		nodes := 0
		for _, c := range f.Clusters {
			nodes += len(c.Nodes)
			if ids := clusterIDs(c); ids > 3 {
				t.Errorf("seed %d: cluster %s reflects with %d cluster IDs, expected at most 3", seed, c.Name, ids)
			}
		}
		if nodes < 2 || nodes > 12 || len(f.Switches) > 5 {
			t.Errorf("seed %d: %d nodes and %d switches, expected 2 to 12 and at most 5", seed, nodes, len(f.Switches))
		}
	}
	if bytes.Equal(topogen.Random(1), topogen.Random(2)) {
		t.Error("seeds 1 and 2 give the same topology")
	}
}

// clusterIDs counts the different cluster IDs of a cluster's reflectors.
func clusterIDs(c *fabric.Cluster) int {
	ids := map[string]bool{}
	for _, n := range c.Reflectors() {
		ids[n.ClusterID.String()] = true
	}
	return len(ids)
}

func TestRandomTopologiesHaveEveryFeature(t *testing.T) {
	const few = 3
	counts := make([]int, len(features))
	for seed := range int64(seeds) {
		f, _ := link(t, topogen.Random(seed))
		for i, feature := range features {
			if feature.in(f) {
				counts[i]++
			}
		}
	}
	for i, feature := range features {
		if counts[i] < few {
			t.Errorf("%s: in %d of %d topologies, expected %d at least", feature.name, counts[i], seeds, few)
		}
		t.Logf("%4d %s", counts[i], feature.name)
	}
}

func TestShrinkLeavesWhatThePredicateNeeds(t *testing.T) {
	links := func(text []byte) (*fabric.Fabric, bool) {
		f, found := link(t, text)
		return f, len(found) == 0
	}
	tests := []struct {
		name  string
		holds func(f *fabric.Fabric) bool
		want  string // fields that are left, without their values
	}{
		{"a reflector", func(f *fabric.Fabric) bool { return len(f.Clusters) > 0 && len(f.Clusters[0].Reflectors()) > 0 },
			"name clusters nodes address routeReflectors nodes"},
		{"a session with a switch, and an expectation", func(f *fabric.Fabric) bool {
			return slices.ContainsFunc(f.Sessions, func(s *fabric.Session) bool { return s.Kind == fabric.RackSession }) && len(f.Expected) > 0
		}, "name clusters racks switches nodes address rack switches dialect asNumber interfaces address expect from to"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fails := func(text []byte) bool {
				f, isWhole := links(text)
				return isWhole && tt.holds(f)
			}
			text := firstThat(t, fails)
			small := topogen.Shrink(text, fails)
			if !fails(small) {
				t.Fatalf("the predicate doesn't hold for what is left:\n%s", small)
			}
			if got := fields(small); got != tt.want {
				t.Errorf("left: %s\nwant: %s\n%s", got, tt.want, small)
			}
		})
	}
}

func TestShrinkLeavesOtherTextsAlone(t *testing.T) {
	tests := []struct {
		name, text string
		fails      bool
	}{
		{"no failure", string(topogen.Random(1)), false},
		{"two fields in a line", "a: {b: 1, c: 2}\nd: 3\n}\n", true},
		{"not closed", "a: {\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := topogen.Shrink([]byte(tt.text), func([]byte) bool { return tt.fails }); string(got) != tt.text {
				t.Errorf("it became\n%s", got)
			}
		})
	}
}

// firstThat returns the first large topology for which a predicate holds.
func firstThat(t *testing.T, holds func([]byte) bool) []byte {
	t.Helper()
	for seed := range int64(seeds) {
		if text := topogen.Random(seed); len(text) > 4000 && holds(text) {
			return text
		}
	}
	t.Fatal("no seed has it")
	return nil
}

// fields returns the labels of a text but for those that only name an entry.
func fields(text []byte) string {
	var all []string
	for line := range strings.Lines(string(text)) {
		label, _, isField := strings.Cut(strings.TrimSpace(line), ": ")
		if isField && !strings.HasPrefix(label, `"`) && !strings.ContainsAny(label, "0123456789") && !slices.Contains([]string{"blue", "green", "red"}, label) {
			all = append(all, label)
		}
	}
	return strings.Join(all, " ")
}
