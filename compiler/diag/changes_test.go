package diag

import (
	"strings"
	"testing"

	"topoc/compiler/source"
)

// one returns an error of a check at a line of lab.cue. The word is both its path and its message.
func one(check, word string, line int) *Diagnostic {
	return &Diagnostic{Check: check, Path: source.Path(word), Message: word, Pos: at("lab.cue", line, 1)}
}

func TestSince(t *testing.T) {
	elsewhere := one("overlap", "a", 1)
	elsewhere.Pos.File = "other.cue"
	other := one("overlap", "a", 1)
	other.Notes, other.Hint = []Note{{Message: "n"}}, "delete it"
	for _, test := range []struct {
		name          string
		before, after List
		fresh, gone   List
	}{
		{"nothing, then nothing", nil, nil, nil, nil},
		{"the first", nil, List{one("overlap", "a", 1)}, List{one("overlap", "a", 1)}, nil},
		{"the last", List{one("overlap", "a", 1)}, nil, nil, List{one("overlap", "a", 1)}},
		{"the same", List{one("overlap", "a", 1)}, List{one("overlap", "a", 1)}, nil, nil},
		{"lines moved", List{one("overlap", "a", 1), one("overlap", "b", 4)}, List{one("overlap", "a", 3), one("overlap", "b", 9)}, nil, nil},
		{"another note and hint", List{one("overlap", "a", 1)}, List{other}, nil, nil},
		{"another message", List{one("overlap", "a", 1)}, List{one("overlap", "b", 1)}, List{one("overlap", "b", 1)}, List{one("overlap", "a", 1)}},
		{"another check", List{one("overlap", "a", 1)}, List{one("range", "a", 1)}, List{one("range", "a", 1)}, List{one("overlap", "a", 1)}},
		{"another file", List{one("overlap", "a", 1)}, List{elsewhere}, List{elsewhere}, List{one("overlap", "a", 1)}},
		{"one more alike, before", List{one("syntax", "s", 5)}, List{one("syntax", "s", 2), one("syntax", "s", 5)}, List{one("syntax", "s", 2)}, nil},
		{"one less alike, the first", List{one("syntax", "s", 2), one("syntax", "s", 5)}, List{one("syntax", "s", 5)}, nil, List{one("syntax", "s", 2)}},
		{"one less alike, and lines moved", List{one("syntax", "s", 2), one("syntax", "s", 5)}, List{one("syntax", "s", 6)}, nil, List{one("syntax", "s", 5)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.after.Since(test.before)
			for _, l := range []struct {
				name      string
				got, want List
			}{{"new", got.New, test.fresh}, {"gone", got.Gone, test.gone}, {"left", got.Left, test.after}} {
				if printed(t, l.got) != printed(t, l.want) {
					t.Errorf("%s: got\n%swant\n%s", l.name, printed(t, l.got), printed(t, l.want))
				}
			}
		})
	}
}

func printed(t *testing.T, l List) string {
	t.Helper()
	var b strings.Builder
	if err := (Text{All: true}).Print(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPrintChanges(t *testing.T) {
	hinted := one("unknown-field", "no field x", 2)
	hinted.Hint = "did you mean y?"
	info := &Diagnostic{Check: "service-loop", Severity: Info, Message: "loop"}
	many := List{}
	for line := range 12 {
		many = append(many, one("range", strings.Repeat("m", line+1), line+1))
	}
	for _, test := range []struct {
		name string
		text Text
		c    Changes
		want string
	}{
		{"nothing at all", Text{}, Changes{}, `
12:04:05 lab.cue: no finding changed: nothing found
`},
		{"nothing changed", Text{}, Changes{Left: List{one("overlap", "a", 1)}}, `
12:04:05 lab.cue: no finding changed: 1 error
`},
		{"new and gone", Text{Source: files{"lab.cue": "a\nx: 1\n"}}, Changes{New: List{hinted}, Gone: List{one("overlap", "a", 1)}, Left: List{hinted}}, `
12:04:05 lab.cue
gone: lab.cue:1:1: error: a [overlap]
new: lab.cue:2:1: error: no field x [unknown-field]
     2 | x: 1
       | ^
    hint: did you mean y?
1 new, 1 gone: 1 error
`},
		{"the last is gone", Text{Color: true}, Changes{Gone: List{one("overlap", "a", 1)}}, `
␛[1m12:04:05 lab.cue␛[0m
␛[1;32mgone:␛[0m ␛[1mlab.cue:1:1:␛[0m ␛[1;31merror:␛[0m a [overlap]
␛[1m1 gone: nothing found␛[0m
`},
		{"some could not be looked for", Text{}, Changes{New: List{hinted}, Left: List{hinted}, Held: 2}, `
12:04:05 lab.cue
new: lab.cue:2:1: error: no field x [unknown-field]
    hint: did you mean y?
1 new: 1 error; 2 earlier findings not looked for
`},
		{"information is only counted", Text{}, Changes{New: List{info}, Left: List{info}}, `
12:04:05 lab.cue: no finding changed: 1 info (-v prints it)
`},
		{"many are cut", Text{}, Changes{Gone: many}, `
12:04:05 lab.cue
gone: lab.cue:1:1: error: m [range]
gone: lab.cue:2:1: error: mm [range]
gone: lab.cue:3:1: error: mmm [range]
gone: lab.cue:4:1: error: mmmm [range]
gone: lab.cue:5:1: error: mmmmm [range]
gone: lab.cue:6:1: error: mmmmmm [range]
gone: lab.cue:7:1: error: mmmmmmm [range]
gone: lab.cue:8:1: error: mmmmmmmm [range]
gone: lab.cue:9:1: error: mmmmmmmmm [range]
gone: lab.cue:10:1: error: mmmmmmmmmm [range]
2 more of range: --all prints them
12 gone: nothing found
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := test.text.PrintChanges(&b, "12:04:05 lab.cue", test.c); err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(b.String(), "\x1b", "␛"); got != test.want[1:] {
				t.Errorf("got\n%swant%s", got, test.want)
			}
		})
	}
}
