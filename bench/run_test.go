//go:build linux

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"topoc/compiler/load"
)

// usage is what processes took.
type usage struct {
	Wall time.Duration
	CPU  time.Duration // user and system, of all of them together
	Peak int64         // bytes resident, of the largest of them
}

// least joins two measurements of the same: other processes of the machine only ever add. The zero usage is none.
func least(a, b usage) usage {
	if a.Wall == 0 {
		return b
	}
	return usage{min(a.Wall, b.Wall), min(a.CPU, b.CPU), min(a.Peak, b.Peak)}
}

// job is a command to run.
type job struct {
	Dir    string
	Args   []string
	Env    []string // besides the environment
	Output string   // the file that gets its standard output; "": nothing does
}

// The variables that make a test binary one of the processes below a test.
const (
	runnerVariable = "TOPOC_TEST_RUNNER" // it measures the jobs on its standard input
	loadVariable   = "TOPOC_TEST_LOAD"   // it loads that topology, and no more
)

func TestMain(m *testing.M) {
	if os.Getenv(runnerVariable) != "" {
		os.Exit(serve())
	}
	if file := os.Getenv(loadVariable); file != "" {
		os.Exit(loadAlone(file))
	}
	os.Exit(m.Run())
}

// loadAlone loads a topology as topoc does before anything else.
func loadAlone(file string) int {
	load.TuneMemory(os.Getenv("GOGC"), 0)
	r, err := load.Load(context.Background(), []string{file}, load.Options{Timeout: time.Minute, MaxMemory: 8 << 30})
	if err != nil || r.Topology == nil {
		fmt.Fprintln(os.Stderr, err, r)
		return 1
	}
	return 0
}

// measure runs jobs, as many at a time as there are processors, and returns what they took. They are children of a process that
// has no other ones and little memory: what Linux tells of a child's peak begins with that of its parent.
func measure(t *testing.T, jobs ...job) usage {
	t.Helper()
	in, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), runnerVariable+"=1")
	cmd.Stdin = bytes.NewReader(in)
	var out, failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, failed.Bytes())
	}
	var u usage
	if err := json.Unmarshal(out.Bytes(), &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// serve is the process that measure starts.
func serve() int {
	var jobs []job
	if err := json.NewDecoder(os.Stdin).Decode(&jobs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Unsetenv(runnerVariable)
	u, err := runAll(jobs)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(u)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runAll(jobs []job) (usage, error) {
	var (
		workers sync.WaitGroup
		mutex   sync.Mutex
		total   usage
		failed  error
	)
	next := make(chan job)
	start := time.Now()
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		workers.Go(func() {
			for j := range next {
				u, err := j.run()
				mutex.Lock()
				total.CPU += u.CPU
				total.Peak = max(total.Peak, u.Peak)
				if err != nil {
					failed = err
				}
				mutex.Unlock()
			}
		})
	}
	for _, j := range jobs {
		next <- j
	}
	close(next)
	workers.Wait()
	total.Wall = time.Since(start)
	return total, failed
}

func (j job) run() (usage, error) {
	cmd := exec.Command(j.Args[0], j.Args[1:]...)
	cmd.Dir, cmd.Env = j.Dir, append(os.Environ(), j.Env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if j.Output != "" {
		f, err := os.Create(j.Output)
		if err != nil {
			return usage{}, err
		}
		defer f.Close()
		cmd.Stdout = f
	}
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%q: %w: %s", j.Args, err, errs.Bytes()[:min(errs.Len(), 2000)])
	}
	u := usage{CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.Peak = r.Maxrss << 10
	}
	return u, nil
}
