package switchconf_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/internal/program"
)

// birdBase is the bird.conf that a snippet's header asks for, with what an operator has besides.
func birdBase(g golden, include string) string {
	var before, behind, to strings.Builder
	into := &before
	for line := range strings.Lines(string(g.data)) {
		switch need, isNeed := strings.CutPrefix(line, "#   "); {
		case strings.HasPrefix(line, "# behind the include"):
			into = &behind
		case isNeed && (strings.HasPrefix(need, "protocol ") || strings.HasPrefix(need, "define ")):
			into.WriteString(strings.ReplaceAll(need, "kernel table <...>", fmt.Sprintf("kernel table %d", 1000+into.Len())))
		}
	}
	fmt.Fprintf(&to, "log stderr all;\nrouter id 192.0.2.1;\n%sprotocol direct { ipv4; ipv6; }\nprotocol static { ipv4; route 192.0.2.0/24 blackhole; }\n%s\n%s",
		before.String(), include, behind.String())
	return to.String()
}

// birdParse gives bird.conf to the real BIRD and returns what that says.
func birdParse(bird, dir string) (string, error) {
	out, err := exec.Command(bird, "-p", "-c", filepath.Join(dir, "bird.conf")).CombinedOutput()
	return string(out), err
}

// TestBIRD2Accepts gives every snippet to BIRD 2, below the bird.conf that its header asks for.
func TestBIRD2Accepts(t *testing.T) {
	bird := requireProgram(t, "bird2")
	dir := t.TempDir()
	for _, g := range goldensOf(t, "bird2") {
		for _, data := range [][]byte{g.data, g.undoData} {
			writeFiles(t, dir, map[string]string{g.snippet: string(data), "bird.conf": birdBase(g, fmt.Sprintf("include \"%s\";", g.snippet))})
			if said, err := birdParse(bird, dir); err != nil || said != "" {
				t.Errorf("%s: %v\n%s", g.name, err, said)
			}
		}
	}
}

// TestBIRD2Refuses shows that BIRD notices mistakes.
func TestBIRD2Refuses(t *testing.T) {
	bird := requireProgram(t, "bird2")
	dir, seen, refused := t.TempDir(), map[string]bool{}, 0
	for _, g := range goldensOf(t, "bird2") {
		keyword := regexp.MustCompile(`^[a-z]{2,}$|^RTS_`)
		for _, mutant := range mutantsOf(string(g.data), keyword.MatchString, seen) {
			writeFiles(t, dir, map[string]string{g.snippet: mutant, "bird.conf": birdBase(g, fmt.Sprintf("include \"%s\";", g.snippet))})
			if said, err := birdParse(bird, dir); err == nil {
				t.Errorf("BIRD takes a mutant of %s:\n%s\n%s", g.name, changed(string(g.data), mutant), said)
			}
			refused++
		}
	}
	t.Logf("%d mutants refused", refused)
}

// changed is the first line of a text that another text has otherwise.
func changed(text, other string) string {
	a, b := strings.Split(text, "\n"), strings.Split(other, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("%d: %s", i+1, strings.Join(b[i:min(i+1, len(b))], ""))
		}
	}
	return ""
}

// birdSay sends a command to the control socket of a BIRD and returns the answer without the times in it.
func birdSay(t *testing.T, socket, command string) string {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s\n", command)
	var said strings.Builder
	in := bufio.NewScanner(c)
	for in.Scan() {
		line := in.Text()
		code, rest := line, ""
		if len(line) > 5 && line[0] != ' ' {
			code, rest = line[:5], line[5:]
		} else {
			rest = line
		}
		if strings.HasPrefix(code, "0001") { // the greeting
			continue
		}
		said.WriteString(rest + "\n")
		if len(code) == 5 && code[4] == ' ' && code[0] >= '0' && code[0] <= '9' {
			break
		}
	}
	return said.String()
}

// birdTime is since when something is as it is.
var birdTime = regexp.MustCompile(`\b\d\d:\d\d:\d\d(\.\d+)?\b`)

// TestBIRD2Loads loads every snippet into a running BIRD 2, twice, and takes it back.
func TestBIRD2Loads(t *testing.T) {
	bird := requireProgram(t, "bird2")
	requireNamespaces(t)
	for _, g := range goldensOf(t, "bird2") {
		t.Run(g.name, func(t *testing.T) {
			dir := t.TempDir()
			snippet, socket := filepath.Join(dir, g.snippet), filepath.Join(dir, "ctl")
			undo := string(g.undoData)
			writeFiles(t, dir, map[string]string{g.snippet: undo, "bird.conf": birdBase(g, fmt.Sprintf("include \"%s\";", g.snippet))})
			startIn(t, dir, "exec "+bird+" -f -c bird.conf -s ctl", func() bool { _, err := os.Stat(socket); return err == nil })
			load := func(data []byte) string {
				if err := os.WriteFile(snippet, data, 0o600); err != nil {
					t.Fatal(err)
				}
				if said := birdSay(t, socket, "configure"); !strings.Contains(said, "Reconfigured") && !strings.Contains(said, "Reconfiguration in progress") {
					t.Errorf("BIRD says:\n%s", said)
				}
				return settled(func() string {
					symbols := slices.Sorted(strings.Lines(birdSay(t, socket, "show symbols")))
					symbols = slices.DeleteFunc(symbols, func(line string) bool { return strings.HasSuffix(line, "undefined\n") })
					return birdSay(t, socket, "show protocols") + strings.Join(symbols, "") + birdSay(t, socket, "show route all")
				})
			}
			before := load(g.undoData)
			loaded := load(g.data)
			for _, name := range regexp.MustCompile(`(?m)^(?:protocol|template|filter|define) (?:bgp |static |direct |pipe )?'?([^' ]+)'? `).FindAllStringSubmatch(string(g.data), -1) {
				if !strings.Contains(loaded, name[1]) {
					t.Errorf("BIRD has no %s in\n%s", name[1], loaded)
				}
			}
			if again := load(g.data); again != loaded { // the times since when protocols are up are among it
				t.Errorf("a second load changes what BIRD has from\n%s\nto\n%s", loaded, again)
			}
			timeless := func(said string) string { return birdTime.ReplaceAllString(said, "-") } // it may still have been starting before
			if after := timeless(load(g.undoData)); after != timeless(before) {
				t.Errorf("with the undo file BIRD has\n%s\nand had\n%s", after, before)
			}
		})
	}
}

// TestProgramsAreNamed keeps requireProgram and the list of package program together.
func TestProgramsAreNamed(t *testing.T) {
	for _, name := range []string{"bird2", "openbgpd", "openbgpctl", "gobgpd", "gobgp"} {
		program.Path(name) // panics at a name that it does not know
	}
}
