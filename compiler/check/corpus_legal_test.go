package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/diag"
)

// fewestLegal is how many legal designs there are at least: false positives are bugs, and are found by designs that tempt rules.
const fewestLegal = 32

// TestLegalDesigns checks the topologies in testdata/corpus/legal, each a design that a good network engineer runs, at the edge of
// what rules look at. None may have an error, nor a warning but those that a comment at its top allows and that must then be there:
//
//	// allow: check-name reason
//
// Such a warning is a true property of the design. Information is free.
func TestLegalDesigns(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/legal/*.cue")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < fewestLegal {
		t.Errorf("%d legal designs, expected %d at least", len(files), fewestLegal)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".cue"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wantLegal(t, checkTopology(t, text), legalAllowances(t, text))
		})
	}
}

// wantLegal holds the findings of a legal design to what it allows.
func wantLegal(t *testing.T, found diag.List, allowed []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, d := range found {
		seen[d.Check] = seen[d.Check] || d.Severity == diag.Warning
		if d.Severity == diag.Error || d.Severity == diag.Warning && !slices.Contains(allowed, d.Check) {
			t.Errorf("the design is legal, and yet:\n%s", lines(diag.List{d}))
		}
	}
	for _, name := range allowed {
		if Lookup(name) != nil && !seen[name] { // this release may lack the check
			t.Errorf("the design allows a warning of %s, and there is none", name)
		}
	}
}

// legalAllowances returns the checks that the comment at the top of a design allows warnings of.
func legalAllowances(t *testing.T, text []byte) []string {
	t.Helper()
	var names []string
	isAbout := false
	for _, line := range strings.Split(string(text), "\n") {
		comment, ok := strings.CutPrefix(line, "// ")
		if !ok {
			break
		}
		allowance, ok := strings.CutPrefix(comment, "allow: ")
		if !ok {
			isAbout = true
			continue
		}
		name, reason, _ := strings.Cut(allowance, " ")
		if !Known(name) || strings.TrimSpace(reason) == "" {
			t.Errorf("%q: expected \"allow: \", the name of a check and a reason", line)
		}
		names = append(names, name)
	}
	if !isAbout {
		t.Error("the topology begins with no comment that says what it is about")
	}
	return names
}
