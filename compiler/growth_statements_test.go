package compiler

import (
	"bufio"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"topoc/compiler/artifact"
	"topoc/topologies/topogen"
)

// growthVariable names a topology that a test binary takes through the stages, and no more.
const growthVariable = "TOPOC_TEST_GROWTH"

// TestStatementsGrowLinearly counts how often every statement of the stages is executed, and of what they use of the standard library
// to search and sort: a loop over all pairs of something shows in the count of its body, whether it allocates or not. The
// counts are those of `go test -cover`. The prediction, and checks of it, are not among the stages: they ask of every
// device and every destination.
func TestStatementsGrowLinearly(t *testing.T) {
	if file := os.Getenv(growthVariable); file != "" {
		r, err := Run(context.Background(), []string{file}, Options{Until: Compiled})
		if err != nil || r.Artifacts == nil {
			t.Fatal(err, r)
		}
		if _, err := artifact.Write(filepath.Join(t.TempDir(), "out"), r.Artifacts, artifact.Options{}); err != nil {
			t.Fatal(err)
		}
		return
	}
	program := filepath.Join(t.TempDir(), "counting.test")
	command(t, nil, "go", "test", "-c", "-covermode=atomic", "-coverpkg="+strings.Join(counted(), ","), "-o", program, ".")
	for _, d := range topogen.Dimensions() {
		t.Run(d.Name, func(t *testing.T) {
			few, many := statements(t, program, grown(t, d, growthFrom)), statements(t, program, grown(t, d, growthFrom*growthFactor))
			holdStatements(t, few, many)
		})
	}
}

// counted are the packages whose statements are counted. Those of the standard library are for `make bench`: nearly all packages are
// built anew for them.
func counted() []string {
	own := []string{"topoc/compiler/..."}
	if os.Getenv("TOPOC_BENCH") == "1" {
		return append(own, "slices", "maps", "sort", "strings", "bytes", "net/netip")
	}
	return own
}

func command(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// block is statements that are executed one after the other: how many there are, and how often they were.
type block struct{ statements, times int }

// statements returns the blocks that a topology makes the program execute, by file and position.
func statements(t *testing.T, program string, text []byte) map[string]block {
	t.Helper()
	dir := t.TempDir()
	file, profile, counters := filepath.Join(dir, "lab.cue"), filepath.Join(dir, "profile"), filepath.Join(dir, "counters")
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(counters, 0o777); err != nil {
		t.Fatal(err)
	}
	env := []string{growthVariable + "=" + file}
	if _, err := os.Stat("/dev/shm"); err == nil {
		env = append(env, "TMPDIR=/dev/shm") // a disk takes long for thousands of files
	}
	command(t, env, program, "-test.run=^TestStatementsGrowLinearly$", "-test.gocoverdir="+counters)
	command(t, nil, "go", "tool", "covdata", "textfmt", "-i="+counters, "-o="+profile)

	f, err := os.Open(profile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	blocks := map[string]block{}
	lines := bufio.NewScanner(f)
	lines.Scan() // the mode
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) != 3 {
			t.Fatalf("%s: %q", profile, lines.Text())
		}
		n, err := strconv.Atoi(words[1])
		times, err2 := strconv.Atoi(words[2])
		if err != nil || err2 != nil {
			t.Fatalf("%s: %q", profile, lines.Text())
		}
		blocks[words[0]] = block{n, times}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return blocks
}

// holdStatements reports the blocks that are executed far more often for more parts than these are more.
func holdStatements(t *testing.T, few, many map[string]block) {
	t.Helper()
	const (
		bound       = 1.5 * growthFactor             // a logarithm included
		mattersFrom = 32 * growthFrom * growthFactor // so often for each part
	)
	var total, before int
	for _, b := range few {
		before += b.statements * b.times
	}
	for _, at := range slices.Sorted(maps.Keys(many)) {
		b := many[at]
		total += b.statements * b.times
		if b.times > mattersFrom && float64(b.times) > bound*float64(few[at].times) {
			t.Errorf("%s: executed %d times, and %d times for %d times as much", at, few[at].times, b.times, growthFactor)
		}
	}
	if before < growthFrom {
		t.Fatal("nothing was counted")
	}
	t.Logf("%d statements, and %d for %d times as much", before, total, growthFactor)
}
