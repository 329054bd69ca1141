package check_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"topoc/compiler"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/load"
)

// corpusDay is the day on which topologies of the corpus are checked.
const corpusDay = "2026-01-01"

// least is what the broken topologies must be at least.
const (
	leastBroken = 100 // topologies
	leastNamed  = 60  // different checks that are found in them
	leastLines  = 60  // lines of each
	leastBefore = 20  // lines before the mistake
)

// broken is one topology of testdata/corpus/broken: what an engineer could have written, with one mistake. Comments say what is
// wrong with it:
//
//	// wrong: CHECK      behind the line to blame: the first finding that a user reads is of that check, and at that line
//	// also: CHECK WHY   at the top: that check finds something too, and rightly so; as often as it does
//	// mended: TEXT      at the top: what stands in the place of that line where it is right; no text: nothing
type broken struct {
	check  string
	line   int // from 1
	also   []string
	mended []byte
}

var (
	wrongComment  = regexp.MustCompile(`// wrong: ([a-z-]+)$`)
	alsoComment   = regexp.MustCompile(`^// also: ([a-z-]+) \S`)
	mendedComment = regexp.MustCompile(`^// mended:( .*)?$`)
)

// readBroken reads what the comments of a topology say.
func readBroken(t *testing.T, text []byte) broken {
	var b broken
	written := bytes.Split(text, []byte("\n"))
	var right []byte
	hasRight := false
	for i, line := range written {
		if m := wrongComment.FindSubmatch(line); m != nil {
			if b.line > 0 {
				t.Fatalf("line %d: a second mistake", i+1)
			}
			b.check, b.line = string(m[1]), i+1
		}
		if m := alsoComment.FindSubmatch(line); m != nil {
			b.also = append(b.also, string(m[1]))
		}
		if m := mendedComment.FindSubmatch(line); m != nil {
			right, hasRight = bytes.TrimSpace(m[1]), true
		}
	}
	if b.line == 0 || !hasRight {
		t.Fatal("a comment is missing: // wrong: CHECK behind the line, // mended: TEXT at the top")
	}
	written[b.line-1] = right
	b.mended = bytes.Join(written, []byte("\n"))
	return b
}

// TestBrokenCorpus holds topoc to what somebody reads who has made one mistake: one finding, at the line to mend. Nothing that
// follows from it is told beside it, and once the line is right there is nothing to tell.
func TestBrokenCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/broken/*.cue")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".cue"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b := readBroken(t, text)
			named[b.check] = true
			if n := bytes.Count(text, []byte("\n")); n < leastLines || b.line <= leastBefore {
				t.Errorf("%d lines, the mistake in line %d: want %d and more, and %d before the mistake", n, b.line, leastLines, leastBefore)
			}
			b.wantFirst(t, asPrinted(t, text))
			if found := asPrinted(t, b.mended); len(found) > 0 {
				t.Errorf("once it is mended, found:\n%s", printText(t, found))
			}
		})
	}
	if len(files) < leastBroken || len(named) < leastNamed {
		t.Errorf("%d topologies, in which %d checks are found: want %d and %d", len(files), len(named), leastBroken, leastNamed)
	}
}

// wantFirst judges what was found in a broken topology.
func (b *broken) wantFirst(t *testing.T, found diag.List) {
	if len(found) == 0 {
		t.Fatalf("nothing found, want %s in line %d", b.check, b.line)
	}
	if first := found[0]; first.Check != b.check || first.Pos.Line != b.line {
		t.Errorf("want %s in line %d first, found:\n%s", b.check, b.line, printText(t, found))
	}
	var others []string
	for _, d := range found[1:] {
		others = append(others, d.Check)
	}
	slices.Sort(others)
	slices.Sort(b.also)
	if !slices.Equal(others, b.also) {
		t.Errorf("beside the first found %q, want %q:\n%s", others, b.also, printText(t, found))
	}
	for _, d := range found {
		if !d.Pos.IsValid() || d.Hint == "" || strings.Contains(d.Message, "invalid") || strings.ContainsAny(d.Message, "\n") {
			t.Errorf("%s at %s: a finding has a place, a hint, and says what was found in one line:\n%s", d.Check, d.Path, printText(t, found))
		}
	}
}

// asPrinted returns what topoc check prints of a topology, in that order: without information, which it only counts.
func asPrinted(t *testing.T, text []byte) diag.List {
	t.Helper()
	r, err := compiler.Run(t.Context(), []string{"-"}, compiler.Options{
		Until:   compiler.Simulated,
		NoFiles: true,
		Load:    load.Options{Stdin: bytes.NewReader(text)},
		Check:   check.Options{Today: corpusDay},
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(r.Diagnostics, func(d *diag.Diagnostic) bool { return d.Severity == diag.Info })
}

func printText(t *testing.T, found diag.List) string {
	var b strings.Builder
	if err := (diag.Text{All: true}).Print(&b, found); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
