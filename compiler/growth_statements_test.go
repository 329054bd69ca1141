package compiler

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"topoc/compiler/artifact"
	"topoc/compiler/check"
	"topoc/topologies/topogen"
)

// The variables that make a test binary take a topology through the stages, and no more.
const (
	growthVariable  = "TOPOC_TEST_GROWTH"         // the file
	predictVariable = "TOPOC_TEST_GROWTH_PREDICT" // set: the prediction is one of the stages
)

// TestStatementsGrowLinearly counts how often every statement of the stages is executed: a loop over all pairs of something shows in
// the count of its body, whether it allocates or not. The counts are those of `go test -cover`. The prediction is one of the stages but for dimensions that are pairwise.
func TestStatementsGrowLinearly(t *testing.T) {
	if file := os.Getenv(growthVariable); file != "" {
		// single-point-of-failure says of large ones that it has not tried all.
		opt := Options{Until: Compiled, Check: check.Options{Skip: []string{"single-point-of-failure"}}}
		if os.Getenv(predictVariable) != "" {
			opt.Until = Simulated
		}
		r, err := Run(context.Background(), []string{file}, opt)
		if err != nil || r.Artifacts == nil {
			t.Fatal(err, r)
		}
		if _, err := artifact.Write(filepath.Join(t.TempDir(), "out"), r.Artifacts, artifact.Options{}); err != nil {
			t.Fatal(err)
		}
		return
	}
	holdGrowth(t, "topoc/compiler/...")
}

// TestStatementsGrowLinearlyRatio counts statements of the standard library too that search and sort. Nearly all packages are built anew
// for that.
func TestStatementsGrowLinearlyRatio(t *testing.T) {
	if os.Getenv("TOPOC_BENCH") != "1" {
		t.Skip("it builds all packages another time: make bench runs it")
	}
	holdGrowth(t, "topoc/compiler/...", "slices", "maps", "sort", "strings", "bytes", "net/netip")
}

// holdGrowth counts the statements of packages for every dimension.
func holdGrowth(t *testing.T, packages ...string) {
	program := filepath.Join(t.TempDir(), "counting.test")
	command(t, nil, "go", "test", "-c", "-covermode=atomic", "-coverpkg="+strings.Join(packages, ","), "-o", program, ".")
	for _, d := range topogen.Dimensions() {
		t.Run(d.Name, func(t *testing.T) {
			var env []string
			if pairwise[d.Name] == "" {
				env = append(env, predictVariable+"=1")
			}
			few := statements(t, program, env, grown(t, d, growthFrom))
			holdStatements(t, few, statements(t, program, env, grown(t, d, growthFrom*growthFactor)))
		})
	}
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
func statements(t *testing.T, program string, env []string, text []byte) map[string]block {
	t.Helper()
	dir := t.TempDir()
	file, profile, counters := filepath.Join(dir, "lab.cue"), filepath.Join(dir, "profile"), filepath.Join(dir, "counters")
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(counters, 0o777); err != nil {
		t.Fatal(err)
	}
	env = append(env, growthVariable+"="+file)
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

// holdStatements fails where a block is executed far more often.
func holdStatements(t *testing.T, few, many map[string]block) {
	t.Helper()
	total := func(blocks map[string]block) (n int) {
		for _, b := range blocks {
			n += b.statements * b.times
		}
		return n
	}
	if total(few) < growthFrom {
		t.Fatal("nothing was counted")
	}
	t.Logf("%d statements, and %d for %d times as much", total(few), total(many), growthFactor)
	for _, at := range superlinear(few, many) {
		t.Errorf("%s: executed %d times, and %d times for %d times as much", at, few[at].times, many[at].times, growthFactor)
	}
}

// superlinear returns the blocks that are executed often, and far more often for more parts than these are more, sorted.
func superlinear(few, many map[string]block) []string {
	const (
		bound       = 1.5 * growthFactor             // a logarithm included
		mattersFrom = 32 * growthFrom * growthFactor // so often for each part
	)
	var found []string
	for at, b := range many {
		if b.times > mattersFrom && float64(b.times) > bound*float64(few[at].times) {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found
}

func TestSuperlinear(t *testing.T) {
	const n, m = growthFrom, growthFrom * growthFactor
	few := map[string]block{"linear": {1, 100 * n}, "sorts": {1, 8 * n * 7}, "pairs": {1, n * n / 2}, "rare": {1, n}}
	many := map[string]block{"linear": {1, 100 * m}, "sorts": {1, 8 * m * 9}, "pairs": {1, m * m / 2}, "rare": {1, 16 * n}, "new": {1, m * m / 2}}
	if got := superlinear(few, many); !slices.Equal(got, []string{"new", "pairs"}) {
		t.Errorf("got %q", got)
	}
}
