package diag

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/diag/sarifschema"
	"topoc/compiler/internal/goldentest"
	"topoc/compiler/source"
)

func TestMain(m *testing.M) { os.Exit(goldentest.Main(m)) }

// forms are the forms of a Report, by the names of their goldens.
var forms = map[string]func(*Report, io.Writer) error{
	"sarif":  (*Report).WriteSARIF,
	"junit":  (*Report).WriteJUnit,
	"github": (*Report).WriteGitHub,
	"gitlab": (*Report).WriteGitLab,
}

// reports are what the goldens are made of.
func reports() map[string]*Report {
	rules := []Rule{
		{"as-mismatch", Error, "both ends of a session must agree on AS numbers", "A speaker refuses an OPEN of another AS.\n\nMend it at one end."},
		{"syntax", Error, "a file must be readable", ""},
		{"thin", Warning, "a rack should have two leaves", "One leaf is one failure."},
	}
	mismatch := &Diagnostic{
		Check: "as-mismatch", Message: "n1 -> tor: n1 expects AS 64513 & tor is 100% {0} AS 64512", Path: "clusters.a.nodes.n1.asNumber",
		Pos: at("lab.cue", 3, 20),
		Notes: []Note{
			{Message: "AS 64512 is set here", Path: "switches.tor[0]", Pos: at("racks/a, b[1]:x.cue", 1, 8)},
			{Message: "the link is implied"},
		},
		Hint: "write 64512, or [see](https://example.com)",
	}
	again := &Diagnostic{Check: "as-mismatch", Message: "another", Path: "clusters.a", Pos: at("lab.cue", 9, 1)}
	thin := &Diagnostic{Check: "thin", Severity: Warning, Message: "rack r1 has one leaf\n::error::no \x1b[31m", Pos: at("lab.cue", 1, 1)}
	known := &Diagnostic{Check: "quiet", Severity: Info, Message: "worth \"knowing\" ]]> <b>", Pos: source.Pos{File: "lab.cue"}}
	broken := &Diagnostic{Check: "syntax", Message: "expected a value", Pos: at("stdin", 1, 1)}
	nowhere := &Diagnostic{Check: "thin", Severity: Warning, Message: "nothing is anywhere"}
	lab := Topology{Name: "lab.cue", Ran: []string{"as-mismatch", "quiet", "thin", "tidy"}, Found: List{known, thin, mismatch, again}}
	lines := files{"lab.cue": "name: \"lab\"\n\n\tn1: {x: \"日本\", asNumber: 64513} // ours\r\n"}
	return map[string]*Report{
		"clean":    {Version: "v1.2.3", Rules: rules[:1], Topologies: []Topology{{Name: "lab.cue", Ran: []string{"as-mismatch", "thin"}}}},
		"findings": {Version: "v1.2.3", Rules: rules, Topologies: []Topology{lab, {Name: "stdin", Found: List{broken}}}, Found: List{known, thin, mismatch, again, broken}, Source: lines},
		"strict":   {Topologies: []Topology{{Name: "a", Ran: []string{"thin"}, Found: List{nowhere, thin}}}, Found: List{nowhere, thin}, Strict: true},
	}
}

func TestForms(t *testing.T) {
	goldentest.Run(t, "testdata/*.txtar", func(t *testing.T, _ *txtar.Archive) map[string][]byte {
		write := forms[filepath.Base(t.Name())]
		got := map[string][]byte{}
		for name, r := range reports() {
			var first, second bytes.Buffer
			if err := write(r, &first); err != nil {
				t.Fatal(err)
			}
			if err := write(r, &second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Errorf("%s: a second time it is otherwise (%v)", name, err)
			}
			got[name] = first.Bytes()
		}
		return got
	})
}

func TestFormsAreWellFormed(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) { wellFormed(t, r) })
	}
}

// FuzzForms holds the forms of findings with any text in any place to what their readers can read.
func FuzzForms(f *testing.F) {
	f.Add("check", "message", "a.b[0]", "lab.cue", 3, 7, "note", "hint", "b: {a: 1}", byte(0))
	f.Add("a,b::c", "x\n::error::y\r\nz%0A", `a."\x00"`, "a:b,c%25\n::d.cue", 1, 1, "]]></failure>\ufffe", "[x](1) {0} {", "\xff\xfe", byte(1))
	f.Add("", "", "", "", 0, 0, "", "", "", byte(2))
	f.Add("\u2028", "\"&<>'\x00", "\x7f", "/abs/lab.cue", -1, -1, "`$(x)", "\\](", "日本 # \"", byte(3))
	f.Add("c", "##[error]", "p", "%zz?q#f", 1<<40, 1<<40, "\u202e", "//host", "\t", byte(5))
	f.Fuzz(func(t *testing.T, check, message, path, file string, line, column int, note, hint, text string, flags byte) {
		d := Diagnostic{
			Check: check, Severity: Severity(flags % 3), Message: message, Path: source.Path(path), Pos: at(file, line, column),
			Notes: []Note{{Message: note, Path: source.Path(message), Pos: at(hint, column, line)}, {Message: note}}, Hint: hint,
		}
		same := d
		other := Diagnostic{Check: "other", Message: note, Pos: at(text, 1, 1)}
		wellFormed(t, &Report{
			Version:    note,
			Rules:      []Rule{{Name: check, Severity: d.Severity, Summary: message, Doc: text}},
			Topologies: []Topology{{Name: file, Ran: []string{check, "tidy"}, Found: List{&d, &same}}, {Name: note, Found: List{&other}}},
			Found:      List{&d, &same, &other},
			Source:     files{file: strings.Repeat(text+"\n", 3)},
			Strict:     flags&4 != 0,
		})
	})
}

// wellFormed holds every form of r to what its reader can read, and to hold every finding.
func wellFormed(t *testing.T, r *Report) {
	t.Helper()
	written := map[string][]byte{}
	for name, write := range forms {
		var b bytes.Buffer
		if err := write(r, &b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		written[name] = b.Bytes()
	}
	if err := sarifschema.Validate(written["sarif"]); err != nil {
		t.Errorf("sarif: %v\n%s", err, written["sarif"])
	}
	sarifHasAll(t, r, written["sarif"])
	junitCountsAgree(t, r, written["junit"])
	githubHasALineEach(t, r, string(written["github"]))
	gitlabHasAll(t, r, written["gitlab"])
}

func sarifHasAll(t *testing.T, r *Report, document []byte) {
	t.Helper()
	var log struct {
		Runs []struct {
			Results []struct{ RelatedLocations []any }
		}
	}
	if err := json.Unmarshal(document, &log); err != nil || len(log.Runs) != 1 || len(log.Runs[0].Results) != len(r.Found) {
		t.Fatalf("sarif: %v, want one run with %d results\n%s", err, len(r.Found), document)
	}
	for i, d := range r.Found {
		placed := slices.DeleteFunc(slices.Clone(d.Notes), func(n Note) bool { return n.Pos.File == "" })
		if got := len(log.Runs[0].Results[i].RelatedLocations); got != len(placed) {
			t.Errorf("sarif: result %d has %d related locations, want %d", i, got, len(placed))
		}
	}
}

func junitCountsAgree(t *testing.T, r *Report, document []byte) {
	t.Helper()
	var all junitSuites
	dec := xml.NewDecoder(bytes.NewReader(document))
	if err := dec.Decode(&all); err != nil {
		t.Fatalf("junit: %v\n%s", err, document)
	}
	if token, err := dec.Token(); err != io.EOF && strings.TrimSpace(string(token.(xml.CharData))) != "" {
		t.Errorf("junit: goes on with %v", token)
	}
	tests, failures, isFailed := 0, 0, false
	if len(all.Suites) != len(r.Topologies) {
		t.Errorf("junit: %d suites for %d topologies", len(all.Suites), len(r.Topologies))
	}
	for i, s := range all.Suites {
		failed := slices.DeleteFunc(slices.Clone(s.Cases), func(c junitCase) bool { return c.Failure == nil })
		if s.Tests != len(s.Cases) || s.Failures != len(failed) || s.Tests < len(r.Topologies[i].Ran) {
			t.Errorf("junit: suite %q counts %d tests and %d failures, has %d and %d", s.Name, s.Tests, s.Failures, len(s.Cases), len(failed))
		}
		tests, failures = tests+s.Tests, failures+s.Failures
	}
	for _, one := range r.Topologies {
		isFailed = isFailed || one.Found.Count(Error) > 0 || r.Strict && one.Found.Count(Warning) > 0
	}
	if all.Tests != tests || all.Failures != failures || isFailed != (failures > 0) {
		t.Errorf("junit: counts %d tests and %d failures, has %d and %d; failed: %v", all.Tests, all.Failures, tests, failures, isFailed)
	}
}

func githubHasALineEach(t *testing.T, r *Report, lines string) {
	t.Helper()
	if got := strings.Count(lines, "\n"); got != len(r.Found) || strings.Contains(lines, "\r") {
		t.Fatalf("github: %d lines for %d findings\n%q", got, len(r.Found), lines)
	}
	unescape := strings.NewReplacer("%3A", ":", "%2C", ",", "%0A", "\n", "%0D", "\r", "%25", "%")
	i := 0
	for line := range strings.Lines(lines) {
		d := r.Found[i]
		command, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		properties, message, ok := strings.Cut(rest, "::")
		if !ok || command != "::"+githubCommand[d.Severity] {
			t.Fatalf("github: %q is no command of severity %s", line, d.Severity)
		}
		if want := strings.Join(d.lines(), "\n"); unescape.Replace(message) != want {
			t.Errorf("github: a runner reads %q, want %q", unescape.Replace(message), want)
		}
		read := map[string]string{}
		for property := range strings.SplitSeq(properties, ",") {
			name, value, _ := strings.Cut(property, "=")
			read[name] = unescape.Replace(value)
		}
		if read["title"] != printable(d.Check) || read["file"] != printable(d.Pos.File) {
			t.Errorf("github: a runner reads %q of %q", read, line)
		}
		i++
	}
}

func gitlabHasAll(t *testing.T, r *Report, document []byte) {
	t.Helper()
	var issues []gitlabIssue
	if err := json.Unmarshal(document, &issues); err != nil || issues == nil || len(issues) != len(r.Found) {
		t.Fatalf("gitlab: %v: %d issues for %d findings\n%s", err, len(issues), len(r.Found), document)
	}
	seen := map[string]bool{}
	for _, one := range issues {
		if seen[one.Fingerprint] || one.Location.Lines.Begin < 1 || one.Severity == "" {
			t.Errorf("gitlab: %+v", one)
		}
		seen[one.Fingerprint] = true
	}
}

func TestFingerprintsStayWhenLinesMove(t *testing.T) {
	of := func(line int, path, message string) *Diagnostic {
		return &Diagnostic{Check: "c", Path: source.Path(path), Message: message, Pos: at("lab.cue", line, 1)}
	}
	before := List{of(1, "a", "m"), of(2, "b", "m"), of(3, "b", "n"), of(4, "b", "n")}.fingerprints()
	after := List{of(11, "b", "m"), of(12, "b", "n"), of(13, "b", "n"), of(14, "c", "m")}.fingerprints()
	if !slices.Equal(after[:3], before[1:]) || slices.Contains(before, after[3]) || before[2] == before[3] {
		t.Errorf("before %q\nafter %q", before, after)
	}
}

func TestColumnsAreCountedInCharacters(t *testing.T) {
	r := &Report{Source: files{"lab.cue": "\ta: \"日本\", b: \"ü\" // c\r\n"}}
	for _, tt := range []struct {
		name       string
		pos        source.Pos
		start, end int
	}{
		{"before anything wide", at("lab.cue", 1, 5), 5, 9},
		{"behind it", at("lab.cue", 1, 15), 11, 12},
		{"at the end", at("lab.cue", 1, 18), 14, 17},
		{"beyond the line", at("lab.cue", 1, 90), 90, 0},
		{"a line that cannot be read", at("gone.cue", 1, 7), 7, 0},
		{"no column", source.Pos{File: "lab.cue", Line: 1}, 0, 0},
		{"nowhere", source.Pos{}, 0, 0},
	} {
		if start, end := r.columns(tt.pos); start != tt.start || end != tt.end {
			t.Errorf("%s: %d to %d, want %d to %d", tt.name, start, end, tt.start, tt.end)
		}
	}
}
