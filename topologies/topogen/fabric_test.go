package topogen_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/topologies/topogen"
)

// TestFabricIsClean holds the generator to its promise: a benchmark of findings would measure something else.
func TestFabricIsClean(t *testing.T) {
	var text bytes.Buffer
	if err := topogen.WriteFabric(&text, 2, 5); err != nil {
		t.Fatal(err)
	}
	f, found := link(t, text.Bytes())
	if f == nil || len(found) > 0 {
		t.Fatal(found[0].Message)
	}
	for _, d := range check.Run(f, check.Options{}) {
		if d.Severity != diag.Info {
			t.Errorf("%s: %s [%s]", d.Path, d.Message, d.Check)
		}
	}
	c := f.Clusters[0]
	parts := []int{len(c.Nodes), len(c.Reflectors()), len(f.Switches), len(f.Links)}
	if want := []int{10, 4, 8, 16}; !slices.Equal(parts, want) {
		t.Errorf("nodes, reflectors, switches and links: %v, want %v", parts, want)
	}
	count := map[fabric.SessionKind]int{}
	for _, s := range f.Sessions {
		count[s.Kind]++
	}
	// In each rack the two reflectors with each other and with three nodes each, and with two leaves; each leaf with four spines.
	if count[fabric.ReflectorSession] != 2*7 || count[fabric.RackSession] != 2*4 || count[fabric.LinkSession] != 16 {
		t.Errorf("sessions by kind: %v", count)
	}
}

func TestFabricHasBounds(t *testing.T) {
	tests := []struct {
		name                string
		racks, nodesPerRack int
		isRefused           bool
	}{
		{"no rack", 0, 5, true},
		{"too many racks", topogen.MaxRacks + 1, 5, true},
		{"nothing but reflectors", 1, 2, true},
		{"too many nodes", 1, topogen.MaxNodesPerRack + 1, true},
		{"the smallest", 1, 3, false},
		{"the largest", topogen.MaxRacks, topogen.MaxNodesPerRack, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := topogen.WriteFabric(io.Discard, tt.racks, tt.nodesPerRack); (err != nil) != tt.isRefused {
				t.Errorf("got %v", err)
			}
		})
	}
}
