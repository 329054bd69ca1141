package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requireStrace skips a test where strace is missing or may not trace, and fails it under TOPOC_REQUIRE=all.
func requireStrace(t *testing.T) {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("TOPOC_REQUIRE") == "all" {
		missing = t.Fatalf
	}
	if _, err := exec.LookPath("strace"); err != nil {
		missing("strace is not installed (Debian package strace)")
	}
	if out, err := exec.Command("strace", "-f", "--seccomp-bpf", "-o", os.DevNull, "-e", "trace=openat", "true").CombinedOutput(); err != nil {
		missing("strace may not trace here: %v: %s", err, out)
	}
}

// traced is a run of a command under strace.
type traced struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	calls          []call // in the order in which they began
}

// call is a system call.
type call struct {
	thread, name string
	args         string // as strace prints them, with the paths of descriptors
	result       string // "" where the process did not live to see it
}

func (c call) isInjected() bool { return strings.HasSuffix(c.result, "(INJECTED)") }

// strace runs topoc with args in the directory dir under strace with flags. That topoc fails is no error.
//
// Two processors, and no garbage collection, keep the runtime from moving the one goroutine that is at work to other threads: strace
// counts the calls of each thread for itself.
func strace(t *testing.T, dir string, flags []string, args ...string) *traced {
	t.Helper()
	log := filepath.Join(dir, "strace.log")
	run := &traced{}
	run.Cmd = exec.Command("strace", slices.Concat([]string{"-f", "-qq", "-y", "-e", "signal=none", "-o", log}, flags, []string{program(t)}, args)...)
	run.Env = append(os.Environ(), "GOMAXPROCS=2", "GOGC=off", "GODEBUG=asyncpreemptoff=1", "TMPDIR="+dir)
	run.Dir, run.Stdout, run.Stderr = dir, &run.stdout, &run.stderr
	var exit *exec.ExitError
	if err := run.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatalf("%v\n%s", err, run.stderr.Bytes())
	}
	run.calls = parseCalls(string(text))
	return run
}

var (
	callBegins  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	callResumes = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	callEnds    = regexp.MustCompile(`^(.*)\) += (.*)$`)
)

// parseCalls reads what strace wrote. Where another thread's line came between, a call is in two parts.
func parseCalls(log string) []call {
	var calls []call
	begun := map[string]int{} // the calls that are in two parts, by thread
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		at, rest := len(calls), ""
		if m := callBegins.FindStringSubmatch(line); m != nil {
			calls = append(calls, call{thread: m[1], name: m[2]})
			begun[m[1]], rest = at, m[3]
		} else if m := callResumes.FindStringSubmatch(line); m != nil {
			at, rest = begun[m[1]], m[3]
		} else {
			continue
		}
		if m := callEnds.FindStringSubmatch(rest); m != nil {
			calls[at].args += m[1]
			calls[at].result = strings.TrimPrefix(m[2], "?")
		} else {
			calls[at].args += strings.TrimSuffix(rest, " <unfinished ...>")
		}
	}
	return calls
}

// touching are the calls of a build that touch a directory.
type touching struct {
	paths  []string       // relative to the directory: all that was opened below it, and "." itself
	counts map[string]int // how many there are of each
}

// bookkeeping are calls that have a descriptor and never reach its file system; a path is but an argument of execve.
var bookkeeping = []string{"fcntl", "epoll_ctl", "execve"}

// record runs a build under strace and returns the calls that touch its output directory. Only what it does in it is counted, by
// the same filter by which faults are injected.
func record(t *testing.T, dir string, prepare func()) (*traced, touching) {
	t.Helper()
	out := filepath.Join(dir, "out")
	touched := touching{counts: map[string]int{}}
	below := regexp.MustCompile(`<(` + regexp.QuoteMeta(out) + `(?:/[^>]*)?)>`)
	names := map[string]bool{}
	paths := map[string]bool{".": true}

	prepare()
	run := strace(t, dir, []string{"--seccomp-bpf", "-e", "trace=%file,%desc"}, "build", "lab.cue", "-o", out)
	for _, c := range run.calls {
		found := below.FindAllStringSubmatch(c.args+c.result, -1)
		for _, m := range found {
			path, _ := filepath.Rel(out, m[1])
			paths[path] = true
		}
		if (len(found) > 0 || strings.Contains(c.args, `"`+out+`"`)) && !slices.Contains(bookkeeping, c.name) {
			names[c.name] = true
		}
	}
	touched.paths = slices.Sorted(maps.Keys(paths))

	prepare()
	counted := strace(t, dir, slices.Concat(touched.filter(out), []string{"-e", "trace=" + strings.Join(slices.Sorted(maps.Keys(names)), ",")}),
		"build", "lab.cue", "-o", out)
	for _, c := range counted.calls {
		touched.counts[c.name]++
	}
	return run, touched
}

// filter returns the flags of strace that limit it to calls that touch the directory out.
func (r touching) filter(out string) []string {
	var flags []string
	for _, path := range r.paths {
		flags = append(flags, "-P", filepath.Join(out, path))
	}
	return flags
}

// injected runs a build of which the nth call of a name that touches its output directory is the point of a fault: one of strace's
// terms "error=ENOSPC" or "signal=SIGKILL". The calls of the run are those of that name, and hits the indexes of those that were hit:
// none, where the runtime divided the calls among threads, of which none came to n.
func (r touching) injected(t *testing.T, dir, fault, name string, n int) (run *traced, hits []int) {
	t.Helper()
	out := filepath.Join(dir, "out")
	flags := append(r.filter(out), "-e", "trace="+name, "-e", fmt.Sprintf("inject=%s:%s:when=%d", name, fault, n))
	isError := strings.HasPrefix(fault, "error=")
	if isError { // where only calls that are traced stop, signals are not delivered
		flags = append(flags, "--seccomp-bpf")
	}
	run = strace(t, dir, flags, "build", "lab.cue", "-o", out)
	for i, c := range run.calls {
		if isError && c.isInjected() || fault == "signal=SIGKILL" && c.result == "" {
			hits = append(hits, i)
		}
	}
	return run, hits
}
