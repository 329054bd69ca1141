package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"topoc/compiler/emulate"
)

func TestMain(m *testing.M) {
	testscript.Main(withProgram{m}, map[string]func(){"topoc": main})
}

// TestScript runs testdata/script/<command>_<behaviour>.txtar. Besides testscript's own commands there are
//
//	exits CODE COMMAND ARG...   run a command, which must end with that exit code
//	remember DIR                remember the content and times of all files below DIR
//	untouched DIR               nothing below DIR changed since, not even a file's time
//	awaits FILE PATTERN         wait until FILE, to which a command in the background prints, has a line that matches, behind the
//	                            one that was awaited before
//
// and the conditions [emulation]: BIRD and FRR are installed, and this user may make network namespaces; and [dialects]: BIRD 2,
// OpenBGPD and GoBGP are there too.
func TestScript(t *testing.T) {
	const dir = "testdata/script"
	checkScripts(t, dir)
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		UpdateScripts:       os.Getenv("TOPOC_UPDATE") == "1",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[treesKey{}] = map[string]map[string]string{}
			env.Values[awaitedKey{}] = map[string]int{}
			if cache, err := os.UserCacheDir(); err == nil {
				env.Setenv("XDG_CACHE_HOME", cache) // where .ci/deps puts programs
			}
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"remember":  remember,
			"untouched": untouched,
			"awaits":    awaits,
		},
	})
}

// condition judges the conditions of scripts that testscript doesn't know. Under TOPOC_REQUIRE=all everything is there.
func condition(name string) (bool, error) {
	const dialects = 3
	switch {
	case name != "emulation" && name != "dialects":
		return false, fmt.Errorf("unknown condition %q", name)
	case os.Getenv("TOPOC_REQUIRE") == "all":
		return true, nil
	case name == "dialects" && len(emulate.Own()) < dialects:
		return false, nil
	}
	for _, program := range []string{"/usr/sbin/bird", "/usr/sbin/bird6", "/usr/lib/frr/bgpd"} {
		if _, err := os.Stat(program); err != nil {
			return false, nil
		}
	}
	return exec.Command("unshare", "--net", "--mount", "true").Run() == nil || exec.Command("unshare", "--user", "--net", "--mount", "true").Run() == nil, nil
}

// checkScripts holds scripts to the house rules: named for a command, and opened by a sentence that says what they prove.
func checkScripts(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), "_")
		tested[name] = true
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if commandNamed(name) == nil {
			t.Errorf("%s: its name begins with no command's", file)
		}
		if !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s: does not begin with a comment that says what it proves", file)
		}
	}
	for _, name := range commandNames() {
		if !tested[name] {
			t.Errorf("the command %s has no script", name)
		}
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

type treesKey struct{}

func remember(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: remember DIR")
	}
	trees(ts)[args[0]] = tree(ts, args[0])
}

func untouched(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || trees(ts)[args[0]] == nil {
		ts.Fatalf("usage: remember DIR, then untouched DIR")
	}
	before, after := trees(ts)[args[0]], tree(ts, args[0])
	for name, state := range before {
		if after[name] != state {
			ts.Fatalf("%s has changed", name)
		}
	}
	for name := range after {
		if before[name] == "" {
			ts.Fatalf("%s is new", name)
		}
	}
}

func awaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaits FILE PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	awaited := ts.Value(awaitedKey{}).(map[string]int)
	var text []byte
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(10 * time.Millisecond) {
		all, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil {
			continue // not there yet
		}
		text = all[awaited[args[0]]:]
		if match := pattern.FindIndex(text); match != nil {
			awaited[args[0]] += match[1]
			return
		}
	}
	ts.Fatalf("no line of %s matches %s:\n%s", args[0], args[1], text)
}

// awaitedKey leads to how much of a file was awaited, by its name.
type awaitedKey struct{}

func trees(ts *testscript.TestScript) map[string]map[string]string {
	return ts.Value(treesKey{}).(map[string]map[string]string)
}

// tree returns the state of everything below dir: its mode and time, and a file's content.
func tree(ts *testscript.TestScript, dir string) map[string]string {
	states := map[string]string{}
	ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		states[name] = info.Mode().String() + info.ModTime().String()
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(name)
		states[name] += string(text)
		return err
	}))
	return states
}
