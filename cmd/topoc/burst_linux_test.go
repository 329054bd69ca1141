package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// burstMemory is what a burst may take: a text that grows fast reaches the ceiling, which Go's garbage counts for too.
const burstMemory = 2*bombMemory + 2<<30

// bursts are topologies for which CUE asks at once for more memory than there is, so that the Go runtime ends the process that
// evaluates them.
func bursts() map[string]string {
	thousands := named + "_a0: \"" + strings.Repeat("x", 100) + "\"\n"
	for i := range 4 {
		thousands += fmt.Sprintf("_a%d: \"%s\"\n", i+1, strings.Repeat(fmt.Sprintf("\\(_a%d)", i), 1000))
	}
	return map[string]string{
		"text.cue":    "import \"strings\"\n" + named + "description: strings.Repeat(strings.Repeat(\"x\", 1000000), 100000)",
		"list.cue":    "import \"list\"\n" + named + "_x: list.Repeat(list.Repeat([1], 1000000), 1000000)\ndescription: \"\\(len(_x))\"",
		"copies.cue":  thousands + "description: _a4",
		"product.cue": named + "_s: 100000*\"xxxxxxxxxx\"\ndescription: 1000000*_s",
		"bytes.cue":   named + "_s: 100000*'xxxxxxxxxx'\ndescription: \"\\(1000000*_s)\"",
	}
}

// aDirectory returns a directory with these files.
func aDirectory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBursts: what ends a process before its watchdog sees it is told in the same line as what the watchdog sees, whatever command
// reads it and wherever from.
func TestBursts(t *testing.T) {
	dir := aDirectory(t, bursts())
	for name, text := range bursts() {
		t.Run(name, func(t *testing.T) {
			bombed(t, dir, nil, burstMemory, exitFailure, tooLarge, "check", name)
			file, err := os.Open(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			bombed(t, dir, file, burstMemory, exitFailure, tooLarge, "check", "-")
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			go func() {
				io.WriteString(write, text)
				write.Close()
			}()
			bombed(t, dir, read, burstMemory, exitFailure, tooLarge, "show", "-")
			bombed(t, dir, nil, burstMemory, exitFailure, tooLarge, "build", name, "-o", "out")
			if _, err := os.Stat(filepath.Join(dir, "out")); !os.IsNotExist(err) {
				t.Errorf("build made something: %v", err)
			}
		})
	}
}

const (
	// harmlessText is a topology that is evaluated in a process of its own, and has one warning.
	harmlessText = "import \"strings\"\n" + named + "description: strings.Repeat(\"x\", 2)\n" + withWarning
	withWarning  = "clusters: c: {podCIDRs: [\"172.17.0.0/16\"], nodes: n1: address: \"192.168.1.1/24\"}\n"
)

// TestABurstKeepsTheOthersFromNothing: of several topologies those before one that bursts are told.
func TestABurstKeepsTheOthersFromNothing(t *testing.T) {
	dir := aDirectory(t, bursts())
	for name, text := range map[string]string{"plain.cue": named + withWarning, "harmless.cue": harmlessText} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"plain.cue", "text.cue"}, {"harmless.cue", "text.cue", "plain.cue"}, {"plain.cue", "harmless.cue", "product.cue"}} {
		cmd := exec.Command("topoc", append(append([]string{"check"}, args...), "--max-memory", fmt.Sprint(bombMemory))...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != exitFailure || !strings.Contains(string(stdout), args[0]+":") || !strings.Contains(string(stdout), "[docker-default-range]") ||
			strings.Contains(string(stdout), "fatal error") {
			t.Errorf("%v: %v\n%s", args, err, stdout)
		}
		if said := stderr.String(); !strings.HasPrefix(said, "topoc: the topology needs more than 256 MiB of memory") || strings.Count(said, "\n") != 1 {
			t.Errorf("%v: %s", args, said)
		}
	}
}

// TestASupervisedRunIsAsAnyOther: what goes where, which exit code, and the files of a build do not tell that a process was started.
func TestASupervisedRunIsAsAnyOther(t *testing.T) {
	dir := aDirectory(t, map[string]string{"a.cue": harmlessText, "b.cue": strings.Replace(harmlessText[len("import \"strings\"\n"):], "strings.Repeat(\"x\", 2)", "\"xx\" // "+strings.Repeat(" ", 16), 1)})
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"check", "-"}, exitOK},
		{[]string{"check", "-", "--strict"}, exitFound},
		{[]string{"check", "-", "--format", "json"}, exitOK},
		{[]string{"build", "-", "-o", "out"}, exitOK},
		{[]string{"build", "-", "-o", "out", "--cluster", "nosuch"}, exitUsage},
		{[]string{"show", "-"}, exitOK},
		{[]string{"sim", "routes", "-"}, exitOK},
	} {
		var said [2]string
		for i, name := range []string{"a.cue", "b.cue"} {
			if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
				t.Fatal(err)
			}
			stdin, err := os.Open(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("topoc", tt.args...)
			cmd.Dir, cmd.Stdin = dir, stdin
			both, err := cmd.CombinedOutput() // in one pipe: their order counts
			stdin.Close()
			if cmd.ProcessState.ExitCode() != tt.code {
				t.Errorf("%v < %s: %v\n%s", tt.args, name, err, both)
			}
			said[i] = string(both)
		}
		if one, other := lineOfName.Replace(said[0]), said[1]; one != other {
			t.Errorf("%v: supervised\n%s\nelse\n%s", tt.args, one, other)
		}
	}
}

// lineOfName numbers the lines of harmlessText as they are without its import.
var lineOfName = strings.NewReplacer("-:2:", "-:1:", "-:3:", "-:2:", "-:4:", "-:3:", "\"line\": 4", "\"line\": 3", "    4 |", "    3 |")

// TestWhereNoProcessCanBeStarted: topoc does what it can in the one that it has.
func TestWhereNoProcessCanBeStarted(t *testing.T) {
	data, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "topoc")
	if err := os.WriteFile(copied, data, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied, "check", "-", "--strict")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(copied); err != nil { // there is nothing left to start
		t.Fatal(err)
	}
	io.WriteString(stdin, harmlessText)
	stdin.Close()
	err = cmd.Wait()
	if cmd.ProcessState.ExitCode() != exitFound || !strings.Contains(stdout.String(), "[docker-default-range]") || stderr.Len() > 0 {
		t.Errorf("%v\n%s%s", err, &stdout, &stderr)
	}
}

// TestSupervisorAndSupervisedEndTogether: a signal to the one that a user knows of ends both, and it ends by that signal.
func TestSupervisorAndSupervisedEndTogether(t *testing.T) {
	slow := "import \"strings\"\n" + named + "_s: strings.Repeat(\"x\", 2)\n_x: {x: 1}"
	for i := range 24 {
		slow += fmt.Sprintf(" & ({a%d: 1} | {b%d: 1})", i, i)
	}
	dir := aDirectory(t, map[string]string{"slow.cue": slow + "\ndescription: _x.a0"})
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGKILL} {
		cmd := exec.Command("topoc", "check", "slow.cue", "--timeout", "50s")
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		child := childOf(t, cmd.Process.Pid)
		time.Sleep(time.Second) // it has taken all that the supervisor has for it
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		err := cmd.Wait()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != s {
			t.Errorf("%v: %v", s, err)
		}
		for began := time.Now(); isAlive(child); time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > 20*time.Second {
				t.Fatalf("%v: the supervised process goes on", s)
			}
		}
	}
}

// childOf waits until a process has started another one, and returns that one's number.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, list := range lists {
			text, _ := os.ReadFile(list)
			if fields := strings.Fields(string(text)); len(fields) > 0 {
				child, err := strconv.Atoi(fields[0])
				if err != nil {
					t.Fatal(err)
				}
				return child
			}
		}
	}
	t.Fatal("no process was started")
	return 0
}

// isAlive reports whether a process runs: one that nobody has waited for yet does not.
func isAlive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// TestASupervisedRunKnowsTheTerminal: progress and colours are those of a run that is not supervised.
func TestASupervisedRunKnowsTheTerminal(t *testing.T) {
	dir := aDirectory(t, map[string]string{"a.cue": harmlessText})
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("topoc", "build", "a.cue", "-o", "out")
	cmd.Dir, cmd.Stderr = dir, terminal
	cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=")
	shown := make(chan string)
	go func() {
		defer close(shown)
		for {
			b := make([]byte, 1<<10)
			n, err := master.Read(b)
			if n == 0 || err != nil {
				return
			}
			shown <- string(b[:n])
		}
	}()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	missing := []string{"\r\x1b[Kcompiling …", "\x1b[1m"}
	var all string
	for timeout := time.After(time.Minute); len(missing) > 0; { // the terminal stays open: what comes last may be lost otherwise
		select {
		case text := <-shown:
			all += text
			missing = slices.DeleteFunc(missing, func(want string) bool { return strings.Contains(all, want) })
		case <-timeout:
			t.Fatalf("%q is not in %q", missing, all)
		}
	}
	go func() { // else its last lines have no room
		for range shown {
		}
	}()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
}

// TestObjectsAreReadWithinLimits: sim --objects reads what somebody may have made of a build's output, and it ends as a topology does.
func TestObjectsAreReadWithinLimits(t *testing.T) {
	dir := aDirectory(t, map[string]string{"a.cue": named + withWarning})
	objects := filepath.Join(dir, "out", "calico", "c")
	aliases := "kind: BGPPeer\nspec:\n" + laughter[len("name: a\n"):]
	for i := range laughters {
		aliases += fmt.Sprintf("  - &%c [%s]\n", 'b'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", 'a'+i), 9), ", "))
	}
	write := func(make func(io.Writer)) func(string) error {
		return func(name string) error {
			f, err := os.Create(name)
			if err != nil {
				return err
			}
			make(f)
			return f.Close()
		}
	}
	for _, tt := range []struct {
		name string
		make func(name string) error
		want string
	}{
		{"fifo", func(name string) error { return syscall.Mkfifo(name, 0o666) },
			`^topoc: read the objects of cluster c: that needs more than 3s of time: is out/calico/c what topoc build wrote\?$`},
		{"endless", func(name string) error { return os.Symlink("/dev/zero", name) },
			`^topoc: read the objects of cluster c: that needs more than (256 MiB of memory|3s of time): `},
		{"many", write(repeated("", "---\nkind: Node\nmetadata: {name: a, labels: {b: c}}\n", large, "")),
			`^topoc: read the objects of cluster c: that needs more than (256 MiB of memory|3s of time): `},
		{"large", write(repeated("kind: Node\nmetadata: {name: ", "x", 4*large, "}\n")),
			`^topoc: read the objects of cluster c: that needs more than (256 MiB of memory|3s of time): `},
		{"aliases", write(plainText(aliases)), `^topoc: out/calico/c/aliases.yaml: read objects: .*excessive aliasing$`},
		{"deep", write(repeated("kind: Node\nmetadata: ", "[", mib, "")), `^topoc: (out/calico/c/deep.yaml: read objects: |read the objects of cluster c: that needs more than ).*$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.RemoveAll(objects); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(objects, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(filepath.Join(objects, tt.name+".yaml")); err != nil {
				t.Fatal(err)
			}
			bombed(t, dir, nil, bombMemory+bombMemorySlack, exitFailure, tt.want, "sim", "sessions", "a.cue", "--objects", "out")
		})
	}
}
