package diag

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"topoc/compiler/source"
)

// Report is what one call of topoc found, and what the forms for machines tell beside it. A file in it is named by slashes and, as
// far as can be, relative to where the reader of the form looks for it: a repository's root.
type Report struct {
	Version    string         // of topoc
	Rules      []Rule         // what there is to say of checks; sorted by name
	Topologies []Topology     // in the order of the call
	Found      List           // of all topologies, located and sorted, each finding once; those of no line have a file nonetheless
	Source     source.Locator // where lines are read; nil: nowhere
	Strict     bool           // warnings fail, as errors do
}

// Topology is one of the topologies that a Report is about.
type Topology struct {
	Name  string   // its file, or its directory
	Ran   []string // the checks that ran, sorted
	Found List     // located and sorted
}

// Rule is what there is to say of a check, or of a mistake of shape.
type Rule struct {
	Name     string
	Severity Severity // the worst that it finds
	Summary  string   // one sentence, no full stop
	Doc      string   // paragraphs: why, where the need comes from, how to mend it; "" where the sentence says all
}

// lines returns all that d says, a line each, fit for a terminal: the message, the notes behind their places, the hint.
func (d *Diagnostic) lines() []string {
	lines := []string{printable(d.Message)}
	for _, n := range d.Notes {
		place := ""
		if n.Pos.File != "" {
			place = n.Pos.String() + ": "
		}
		lines = append(lines, printable(place+"note: "+n.Message))
	}
	if d.Hint != "" {
		lines = append(lines, printable("hint: "+d.Hint))
	}
	return lines
}

// fingerprints returns a name for each diagnostic that no other one of l has. It follows from the check, the file, the path and
// the message, so it stays when lines move; only findings that agree in all of these are told apart by their order.
func (l List) fingerprints() []string {
	names := make([]string, len(l))
	seen := map[string]int{}
	for i, d := range l {
		key := fmt.Sprintf("%q %q %q %q", d.Check, d.Pos.File, d.Path, d.Message)
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", key, seen[key]))
		seen[key]++
		names[i] = hex.EncodeToString(sum[:16])
	}
	return names
}

// columns returns where the value at p begins and where the first character behind it is, counted from 1 in characters, where a
// Pos counts bytes. What cannot be told is 0: both where p has no line or column, the second where the line cannot be read.
func (r *Report) columns(p source.Pos) (start, end int) {
	if !p.IsValid() || p.Column < 1 {
		return 0, 0
	}
	if r.Source == nil {
		return p.Column, 0
	}
	line, ok := r.Source.Line(p.File, p.Line)
	line = strings.TrimRight(line, "\r")
	if !ok || p.Column > len(line) {
		return p.Column, 0
	}
	value := line[p.Column-1:]
	start = utf8.RuneCountInString(line[:p.Column-1]) + 1
	return start, start + utf8.RuneCountInString(value[:tokenLength(value)])
}

// rule returns the index of the rule of that name, -1 where there is none.
func (r *Report) rule(name string) int {
	return slices.IndexFunc(r.Rules, func(rule Rule) bool { return rule.Name == name })
}
