//go:build unix

package simulate

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"topoc/compiler/calico"
	"topoc/compiler/load"
	"topoc/topologies/topogen"
)

// rackFabric is a fabric for benchmarks: so many racks of 100 nodes under four spines.
func rackFabric(t testing.TB, n int) Input {
	t.Helper()
	var text bytes.Buffer
	if err := topogen.WriteFabric(&text, n, 100); err != nil {
		t.Fatal(err)
	}
	return inputOf(t, text.Bytes())
}

var fabrics = []int{10, 100}

func BenchmarkRunFabric(b *testing.B) {
	for _, n := range fabrics {
		in := rackFabric(b, n)
		b.Run(fmt.Sprintf("racks=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Run(in)
			}
		})
	}
}

func BenchmarkRunClusters(b *testing.B) {
	var text bytes.Buffer
	if err := topogen.Write(&text, topogen.MaxClusters); err != nil {
		b.Fatal(err)
	}
	in := inputOf(b, text.Bytes())
	b.ReportAllocs()
	for b.Loop() {
		Run(in)
	}
}

// BenchmarkProveFabric proves that pods survive any single failure, among other things.
func BenchmarkProveFabric(b *testing.B) {
	for _, n := range fabrics {
		r := Run(rackFabric(b, n))
		b.Run(fmt.Sprintf("racks=%d", n), func(b *testing.B) {
			for b.Loop() {
				r.Prove()
			}
		})
	}
}

func BenchmarkFailuresFabric(b *testing.B) {
	r := Run(rackFabric(b, 10))
	for b.Loop() {
		r.Failures(1)
	}
}

// cpuTime is what the process has used of all processors so far: unlike the time that passed it knows nothing of other processes.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cost is the least processor time that work takes in a few runs, its garbage included.
func cost(work func()) time.Duration {
	const runs = 10
	least := time.Duration(0)
	for range runs {
		runtime.GC()
		start := cpuTime()
		work()
		if took := cpuTime() - start; least == 0 || took < least {
			least = took
		}
	}
	return least
}

// predict is all that happens between a linked fabric and the proofs of what must hold while nothing has failed.
func predict(in Input) {
	for _, c := range in.Fabric.Clusters {
		in.Objects[c] = calico.Compile(c)
	}
	Run(in).Prove()
}

// withoutFailures is a fabric of which nobody expects that anything survives a failure.
func withoutFailures(in Input) Input {
	for _, e := range in.Fabric.Expected {
		e.Survives = 0
	}
	return in
}

// TestFabricRatio holds the growth with the number of racks: ten times as many have a hundred times as many pairs of a destination
// and a device that has a route to it, but what racks do that are alike follows from one of them.
func TestFabricRatio(t *testing.T) {
	skipUnlessBench(t)
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	load.TuneMemory(os.Getenv("GOGC"), 0) // as every command does
	small, large := withoutFailures(rackFabric(t, fabrics[0])), withoutFailures(rackFabric(t, fabrics[1]))
	few, many := cost(func() { predict(small) }), cost(func() { predict(large) })
	ratio := float64(many) / float64(few)
	t.Logf("%d racks %v, %d racks %v: %.1f times", fabrics[0], few, fabrics[1], many, ratio)
	if ratio >= 15 {
		t.Errorf("ten times as many racks take %.1f times as long, want under 15", ratio)
	}
}

// TestFailuresRatio holds all single failures of a fabric to a multiple of predicting it once.
func TestFailuresRatio(t *testing.T) {
	skipUnlessBench(t)
	in := rackFabric(t, fabrics[0])
	r := Run(in)
	once, failures := cost(func() { Run(in) }), cost(func() { r.Failures(1) })
	ratio := float64(failures) / float64(once)
	t.Logf("once %v, all single failures %v: %.1f times", once, failures, ratio)
	if ratio >= 30 {
		t.Errorf("all single failures take %.1f times what one prediction takes, want under 30", ratio)
	}
}

// TestSurvivalRatio holds the proof that a fabric survives any of more than 1,300 single failures, in time and memory: it runs in
// a process of its own.
func TestSurvivalRatio(t *testing.T) {
	const variable, maxPeak = "TOPOC_TEST_SURVIVAL", 2 << 30
	if os.Getenv(variable) != "" {
		predict(rackFabric(t, fabrics[1]))
		return
	}
	skipUnlessBench(t)
	in := withoutFailures(rackFabric(t, fabrics[1]))
	standing := cost(func() { predict(in) })
	cmd := exec.Command(os.Args[0], "-test.run=^TestSurvivalRatio$")
	cmd.Env = append(os.Environ(), variable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	ratio := float64(took) / float64(standing)
	t.Logf("while nothing has failed %v, with failures %v: %.1f times", standing, took, ratio)
	if ratio >= 180 { // what is alike counts once while nothing has failed, and for itself after a failure
		t.Errorf("to prove that every single failure is survived takes %.1f times what it takes to prove the rest, want under 180", ratio)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return
	}
	peak := usage.Maxrss << 10
	t.Logf("at most %d MiB", peak>>20)
	if peak >= maxPeak {
		t.Errorf("takes up to %d MiB, want under %d", peak>>20, maxPeak>>20)
	}
}

func skipUnlessBench(t *testing.T) {
	t.Helper()
	if os.Getenv("TOPOC_BENCH") != "1" {
		t.Skip("a ratio of times, which takes a while: make bench runs it")
	}
}
