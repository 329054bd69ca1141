//go:build unix

package compiler

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"topoc/compiler/artifact"
	"topoc/compiler/calico"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/simulate"
	"topoc/topologies/topogen"
)

// TestGeneratedTopologyIsClean holds the generator to its promise: a benchmark of findings would measure something else.
func TestGeneratedTopologyIsClean(t *testing.T) {
	r := run(t, 100)
	for _, d := range r.Diagnostics {
		if d.Severity != diag.Info {
			t.Fatalf("%s: %s [%s]", d.Pos, d.Message, d.Check)
		}
	}
}

// BenchmarkRun takes generated topologies through all stages, in memory.
func BenchmarkRun(b *testing.B) {
	for _, clusters := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", clusters*topogen.NodesPerCluster), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b, clusters)
			}
		})
	}
}

// BenchmarkBuild builds large topologies as topoc build does, files included: literal ones, of large and of small clusters, and one that CUE
// has to evaluate. The profile that the compiler of Go is given for topoc is of these.
func BenchmarkBuild(b *testing.B) {
	for _, input := range []struct {
		name  string
		size  topogen.Size
		write func(io.Writer, topogen.Size) error
	}{
		{"literal", topogen.Size{Clusters: 1000, NodesPerCluster: 100}, topogen.WriteLiteral},
		{"comprehensions", topogen.Size{Clusters: 1000, NodesPerCluster: 100}, topogen.WriteComprehensions},
		{"small", topogen.Size{Clusters: 10_000, NodesPerCluster: 10}, topogen.WriteLiteral},
	} {
		b.Run(input.name, func(b *testing.B) {
			var text bytes.Buffer
			if err := input.write(&text, input.size); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				r, err := Run(b.Context(), []string{"-"}, Options{Until: Simulated, Load: load.Options{Stdin: bytes.NewReader(text.Bytes())}, JustFiles: true})
				if err != nil || r.Artifacts == nil {
					b.Fatal("nothing was compiled: ", err)
				}
				if _, err := artifact.Write(b.TempDir(), r.Artifacts, artifact.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func run(t testing.TB, clusters int) *Result {
	t.Helper()
	var text bytes.Buffer
	if err := topogen.Write(&text, clusters); err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), []string{"-"}, Options{Until: Compiled, Load: load.Options{Stdin: &text}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Artifacts == nil {
		t.Fatalf("nothing was compiled: %v", r.Diagnostics[0].Message)
	}
	return r
}

// TestPredictionRatio holds the prediction and the checks that look at it, proofs included, to what loading the topology takes.
func TestPredictionRatio(t *testing.T) {
	loading, _, predicting := checkingTimes(t)
	ratio := float64(predicting) / float64(loading)
	t.Logf("loading %v, predicting and checking %v: %.2f", loading, predicting, ratio)
	if ratio > 1 {
		t.Errorf("to predict and check routes takes %.2f times what loading takes, want no more than that", ratio)
	}
}

// TestChecksRatio holds all checks that need no routes, together, to a third of what loading a plain topology takes, which is read
// without CUE.
func TestChecksRatio(t *testing.T) {
	loading, checking, _ := checkingTimes(t)
	ratio := float64(checking) / float64(loading)
	t.Logf("loading %v, checking without routes %v: %.2f", loading, checking, ratio)
	if ratio > 1.0/3 {
		t.Errorf("the checks that need no routes take %.2f times what loading takes, want a third at most", ratio)
	}
}

// checkingTimes measures, as the least of three, what of the largest generated topology it takes to load it, to run the checks that
// need no routes, and to predict and run those that do.
func checkingTimes(t *testing.T) (loading, checking, predicting time.Duration) {
	t.Helper()
	if os.Getenv("TOPOC_BENCH") != "1" {
		t.Skip("a ratio of times, which takes a while: make bench runs it")
	}
	var text bytes.Buffer
	if err := topogen.Write(&text, topogen.MaxClusters); err != nil {
		t.Fatal(err)
	}
	took := func(least *time.Duration, do func()) {
		runtime.GC() // of what others left
		start := cpuTime(t)
		do()
		*least = lesser(*least, cpuTime(t)-start)
	}
	for range 3 {
		var loaded *load.Result
		var err error
		took(&loading, func() {
			loaded, err = load.Load(t.Context(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text.Bytes())})
		})
		if err != nil {
			t.Fatal(err)
		}
		f, _ := fabric.Link(loaded.Topology)
		objects := map[*fabric.Cluster]*calico.Objects{}
		for _, c := range f.Clusters {
			objects[c] = calico.Compile(c)
		}
		took(&checking, func() { check.Start(f, check.Options{}).Continue(objects, nil) })
		checks := check.Start(f, check.Options{})
		took(&predicting, func() { checks.Continue(objects, simulate.Run(simulate.Input{Fabric: f, Objects: objects})) })
	}
	return loading, checking, predicting
}

// cpuTime is what the process has used of all processors so far: unlike the time that passed it knows nothing of other processes.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// lesser joins two measurements, 0: none.
func lesser(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}
