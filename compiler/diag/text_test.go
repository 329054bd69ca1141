package diag

import (
	"strings"
	"testing"

	"topoc/compiler/source"
)

// files is a source.Locator of file contents; it knows no paths.
type files map[string]string

func (f files) Locate(source.Path) source.Pos { return source.Pos{} }

func (f files) Line(file string, line int) (string, bool) {
	lines := strings.Split(f[file], "\n")
	if f[file] == "" || line < 1 || line > len(lines) {
		return "", false
	}
	return lines[line-1], true
}

func at(file string, line, column int) source.Pos {
	return source.Pos{File: file, Line: line, Column: column}
}

func TestTextPrint(t *testing.T) {
	mismatch := &Diagnostic{
		Check: "session-as-mismatch", Message: "node-1 expects AS 64513 from tor-1, which is AS 64512",
		Pos:   at("lab.cue", 2, 12),
		Notes: []Note{{Message: "AS 64512 is set here", Pos: at("lab.cue", 1, 8)}},
		Hint:  "delete asNumber: it defaults to the switch's own AS",
	}
	source := files{"lab.cue": "tor: { asNumber: 64512 }\n\tasNumber: 64513 // ours\n"}
	tests := []struct {
		name string
		text Text
		list List
		want string
	}{
		{"nothing found prints nothing", Text{}, nil, ""},
		{"line, caret, note and hint", Text{Source: source}, List{mismatch}, `
lab.cue:2:12: error: node-1 expects AS 64513 from tor-1, which is AS 64512 [session-as-mismatch]
     2 | →asNumber: 64513 // ours
       | →          ^~~~~
lab.cue:1:8: note: AS 64512 is set here
    hint: delete asNumber: it defaults to the switch's own AS
1 error
`},
		{"colours", Text{Source: source, Color: true}, List{mismatch}, `
␛[1mlab.cue:2:12:␛[0m ␛[1;31merror:␛[0m node-1 expects AS 64513 from tor-1, which is AS 64512 [session-as-mismatch]
     2 | →asNumber: 64513 // ours
       | →          ␛[1;32m^~~~~␛[0m
␛[1mlab.cue:1:8:␛[0m ␛[1;36mnote:␛[0m AS 64512 is set here
    ␛[1;32mhint:␛[0m delete asNumber: it defaults to the switch's own AS
␛[1m1 error␛[0m
`},
		{"a file that cannot be quoted", Text{Source: source}, List{
			{Check: "syntax", Message: "expected a value", Pos: at("gone.cue", 7, 1)},
		}, `
gone.cue:7:1: error: expected a value [syntax]
1 error
`},
		{"a diagnostic without a place", Text{Source: source}, List{
			{Check: "missing-field", Severity: Warning, Message: "no name"},
		}, `
warning: no name [missing-field]
1 warning
`},
		{"information is only counted", Text{}, List{
			{Check: "host-bits", Message: "bits"}, {Check: "service-loop", Severity: Info, Message: "loop"},
		}, `
error: bits [host-bits]
1 error, 1 info (-v prints it)
`},
		{"information alone is nothing to tell", Text{}, List{{Check: "service-loop", Severity: Info, Message: "loop"}}, ""},
		{"information when verbose", Text{Verbose: true}, List{{Check: "service-loop", Severity: Info, Message: "loop"}}, `
info: loop [service-loop]
1 info
`},
		{"control characters are not obeyed", Text{Source: files{"a": "x\x1b[2J: 1"}}, List{
			{Check: "syntax", Message: "odd \x1b[31mname", Pos: at("a", 1, 1)},
		}, `
a:1:1: error: odd �[31mname [syntax]
     1 | x�[2J: 1
       | ^~
1 error
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := tt.text.Print(&b, tt.list); err != nil {
				t.Fatal(err)
			}
			got := strings.NewReplacer("\t", "→", "\x1b", "␛").Replace(b.String())
			if want := strings.TrimPrefix(tt.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestTextPrintsTenPerCheck(t *testing.T) {
	var l List
	for range PerCheck + 3 {
		l.Add("host-bits", Error, "", "bits")
		l.Add("as-public", Warning, "", "public")
	}
	l.Add("overlap-reserved", Error, "", "overlap")

	var some, all strings.Builder
	if err := (Text{}).Print(&some, l); err != nil {
		t.Fatal(err)
	}
	if err := (Text{All: true}).Print(&all, l); err != nil {
		t.Fatal(err)
	}
	const tail = `error: overlap [overlap-reserved]
3 more of host-bits: --all prints them
3 more of as-public: --all prints them
14 errors, 13 warnings
`
	if got := some.String(); strings.Count(got, "[host-bits]") != PerCheck || !strings.HasSuffix(got, tail) {
		t.Errorf("got:\n%s\nwant it to end:\n%s", got, tail)
	}
	if got := all.String(); strings.Count(got, "[host-bits]") != PerCheck+3 || strings.Contains(got, "more of") {
		t.Errorf("--all prints:\n%s", got)
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("a: 1, ", 100)
	tests := []struct {
		name       string
		line       string
		column     int
		text, mark string
	}{
		{"number", `asNumber: 64512, x: 1`, 11, `asNumber: 64512, x: 1`, `          ^~~~~`},
		{"label", `asNumber: 1`, 1, `asNumber: 1`, `^~~~~~~~`},
		{"string with an escaped quote", `a: "b\"c", d: 1`, 4, `a: "b\"c", d: 1`, `   ^~~~~~`},
		{"string that does not end", `a: "b c`, 4, `a: "b c`, `   ^~~~`},
		{"list", `a: ["]", 2] // c`, 4, `a: ["]", 2] // c`, `   ^~~~~~~~`},
		{"struct that goes on", `a: {`, 4, `a: {`, `   ^`},
		{"one byte", `a: 1`, 2, `a: 1`, ` ^`},
		{"reference before a comment", `a: b.c//d`, 4, `a: b.c//d`, `   ^~~`},
		{"tabs keep their place", "\ta:\t1", 5, "\ta:\t1", "\t  \t^"},
		{"wide letters before and in the token", `"日本": "東京"`, 11, `"日本": "東京"`, `        ^~~~~~`},
		{"combining accents take no room", "e\u0301: 1", 6, "e\u0301: 1", `   ^`},
		{"carriage return", "a: 1\r", 4, "a: 1", `   ^`},
		{"column beyond the line", `a`, 9, `a`, ``},
		{"no column", `a`, 0, `a`, ``},
		{"empty line", ``, 1, ``, ``},
		{"long line", long + "bad: 2" + long, len(long) + 1,
			"…" + long[len(long)-40:] + "bad: 2" + long[:73] + "…", strings.Repeat(" ", 41) + "^~~"},
		{"long token", `"` + long + `"`, 1, `"` + long[:excerptWidth-1] + "…", "^" + strings.Repeat("~", excerptWidth)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, mark := excerpt(tt.line, tt.column)
			if text != tt.text || mark != tt.mark {
				t.Errorf("got\n%s\n%s\nwant\n%s\n%s", text, mark, tt.text, tt.mark)
			}
		})
	}
}
