package diag

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/source"
)

// table is a source.Tracer of values that lines make of rows: "line from of..." by path, 0 for nothing.
type table map[source.Path][]int

func (t table) Locate(p source.Path) source.Pos { return line(t[p][0]) }

func (t table) Line(string, int) (string, bool) { return "", false }

func (t table) Made(p source.Path) source.Made {
	var m source.Made
	if len(t[p]) > 1 {
		m.From = line(t[p][1])
		for _, of := range t[p][2:] {
			m.Of = append(m.Of, line(of))
		}
	}
	return m
}

func (t table) Standing(at source.Pos) []source.Path {
	var paths []source.Path
	for p, lines := range t {
		if line(lines[0]) == at {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return paths
}

func line(n int) source.Pos {
	if n == 0 {
		return source.Pos{}
	}
	return source.Pos{File: "x.cue", Line: n, Column: 1}
}

func TestTraceMovesFindingsToTheRowThatIsWrong(t *testing.T) {
	// Rows are in lines 1, 2, 3; line 10 makes an address of each, line 11 only takes a range from it, line 12 has a value of its own.
	places := table{
		"a.address": {10, 0, 1}, "b.address": {10, 0, 2}, "c.address": {10, 0, 3},
		"a.range": {11, 1}, "b.range": {11, 2}, "c.range": {11, 3},
		"a.own": {12}, "b.own": {12},
		"a.constant": {13, 5}, "b.constant": {13, 5},
		"a.other": {14, 0, 1}, "b.other": {14, 0, 2}, "c.other": {14, 0, 3},
	}
	for _, tt := range []struct {
		name  string
		found string   // "check path", or "check path with path" where a note leads to the other side
		want  []string // "line check path"
	}{
		{"a value of its own", "x a.own", []string{"12 x a.own"}},
		{"one row", "x b.address", []string{"2 x b.address"}},
		{"two rows: the line", "x a.address, x b.address", []string{"10 x a.address", "10 x b.address"}},
		{"all rows: the line", "x a.address, x b.address, x c.address", []string{"10 x a.address", "10 x b.address", "10 x c.address"}},
		{"the row in which it differs from the other side", "x b.address with a.address", []string{"2 x b.address"}},
		{"referred to by one", "x c.range", []string{"3 x c.range"}},
		{"referred to by all", "x a.constant, x b.constant", []string{"5 x a.constant"}},
		{"referred to by all, and a name", "name a.constant, name b.constant", []string{"13 name a.constant", "13 name b.constant"}},
		{"referred to by both sides", "x b.constant with a.constant", []string{"13 x b.constant"}},
		{"what follows from one row is one finding", "x b.address, y b.range, y b.other", []string{"2 x b.address"}},
		{"what follows from two rows is two", "x b.address, y c.other", []string{"2 x b.address", "3 y c.other"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var l List
			for _, one := range strings.Split(tt.found, ", ") {
				finding, other, isTwo := strings.Cut(one, " with ")
				check, path, _ := strings.Cut(finding, " ")
				d := l.Add(check, Error, source.Path(path), "wrong").WithHint("write something")
				if isTwo {
					d.Note(source.Path(other), "the other side")
				}
			}
			l.Locate(places)
			l = l.Trace(places, func(check string) bool { return check == "name" })
			l.Sort()
			var got []string
			for _, d := range l {
				got = append(got, fmt.Sprintf("%d %s %s", d.Pos.Line, d.Check, d.Path))
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
