package load

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/diag"
)

// fixture is one topology of testdata/*.txtar. Those called ok_* have no mistakes; every line of the others says which it has:
// "// want check check".
type fixture struct {
	name string // the archive's and the file's
	file string
	data []byte
}

func (f fixture) ok() bool { return strings.HasPrefix(f.file, "ok_") }

func fixtures(t testing.TB) []fixture {
	t.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	var all []fixture
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			all = append(all, fixture{filepath.Base(name) + "/" + f.Name, f.Name, f.Data})
		}
	}
	return all
}

// decodeText decodes one file from memory.
func decodeText(t testing.TB, name string, data []byte, forceEvaluation bool) *Result {
	t.Helper()
	in := &input{name: name, data: data, format: formatByName(name)}
	r, err := decodeInputs([]*input{in}, Options{MaxValues: defaultMaxValues}, forceEvaluation)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

var want = regexp.MustCompile(`(?://|#) want ([a-z -]+)$`)

// wanted returns what the file's comments want, and found what there is: "line: check", sorted.
func wanted(data []byte) []string {
	var lines []string
	for i, line := range strings.Split(string(data), "\n") {
		if m := want.FindStringSubmatch(line); m != nil {
			for _, check := range strings.Fields(m[1]) {
				lines = append(lines, fmt.Sprintf("%d: %s", i+1, check))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func found(l diag.List) []string {
	var lines []string
	for _, d := range l {
		lines = append(lines, fmt.Sprintf("%d: %s", d.Pos.Line, d.Check))
	}
	slices.Sort(lines)
	return lines
}

func dump(l diag.List) string {
	var b strings.Builder
	for _, d := range l {
		fmt.Fprintf(&b, "\t%v: %s [%s] at %s\n", d.Pos, d.Message, d.Check, d.Path)
	}
	return b.String()
}

func TestFixturesBlameTheLinesThatWantIt(t *testing.T) {
	broken := 0
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			want := wanted(f.data)
			if f.ok() != (len(want) == 0) {
				t.Fatalf("an ok file that wants something, or another that doesn't")
			}
			r := decodeText(t, f.file, f.data, false)
			if got := found(r.Diagnostics); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q\n%s", got, want, dump(r.Diagnostics))
			}
			if (r.Topology != nil) != f.ok() {
				t.Errorf("Topology set: %v", r.Topology != nil)
			}
			for _, d := range r.Diagnostics {
				if strings.ContainsAny(d.Message, "\n\r") || strings.HasSuffix(d.Message, ".") {
					t.Errorf("not one line without full stop: %q", d.Message)
				}
				if strings.Contains(d.Message, "disjunction") || strings.Contains(d.Message, "#Topology") {
					t.Errorf("jargon: %q", d.Message)
				}
			}
		})
		if !f.ok() {
			broken++
		}
	}
	if broken < 40 {
		t.Errorf("%d broken files: want at least 40", broken)
	}
}
