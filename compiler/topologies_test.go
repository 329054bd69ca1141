package compiler

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"topoc/compiler/artifact"
	"topoc/compiler/check"
	"topoc/compiler/diag"
)

// TestTopologies holds every example to three promises: it has no finding that a waiver doesn't name, it builds, and out/
// is what it builds. TOPOC_UPDATE=1 rewrites out/.
func TestTopologies(t *testing.T) {
	files, err := filepath.Glob("../topologies/*.cue")
	if err != nil || len(files) == 0 {
		t.Fatalf("no topologies: %v", err)
	}
	built := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".cue")
		built[name] = true
		t.Run(name, func(t *testing.T) {
			r, err := Run(context.Background(), []string{file}, Options{Until: Compiled, Check: check.Options{Today: "2026-01-01"}})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Diagnostics {
				if d.Severity != diag.Info {
					t.Errorf("%s: %s: %s [%s]", d.Pos, d.Severity, d.Message, d.Check)
				}
			}
			if r.Artifacts == nil {
				t.Fatal("nothing was compiled")
			}
			out := filepath.Join("..", "out", name)
			if os.Getenv("TOPOC_UPDATE") == "1" {
				if _, err := artifact.Write(out, r.Artifacts, artifact.Options{Force: true}); err != nil {
					t.Fatal(err)
				}
			}
			changes, err := artifact.Check(out, r.Artifacts, artifact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				t.Errorf("out/%s: %s\n%s", name, c, c.Diff())
			}
		})
	}
	dirs, err := os.ReadDir("../out")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if !built[d.Name()] {
			t.Errorf("out/%s has no topology", d.Name())
		}
	}
}
