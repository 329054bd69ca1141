package compiler

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"topoc/compiler/diag"
	"topoc/compiler/internal/topogen"
	"topoc/compiler/load"
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
