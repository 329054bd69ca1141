package check

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

// fixtureDay is the day on which fixtures are checked.
const fixtureDay = "2026-01-01"

// TestFixtures runs all rules over the topologies in testdata/<rule>.txtar and judges what <rule> finds. In the files
// bad*.cue a comment
//
//	// want "regexp"        says that this line is to blame: the expression matches "error: message"
//	// note "regexp"        that a finding has a note here
//	// hint "regexp"        that the finding on this line has such a hint
//
// of which each may hold several expressions. A missing and a surplus finding both fail. In the files ok*.cue the rule finds
// nothing, and no rule finds an error.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, topology := range archive.Files {
			t.Run(name+"/"+strings.TrimSuffix(topology.Name, ".cue"), func(t *testing.T) {
				found := checkTopology(t, topology.Data)
				if strings.HasPrefix(topology.Name, "ok") {
					wantSilence(t, name, found)
				} else {
					wantFindings(t, name, topology.Data, found)
				}
			})
		}
	}
}

// linkText loads and links one topology, which must have the right shape.
func linkText(t testing.TB, text []byte) *fabric.Fabric {
	t.Helper()
	f, _ := link(t, text)
	return f
}

func link(t testing.TB, text []byte) (*fabric.Fabric, source.Tracer) {
	t.Helper()
	loaded, err := load.Load(t.Context(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Diagnostics) > 0 {
		t.Fatalf("mistakes of shape:\n%s", lines(loaded.Diagnostics))
	}
	f, mistakes := fabric.Link(loaded.Topology)
	if len(mistakes) > 0 {
		mistakes.Locate(loaded.Locator)
		t.Fatalf("linking:\n%s", lines(mistakes))
	}
	return f, loaded.Locator
}

// checkTopology loads, links and checks one topology, which must have the right shape.
func checkTopology(t testing.TB, text []byte) diag.List {
	t.Helper()
	f, locator := link(t, text)
	found := runAll(f, Options{Today: fixtureDay})
	found.Locate(locator)
	found.Sort()
	wantGoodForm(t, found)
	return found
}

// runAll runs the chosen rules in all passes, as a build does: the objects and the prediction are made where the first pass finds
// no error.
func runAll(f *fabric.Fabric, o Options) diag.List {
	checks := Start(f, o)
	if found := checks.Found(); found.Count(diag.Error) > 0 {
		return found
	}
	objects := map[*fabric.Cluster]*calico.Objects{}
	for _, c := range f.Clusters {
		objects[c] = calico.Compile(c)
	}
	checks.Continue(objects, simulate.Run(simulate.Input{Fabric: f, Objects: objects}))
	return checks.Found()
}

// wantGoodForm holds every finding of every fixture to what all findings promise.
func wantGoodForm(t testing.TB, found diag.List) {
	t.Helper()
	for _, d := range found {
		switch {
		case !d.Pos.IsValid():
			t.Errorf("%s: the finding at %s has no position", d.Check, d.Path)
		case d.Hint == "":
			t.Errorf("%s: the finding at %s has no hint", d.Check, d.Path)
		case strings.HasSuffix(d.Message, ".") || strings.Contains(d.Message, "\n"):
			t.Errorf("%s: the message is no single line without full stop: %q", d.Check, d.Message)
		case strings.Contains(strings.ToLower(d.Message), "invalid") || strings.Contains(d.Message, "%!"):
			t.Errorf("%s: the message says not what was found: %q", d.Check, d.Message)
		}
		for _, n := range d.Notes {
			if !n.Pos.IsValid() || n.Path == d.Path {
				t.Errorf("%s: the note %q of the finding at %s leads to %q", d.Check, n.Message, d.Path, n.Path)
			}
		}
	}
}

func wantSilence(t *testing.T, rule string, found diag.List) {
	for _, d := range found {
		if d.Check == rule || d.Severity == diag.Error {
			t.Errorf("surplus finding:\n%s", lines(diag.List{d}))
		}
	}
}

func wantFindings(t *testing.T, rule string, text []byte, found diag.List) {
	wants, notes, hints := expressions(t, text, "want"), expressions(t, text, "note"), expressions(t, text, "hint")
	if len(wants) == 0 {
		t.Error("the topology wants no finding")
	}
	for _, d := range found {
		if d.Check != rule {
			continue
		}
		if !take(wants, d.Pos.Line, d.Severity.String()+": "+d.Message) {
			t.Errorf("surplus finding:\n%s", lines(diag.List{d}))
		}
		take(hints, d.Pos.Line, d.Hint)
		for _, n := range d.Notes {
			take(notes, n.Pos.Line, n.Message)
		}
	}
	for what, missing := range map[string]map[int][]*regexp.Regexp{"finding": wants, "note": notes, "hint": hints} {
		for line, all := range missing {
			for _, e := range all {
				t.Errorf("line %d: no %s matches %q; found:\n%s", line, what, e, lines(found))
			}
		}
	}
}

var directive = regexp.MustCompile(`(want|note|hint)((?: "(?:[^"\\]|\\.)*")+)`)

// expressions returns the expressions after a word in the comments of each line.
func expressions(t *testing.T, text []byte, word string) map[int][]*regexp.Regexp {
	byLine := map[int][]*regexp.Regexp{}
	for i, line := range strings.Split(string(text), "\n") {
		_, comment, _ := strings.Cut(line, "// ")
		for _, match := range directive.FindAllStringSubmatch(comment, -1) {
			if match[1] != word {
				continue
			}
			for rest := strings.TrimSpace(match[2]); rest != ""; rest = strings.TrimSpace(rest) {
				quoted, err := strconv.QuotedPrefix(rest)
				if err != nil {
					t.Fatalf("line %d: %v", i+1, err)
				}
				unquoted, _ := strconv.Unquote(quoted)
				byLine[i+1] = append(byLine[i+1], regexp.MustCompile(unquoted))
				rest = rest[len(quoted):]
			}
		}
	}
	return byLine
}

// take removes the first expression of a line that matches.
func take(byLine map[int][]*regexp.Regexp, line int, s string) bool {
	for i, e := range byLine[line] {
		if e.MatchString(s) {
			byLine[line] = append(byLine[line][:i], byLine[line][i+1:]...)
			return true
		}
	}
	return false
}

func lines(l diag.List) string {
	var b strings.Builder
	for _, d := range l {
		fmt.Fprintf(&b, "  %d:%d: %s: %s [%s] (%s)\n", d.Pos.Line, d.Pos.Column, d.Severity, d.Message, d.Check, d.Path)
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "      %d:%d: note: %s (%s)\n", n.Pos.Line, n.Pos.Column, n.Message, n.Path)
		}
		fmt.Fprintf(&b, "      hint: %s\n", d.Hint)
	}
	return b.String()
}

// informed is what checks rightly tell of the examples though nothing is wrong with them: the names of those whose findings are
// information, by example.
var informed = map[string][]string{
	"dual-stack":            {"next-hop-hairpin"},
	"leaf-spine":            {"next-hop-hairpin", "single-point-of-failure"},
	"peering-and-fabric":    {"next-hop-hairpin"},
	"static-gateway":        {"service-loop"},
	"three-clusters-fabric": {"next-hop-hairpin", "single-point-of-failure"},
	"tor-one-as":            {"single-point-of-failure"},
}

// TestExamplesAreSilent checks the runnable examples, which must have no finding that they don't waive, but for information that
// is right.
func TestExamplesAreSilent(t *testing.T) {
	files, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".cue"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			expected := informed[strings.TrimSuffix(filepath.Base(file), ".cue")]
			for _, d := range checkTopology(t, text) {
				if d.Severity != diag.Info || !slices.Contains(expected, d.Check) {
					t.Errorf("found:\n%s", lines(diag.List{d}))
				}
			}
		})
	}
}
