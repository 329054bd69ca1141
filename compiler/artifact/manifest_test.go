package artifact

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"topoc/compiler/source"
)

func TestManifestSurvivesARoundTrip(t *testing.T) {
	sum := hash(nil)
	tests := []struct {
		name string
		m    manifest
	}{
		{"empty", manifest{}},
		{"finished", manifest{Files: []entry{
			{Path: "a", SHA256: sum, Declared: []source.Path{`clusters."a<b>&c"`, "x[0]"}}, {Path: "b/c", SHA256: sum, Executable: true},
		}}},
		{"unfinished", manifest{
			Files:    []entry{{Path: "a", SHA256: sum, Pending: true}, {Path: "b", SHA256: sum}},
			Replaced: []entry{{Path: "a", SHA256: sum}, {Path: "c", SHA256: sum}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := test.m.encode()
			m, err := decode(text)
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			if again := m.encode(); !bytes.Equal(text, again) {
				t.Errorf("encoded again:\n%s\nwant\n%s", again, text)
			}
			if !bytes.HasSuffix(text, []byte("}\n")) || bytes.Contains(text, []byte(`\u`)) {
				t.Errorf("not what people read:\n%s", text)
			}
		})
	}
}

// Entries are what encoding/json makes of them, whatever is in their strings.
func TestEntriesAreTheLibrarys(t *testing.T) {
	words := []source.Path{"", "a", "clusters.b-1.nodes", `a"b`, `a\b`, `"`, `\`, `a."b\"."c"[0]`, "\"\n", "a<b>&c", "a\nb", "\x00", "\x7f", "é", "\u2028", "\xff", "x[0]"}
	for i, word := range words {
		for _, declared := range [][]source.Path{nil, {}, {word}, words[:i+1]} {
			e := entry{Path: string(word), SHA256: hash(nil), Executable: i%2 == 0, Pending: i%3 == 0, Declared: declared}
			got := e.appendTo(nil)
			var want bytes.Buffer
			library := json.NewEncoder(&want)
			library.SetEscapeHTML(false)
			if err := library.Encode(e); err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != want.String() {
				t.Errorf("got %s, want %s", got, want.Bytes())
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	sum := hash(nil)
	file := func(path string) string { return `{"path": "` + path + `", "sha256": "` + sum + `"}` }
	manifestOf := func(finished, files string) string {
		return `{"format": 1, "finished": ` + finished + `, "files": [` + files + `]}`
	}
	tests := []struct {
		name, text, want string
	}{
		{"nothing", "", "not a manifest"},
		{"an array", "[]", "not a manifest"},
		{"no format", `{"finished": true, "files": []}`, "format 0"},
		{"a later format, whatever it holds", `{"format": 2, "trees": {}}`, "newer topoc"},
		{"an unknown field", `{"format": 1, "finished": true, "files": [], "x": 1}`, "unknown field"},
		{"text behind", manifestOf("true", "") + "{}", "after top-level value"},
		{"a path that climbs", manifestOf("true", file("../a")), `the name ".."`},
		{"an absolute path", manifestOf("true", file("/a")), "absolute"},
		{"itself", manifestOf("true", file("MANIFEST.json")), "topoc's own"},
		{"no order", manifestOf("true", file("b")+","+file("a")), "not sorted"},
		{"a path twice", manifestOf("true", file("a")+","+file("a")), "not sorted"},
		{"a bad hash", manifestOf("true", `{"path": "a", "sha256": "x"}`), "no SHA-256"},
		{"no hash", manifestOf("true", `{"path": "a"}`), "no SHA-256"},
		{"finished with something pending", manifestOf("true", `{"path": "a", "sha256": "`+sum+`", "pending": true}`), "finished is true"},
		{"unfinished with nothing pending", manifestOf("false", file("a")), "finished is false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := decode([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("decode = %v, want an error that says %q", err, test.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add((&manifest{}).encode())
	f.Add((&manifest{Files: []entry{{Path: "a/b", SHA256: hash(nil), Pending: true}}}).encode())
	f.Add([]byte(`{"format": 1, "finished": true, "files": [{"path": "../a"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decode(text)
		if err != nil {
			return
		}
		for e := range m.all() {
			if err := CheckPath(e.Path); err != nil {
				t.Error(err)
			}
		}
		once := m.encode()
		again, err := decode(once)
		if err != nil || !bytes.Equal(again.encode(), once) {
			t.Errorf("%v: what decode accepts, encode does not write the same twice:\n%s", err, once)
		}
	})
}

// FuzzEncode holds what is written of any paths and declarations to be read as the same, or their path to be refused.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"a/b", "..", "", "/a", "a\"b", "a\nb", "<a>&", "\u2028", "é", "\xff", "MANIFEST.json", "a\\b", "con", "a/../b", "\x00"} {
		f.Add(s, s, true)
	}
	f.Fuzz(func(t *testing.T, path, declared string, isPending bool) {
		if CheckPath(path) != nil || !utf8.ValidString(declared) {
			return
		}
		m := manifest{Files: []entry{{Path: path, SHA256: hash([]byte(path)), Pending: isPending, Declared: []source.Path{source.Path(declared), "x"}}}}
		text := m.encode()
		if lines := bytes.Count(text, []byte("\n")); lines != 7 {
			t.Errorf("%d lines:\n%s", lines, text)
		}
		got, err := decode(text)
		if err != nil || !reflect.DeepEqual(*got, m) {
			t.Errorf("reads as %+v (%v), want %+v\n%s", got, err, m, text)
		}
	})
}
