package topogen_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"
	"testing"

	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/model"
	"topoc/topologies/topogen"
)

// TestComprehensionsMakeTheLiteralTopology holds both ways to write a size to one topology without findings: a comparison of
// them, and a benchmark of findings, would measure something else.
func TestComprehensionsMakeTheLiteralTopology(t *testing.T) {
	for _, size := range []topogen.Size{
		{1, 2}, {3, 100}, {60, 10}, {2, 3000},
		{2900, 11}, // behind the range that is left out
	} {
		t.Run(fmt.Sprintf("%d of %d", size.Clusters, size.NodesPerCluster), func(t *testing.T) {
			literal := decode(t, topogen.WriteLiteral, size)
			if !reflect.DeepEqual(literal, decode(t, topogen.WriteComprehensions, size)) {
				t.Fatal("the topologies differ")
			}
			f, found := fabric.Link(literal)
			found = append(found, check.Run(f, check.Options{})...)
			for _, d := range found {
				if d.Severity != diag.Info {
					t.Fatalf("%s: %s [%s]", d.Path, d.Message, d.Check)
				}
			}
			nodes := 0
			for _, c := range f.Clusters {
				nodes += len(c.Nodes)
			}
			if len(f.Clusters) != size.Clusters || nodes != size.Nodes() {
				t.Errorf("%d clusters with %d nodes", len(f.Clusters), nodes)
			}
		})
	}
}

func decode(t *testing.T, write func(io.Writer, topogen.Size) error, size topogen.Size) *model.Topology {
	t.Helper()
	var text bytes.Buffer
	if err := write(&text, size); err != nil {
		t.Fatal(err)
	}
	loaded, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: &text})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Topology == nil {
		t.Fatalf("%s: %s", loaded.Diagnostics[0].Path, loaded.Diagnostics[0].Message)
	}
	return loaded.Topology
}

func TestSizesHaveBounds(t *testing.T) {
	tests := []struct {
		size      topogen.Size
		isRefused bool
	}{
		{topogen.Size{0, 100}, true},
		{topogen.Size{1, 1}, true},
		{topogen.Size{1, topogen.MaxNodes + 1}, true},
		{topogen.Size{20, 5000}, true},
		{topogen.Size{16, 5000}, false},
		{topogen.Size{1, topogen.MaxNodes}, false},
		{topogen.Size{10_000, 10}, false},
		{topogen.Size{topogen.MaxClusters, topogen.NodesPerCluster}, false},
	}
	for _, tt := range tests {
		if err := topogen.WriteLiteral(io.Discard, tt.size); (err != nil) != tt.isRefused {
			t.Errorf("%v: %v", tt.size, err)
		}
		if err := topogen.WriteComprehensions(io.Discard, tt.size); (err != nil) != tt.isRefused {
			t.Errorf("%v by comprehensions: %v", tt.size, err)
		}
	}
}

func TestDimensionsAreClean(t *testing.T) {
	for _, d := range topogen.Dimensions() {
		t.Run(d.Name, func(t *testing.T) {
			var text bytes.Buffer
			if err := d.Write(&text, 8); err != nil {
				t.Fatal(err)
			}
			f, found := link(t, text.Bytes())
			if f != nil {
				found = append(found, check.Run(f, check.Options{})...)
			}
			for _, d := range found {
				if d.Severity != diag.Info {
					t.Errorf("%s: %s [%s]", d.Path, d.Message, d.Check)
				}
			}
			if err := d.Write(io.Discard, topogen.MaxGrowth); err != nil {
				t.Error(err)
			}
			if err := d.Write(io.Discard, topogen.MaxGrowth+1); err == nil {
				t.Error("more than there is room for")
			}
		})
	}
}
