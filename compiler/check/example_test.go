package check_test

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/internal/goldentest"
	"topoc/compiler/load"
	"topoc/compiler/source"
)

// TestExamples holds the examples of pages to what they promise. Each examples/<name>.txtar has
//
//	fires.cue     a topology in which <name> finds one thing, and no other check an error
//	mended.cue    the same without it: no error either, and no warning that fires.cue doesn't have
//	waiver.cue    what silences the finding where it is added to fires.cue; may be missing
//
// and want/finding, the finding as it is printed.
func TestExamples(t *testing.T) {
	goldentest.Run(t, "examples/*.txtar", func(t *testing.T, input *txtar.Archive) map[string][]byte {
		name := path.Base(t.Name())
		parts := map[string]string{}
		for _, f := range input.Files {
			parts[f.Name] = string(f.Data)
		}
		if len(parts["fires.cue"]) == 0 || len(parts["mended.cue"]) == 0 || len(parts) > 2 && parts["waiver.cue"] == "" || len(parts) > 3 {
			t.Fatal("the files are not fires.cue, mended.cue and perhaps waiver.cue")
		}
		fires := run(t, parts["fires.cue"])
		finding := only(t, name, fires)
		stillThere(t, name, fires, run(t, parts["mended.cue"]))
		if waiver := parts["waiver.cue"]; waiver != "" {
			accepted(t, name, run(t, parts["fires.cue"]+waiver))
		}
		if finding == nil {
			return nil
		}
		return map[string][]byte{"finding": printed(t, fires, finding)}
	})
}

// run is topoc check of a topology called example.cue.
func run(t *testing.T, text string) *compiler.Result {
	t.Helper()
	r, err := compiler.Run(t.Context(), []string{"-"}, compiler.Options{
		Until:   compiler.Simulated,
		NoFiles: true,
		Load:    load.Options{Stdin: strings.NewReader(text)},
		Check:   check.Options{Today: check.FixtureDay},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// only returns the one finding of a check, where there is one and no other check found an error.
func only(t *testing.T, name string, r *compiler.Result) *diag.Diagnostic {
	t.Helper()
	var finding *diag.Diagnostic
	for _, d := range r.Diagnostics {
		switch {
		case d.Check == name && finding == nil:
			finding = d
		case d.Check == name || d.Severity == diag.Error:
			t.Errorf("fires.cue: surplus finding:\n%s", printed(t, r, d))
		}
	}
	if finding == nil {
		t.Errorf("fires.cue: %s finds nothing", name)
	}
	return finding
}

// stillThere reports what should be gone from mended.cue, or is new in it.
func stillThere(t *testing.T, name string, fires, mended *compiler.Result) {
	t.Helper()
	for _, d := range mended.Diagnostics {
		isNew := !slices.ContainsFunc(fires.Diagnostics, func(before *diag.Diagnostic) bool { return before.Check == d.Check })
		if d.Check == name || d.Severity == diag.Error || d.Severity == diag.Warning && isNew {
			t.Errorf("mended.cue: surplus finding:\n%s", printed(t, mended, d))
		}
	}
}

// accepted reports what a waiver should have silenced, and what is said of the waiver.
func accepted(t *testing.T, name string, waived *compiler.Result) {
	t.Helper()
	for _, d := range waived.Diagnostics {
		if d.Check == name || check.IsMistake(d.Check) || strings.HasPrefix(string(d.Path), "waivers") {
			t.Errorf("fires.cue with waiver.cue: surplus finding:\n%s", printed(t, waived, d))
		}
	}
}

// printed returns a finding as topoc check prints it, without the count below.
func printed(t *testing.T, r *compiler.Result, d *diag.Diagnostic) []byte {
	t.Helper()
	named := *d
	named.Pos.File = exampleName
	named.Notes = slices.Clone(d.Notes)
	for i := range named.Notes {
		named.Notes[i].Pos.File = exampleName
	}
	var b bytes.Buffer
	if err := (diag.Text{Source: exampleLines{r.Locator}, Verbose: true}).Print(&b, diag.List{&named}); err != nil {
		t.Fatal(err)
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return text[:bytes.LastIndexByte(text, '\n')+1]
}

// exampleName is what topologies of examples are called, which were read from standard input.
const exampleName = "example.cue"

type exampleLines struct{ source.Locator }

func (l exampleLines) Line(_ string, line int) (string, bool) { return l.Locator.Line("-", line) }
