package switchconf_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/artifact"
	"topoc/compiler/internal/program"
)

// requireProgram returns the path of a program that package program knows. It skips a test where it is missing, unless
// TOPOC_REQUIRE=all says that it must be there.
func requireProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := program.Path(name)
	if err != nil {
		missing(t, err.Error())
	}
	return path
}

// requireNamespaces skips a test where no network namespace can be made, unless TOPOC_REQUIRE=all says that it must.
func requireNamespaces(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("unshare", "--net", "--mount", "true").CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("no network namespace can be made here: %s", out))
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TOPOC_REQUIRE") == "all" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// golden is one snippet of a golden, with what takes it back.
type golden struct {
	name, snippet, undo string // the name is of the golden and the switch; with an extension for a file
	data, undoData      []byte
}

// goldensOf returns every snippet of a dialect's goldens.
func goldensOf(t *testing.T, dialect string) []golden {
	t.Helper()
	paths, err := filepath.Glob("testdata/" + dialect + "-*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no goldens", err)
	}
	var all []golden
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := compile(t, a.Files[0].Data)
		for i := 0; i < len(files); i += 2 {
			base := func(f artifact.File) string { return filepath.Base(f.Path) }
			name := strings.TrimSuffix(filepath.Base(path), ".txtar") + "-" + strings.TrimSuffix(base(files[i]), filepath.Ext(base(files[i])))
			all = append(all, golden{name, base(files[i]), base(files[i+1]), files[i].Data, files[i+1].Data})
		}
	}
	return all
}

// writeFiles writes files into a directory, by name.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// mutantsOf returns text with one mistake each: for each kind of line, that with a letter missing from a keyword, and each
// bracket missing. Quoted strings, comments and names are left alone: isKeyword says what a word is. Lines that differ in names and
// numbers only are of one kind, and seen holds those that were changed already.
func mutantsOf(text string, isKeyword func(string) bool, seen map[string]bool) (mutants []string) {
	lines := strings.SplitAfter(text, "\n")
	with := func(i int, line string) { // takes the place of line i
		mutants = append(mutants, strings.Join(lines[:i], "")+line+strings.Join(lines[i+1:], ""))
	}
	for i, line := range lines {
		kind := variable.ReplaceAllString(line, "x")
		if strings.HasPrefix(strings.TrimSpace(line), "#") || seen[kind] {
			continue
		}
		seen[kind] = true
		quoted := quotation.FindAllStringIndex(line, -1)
		isQuoted := func(at int) bool {
			for _, q := range quoted {
				if at >= q[0] && at < q[1] {
					return true
				}
			}
			return false
		}
		for _, at := range word.FindAllStringIndex(line, -1) {
			if !isQuoted(at[0]) && isKeyword(line[at[0]:at[1]]) {
				with(i, line[:at[1]-1]+line[at[1]:])
			}
		}
		for at, c := range line {
			if strings.ContainsRune("{}[]", c) && !isQuoted(at) {
				with(i, line[:at]+line[at+1:])
			}
		}
	}
	return mutants
}

var (
	word      = regexp.MustCompile(`[A-Za-z0-9_.-]+`)
	quotation = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	variable  = regexp.MustCompile(`"[^"]*"|'[^']*'|[0-9a-f:.]+/?[0-9]*|[A-Za-z0-9_-]*_[A-Za-z0-9_-]*`)
)

// startIn starts a script in a network of its own, with a private mount table, and returns what runs further commands there, and
// the process of the program that the script becomes by exec. It ends with the test.
func startIn(t *testing.T, dir, script string, isReady func() bool) (inside func(command ...string) *exec.Cmd, pid int) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	c := exec.Command("unshare", "--net", "--mount", "sh", "-c", "cd "+dir+"\nip link set lo up\n"+script)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		c.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		<-ended
	})
	for range 200 {
		if isReady() {
			return func(command ...string) *exec.Cmd {
				return exec.Command("nsenter", append([]string{"-t", fmt.Sprint(c.Process.Pid), "--net", "--mount"}, command...)...)
			}, c.Process.Pid
		}
		select {
		case <-ended:
		case <-time.After(50 * time.Millisecond):
			continue
		}
		break
	}
	said, _ := os.ReadFile(filepath.Join(dir, "log"))
	t.Fatalf("it does not start:\n%s", said)
	return nil, 0
}

// settled asks until the answer stays the same for a moment.
func settled(ask func() string) string {
	answer, since := ask(), time.Now()
	for range 100 {
		time.Sleep(10 * time.Millisecond)
		if now := ask(); now != answer {
			answer, since = now, time.Now()
		} else if time.Since(since) > 60*time.Millisecond {
			break
		}
	}
	return answer
}
