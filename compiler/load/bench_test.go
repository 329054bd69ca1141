//go:build unix

package load

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"topoc/schema"
	"topoc/topologies/topogen"
)

func BenchmarkLoad(b *testing.B) {
	for _, clusters := range []int{10, 100, 1000} {
		var text bytes.Buffer
		if err := topogen.Write(&text, clusters); err != nil {
			b.Fatal(err)
		}
		for _, tier := range []struct {
			name     string
			evaluate bool
		}{{"literal", false}, {"evaluated", true}} {
			b.Run(fmt.Sprintf("%s-%d", tier.name, clusters*topogen.NodesPerCluster), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(text.Len()))
				for b.Loop() {
					if r := decodeText(b, "x.cue", text.Bytes(), tier.evaluate); r.Topology == nil {
						b.Fatal(dump(r.Diagnostics))
					}
				}
			})
		}
	}
}

// BenchmarkFirstUse is what every run of topoc pays before it reads anything.
func BenchmarkFirstUse(b *testing.B) {
	for b.Loop() {
		if _, err := readSchema(schema.Files); err != nil {
			b.Fatal(err)
		}
	}
}

// usage is what a process took.
type usage struct {
	wall time.Duration
	peak int64 // KiB resident
}

// TestLoadRatio holds loading to its targets against `cue vet`, as whole processes of one run: TOPOC_BENCH=1 runs it.
// TOPOC_CUE names a cue command; without, the one of CUE's module in go.mod is built.
func TestLoadRatio(t *testing.T) {
	const variable = "TOPOC_TEST_LOAD"
	if name := os.Getenv(variable); name != "" {
		TuneMemory(os.Getenv("GOGC"), 0)
		r, err := Load(context.Background(), []string{name}, Options{Timeout: time.Minute, MaxMemory: 8 << 30})
		if err != nil || r.Topology == nil {
			t.Fatal(err, dump(r.Diagnostics))
		}
		return
	}
	if os.Getenv("TOPOC_BENCH") == "" {
		t.Skip("a ratio of times, which takes a minute: make bench runs it")
	}
	dir, cue := schemaModule(t), cueCommand(t)
	var text bytes.Buffer
	text.WriteString("package big\n\n")
	if err := topogen.Write(&text, topogen.MaxClusters); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "big.cue"), text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	var plain, bound, ours usage
	for range 3 {
		plain = least(plain, run(t, dir, nil, cue, "vet", "-c", "big.cue"))
		bound = least(bound, run(t, dir, nil, cue, "vet", "-c", "big.cue", "bind.cue"))
		ours = least(ours, run(t, dir, []string{variable + "=big.cue"}, os.Args[0], "-test.run=^TestLoadRatio$"))
	}
	t.Logf("cue vet -c big.cue           %6.2f s %5d MiB", plain.wall.Seconds(), plain.peak>>10)
	t.Logf("cue vet -c big.cue bind.cue  %6.2f s %5d MiB", bound.wall.Seconds(), bound.peak>>10)
	t.Logf("load                         %6.2f s %5d MiB", ours.wall.Seconds(), ours.peak>>10)
	t.Logf("load / vet with schema: %.2f of the time, %.2f of the memory; vet with / without schema: %.2f",
		ours.wall.Seconds()/bound.wall.Seconds(), float64(ours.peak)/float64(bound.peak), bound.wall.Seconds()/plain.wall.Seconds())
	if ours.wall > bound.wall/2 {
		t.Errorf("loading takes more than half the time of vet with the schema")
	}
	if ours.peak > bound.peak {
		t.Errorf("loading takes more memory than vet with the schema")
	}
	if bound.wall > 3*plain.wall {
		t.Errorf("vet with the schema takes more than three times as long as without")
	}
}

// least joins two measurements: other processes of the machine only ever add.
func least(a, b usage) usage {
	if a.wall == 0 {
		return b
	}
	return usage{min(a.wall, b.wall), min(a.peak, b.peak)}
}

// cueCommand returns the path of a cue command.
func cueCommand(t *testing.T) string {
	if name := os.Getenv("TOPOC_CUE"); name != "" {
		return name
	}
	const module = "cuelang.org/go"
	version := "latest"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == module {
				version = dep.Version
			}
		}
	}
	dir := t.TempDir()
	cmd := exec.Command(filepath.Join(runtime.GOROOT(), "bin", "go"), "install", module+"/cmd/cue@"+version)
	cmd.Env, cmd.Dir = append(os.Environ(), "GOBIN="+dir), dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no cue command: %v\n%s", err, out)
	}
	return filepath.Join(dir, "cue")
}

func run(t *testing.T, dir string, env []string, name string, args ...string) usage {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	u := usage{wall: time.Since(start)}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = r.Maxrss
	}
	return u
}
