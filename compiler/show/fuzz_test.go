package show

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"golang.org/x/text/unicode/norm"
	"sigs.k8s.io/yaml"
)

// longestLabel is more than any label of a topology has, and less than YAML takes for a key: 1024 characters, quotes and escapes included.
const longestLabel = 320

// FuzzForms holds every printed form to any strings as labels and values: it reads as what was printed.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"a", "", " ", "a b", "a\nb", "\r", "\"", "'", "\\", "\\(x)", "#a", "_a", "_", "__a", "$a", "for", "if", "let", "null", "true", "yes", "NO", "on", "~", "1", "0x1", "1e3", ".5", "1_0",
		"- a", "a: b", "a #b", "*a", "&a", "!a", "|", ">", "%", "@", "`", "é", "\u2028", "\u0085", "\ufeff", "\x00", "\x7f", "{", "[", "2001-01-01", "=", "<<", "y", "div", "import", "package", "\U0001f600",
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, label, text string) {
		if !utf8.ValidString(label) || !utf8.ValidString(text) || !norm.NFC.IsNormalString(label) || len(label) > longestLabel {
			return // no string of a topology: CUE composes the characters of labels
		}
		inner := Value{Kind: Struct, Fields: []Field{{label, literal(text)}}}
		v := Value{Kind: Struct, Fields: []Field{{"x", inner}, {"list", Value{Kind: List, Items: []Value{literal(text), inner}}}, {"plain", Value{Kind: List, Items: []Value{literal(text)}}}}}
		want := any(map[string]any{
			"x": map[string]any{label: text}, "list": []any{text, map[string]any{label: text}}, "plain": []any{text},
		})
		for format, read := range map[string]func(string) (any, error){"cue": readCUE, "json": readJSON, "yaml": readYAML} {
			var b strings.Builder
			if err := v.Write(&b, format); err != nil {
				t.Fatal(err)
			}
			got, err := read(b.String())
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: reads as %q (%v), want %q\n%s", format, got, err, want, b.String())
			}
		}
	})
}

func readCUE(text string) (any, error) {
	v := cuecontext.New().CompileString(text)
	if err := v.Validate(cue.Concrete(true)); err != nil {
		return nil, err
	}
	data, err := v.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return readJSON(string(data))
}

func readJSON(text string) (any, error) {
	var v any
	err := json.Unmarshal([]byte(text), &v)
	return v, err
}

func readYAML(text string) (any, error) {
	var v any
	err := yaml.UnmarshalStrict([]byte(text), &v)
	return v, err
}
