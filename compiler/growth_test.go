package compiler

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"testing"

	"topoc/compiler/calico"
	"topoc/compiler/check"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/simulate"
	"topoc/topologies/topogen"
)

// Growth is measured from a number of parts of one kind to growthFactor times as many: by allocations here, by the statements that
// are executed in growth_statements_test.go. Neither knows of time, or of other processes.
const (
	growthFrom   = 128
	growthFactor = 4
	tolerated    = 1.3 // of what grows with the parts: tables that double, and logarithms of sorting
)

// allocated is what a stage allocates.
type allocated struct{ objects, bytes uint64 }

// stages are the stages of which growth is measured, in order.
var stages = []string{"load", "link", "check", "compile", "predict"}

// pairwise are the dimensions that a prediction grows faster with: it says of every device how it gets to every destination, and these
// are more of both. What is alike is worked out once.
var pairwise = map[string]string{
	"pools":    "a policy asks for every block which pool it is in",
	"racks":    "racks with switches are not alike, and each has routes to all others",
	"peerings": "so it is with the clusters of a chain",
	"links":    "the failure of each link is a destination's, as long as several lead there",
}

// TestAllocationsGrowLinearly holds every stage to allocations that grow with the parts of a topology, whatever there is more of.
func TestAllocationsGrowLinearly(t *testing.T) {
	warmUp(t)
	for _, d := range topogen.Dimensions() {
		t.Run(d.Name, func(t *testing.T) {
			isPredicted := pairwise[d.Name] == ""
			few, many := allocationsOf(t, grown(t, d, growthFrom), isPredicted), allocationsOf(t, grown(t, d, growthFrom*growthFactor), isPredicted)
			holdAllocations(t, few, many, growthFactor)
		})
	}
}

// TestAllocationsGrowLinearlyRatio does the same from 1,000 to 100,000 nodes, in clusters of 100 and in one.
func TestAllocationsGrowLinearlyRatio(t *testing.T) {
	if os.Getenv("TOPOC_BENCH") != "1" {
		t.Skip("topologies of 100,000 nodes: make bench runs it")
	}
	warmUp(t)
	const factor = 100
	for _, tt := range []struct {
		name      string
		few, many topogen.Size
	}{
		{"clusters of 100 nodes", topogen.Size{Clusters: 10, NodesPerCluster: 100}, topogen.Size{Clusters: 10 * factor, NodesPerCluster: 100}},
		{"nodes in one cluster", topogen.Size{Clusters: 1, NodesPerCluster: 1000}, topogen.Size{Clusters: 1, NodesPerCluster: 1000 * factor}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			holdAllocations(t, allocationsOf(t, literal(t, tt.few), true), allocationsOf(t, literal(t, tt.many), true), factor)
		})
	}
}

// warmUp makes what is made once in a process.
func warmUp(t *testing.T) {
	t.Helper()
	allocationsOf(t, literal(t, topogen.Size{Clusters: 2, NodesPerCluster: 10}), true)
}

func grown(t *testing.T, d topogen.Dimension, n int) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := d.Write(&text, n); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func literal(t *testing.T, size topogen.Size) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := topogen.WriteLiteral(&text, size); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func holdAllocations(t *testing.T, few, many map[string]allocated, factor float64) {
	t.Helper()
	for _, stage := range stages {
		if few[stage].objects == 0 {
			continue // it did not run
		}
		objects := float64(many[stage].objects) / float64(few[stage].objects)
		size := float64(many[stage].bytes) / float64(few[stage].bytes)
		t.Logf("%-8s %6.2f times as many objects, %6.2f times as many bytes", stage, objects, size)
		if objects > tolerated*factor || size > tolerated*factor {
			t.Errorf("%s allocates %.1f times as many objects and %.1f times as many bytes for %.0f times as much", stage, objects, size, factor)
		}
	}
}

// allocationsOf takes a topology through the stages, with isPredicted the prediction too, and returns what each allocates.
func allocationsOf(t *testing.T, text []byte, isPredicted bool) map[string]allocated {
	t.Helper()
	took := map[string]allocated{}
	stage := func(name string, do func()) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		took[name] = allocated{took[name].objects + after.Mallocs - before.Mallocs, took[name].bytes + after.TotalAlloc - before.TotalAlloc}
	}
	var (
		loaded  *load.Result
		f       *fabric.Fabric
		checks  *check.Checks
		objects map[*fabric.Cluster]*calico.Objects
		result  *simulate.Result
		err     error
	)
	stage("load", func() {
		loaded, err = load.Load(context.Background(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	})
	if err != nil || loaded.Topology == nil {
		t.Fatal(err, loaded.Diagnostics)
	}
	stage("link", func() { f, _ = fabric.Link(loaded.Topology) })
	stage("check", func() { checks = check.Start(f, check.Options{Places: loaded.Locator}) })
	stage("compile", func() {
		objects, _ = Options{}.objects(f)
		small, found := smallFiles(f)
		if p := (printing{fabric: f, objects: objects}); len(found) > 0 || len(p.set(small).Files()) == 0 {
			t.Fatal("nothing was compiled")
		}
	})
	if isPredicted {
		stage("predict", func() {
			result = simulate.Run(simulate.Input{Fabric: f, Objects: objects})
			checks.Continue(objects, result)
		})
	} else {
		stage("check", func() { checks.Continue(objects, nil) })
	}
	stage("check", func() { checks.Found() })
	return took
}
