package load

import (
	"context"
	"strings"
	"testing"

	"topoc/compiler/diag"
)

// Whatever is written in the place of a reference to a Secret, and wherever its value comes from: no form of the findings
// shows it.
func TestWhatMayBeAPasswordIsNotShown(t *testing.T) {
	const secret = "hunter2"
	at := func(value string) string {
		return "name: \"a\"\nclusters: c: {\n\tbgp: meshPassword: " + value + "\n\tasNumber: -1\n}\n"
	}
	for _, tt := range []struct{ name, file, text string }{
		{"string", "x.cue", at(`"hunter2"`)},
		{"bytes", "x.cue", at(`'hunter2'`)},
		{"string of several lines", "x.cue", at("\"\"\"\n\t\thunter2\n\t\t\"\"\"")},
		{"list", "x.cue", at(`["hunter2"]`)},
		{"in the place of the Secret's name", "x.cue", at(`{secret: "hunter2 ", key: "k"}`)},
		{"in the place of the key", "x.cue", at(`{secret: "s", key: "hunter2!"}`)},
		{"in another field", "x.cue", at(`{secret: "s", key: "k", value: "hunter2"}`)},
		{"on a line of its own", "x.cue", at("{\n\t\tsecret: {\n\t\t\tvalue: \"hunter2\"\n\t\t}\n\t}")},
		{"as a label", "x.cue", at(`{hunter2: true}`)},
		{"reference", "x.cue", at("_v\n_v: \"hunter2\"")},
		{"interpolation", "x.cue", at("\"\\(_v)2\"\n_v: \"hunter\"")},
		{"alternatives", "x.cue", at(`"hunter2" | "other"`)},
		{"conflict", "x.cue", at(`"hunter2" & {secret: "s", key: "k"}`)},
		{"conflict of another line", "x.cue", at("{secret: \"s\", key: \"k\"}\n\tbgp: _v\n\t_v: meshPassword: \"hunter2\"")},
		{"undefined", "x.cue", at(`hunter2`)},
		{"undefined field", "x.cue", at("_v.hunter2\n_v: {}")},
		{"misspelt field", "x.cue", "name: \"a\"\nclusters: c: bgp: meshPasswort: \"hunter2\"\n"},
		{"field in another place", "x.cue", "name: \"a\"\nclusters: c: {asNumber: -1, bgpPassword: \"hunter2\"}\n"},
		{"beside another mistake", "x.cue", "name: \"a\"\nclusters: c: bgp: {listenPort: 0, meshPassword: \"hunter2\"}\n"},
		{"in a file that cannot be parsed", "x.cue", "name: \"a\"\nclusters: c: bgp: {meshPassword: \"x\" \"hunter2\"}\n"},
		{"without its end", "x.cue", "name: \"a\"\nclusters: c: bgp: meshPassword: \"hunter2\n"},
		{"YAML", "x.yaml", "name: a\nclusters:\n  c:\n    bgp:\n      meshPassword: hunter2\n"},
		{"YAML of several lines", "x.yaml", "name: a\nclusters:\n  c:\n    bgp:\n      meshPassword:\n        hunter2\n"},
		{"YAML that cannot be parsed", "x.yaml", "name: a\nclusters:\n  c:\n    bgp:\n      meshPassword: hunter2: x\n"},
		{"JSON in one line", "x.json", `{"name": "A", "clusters": {"c": {"bgp": {"meshPassword": "hunter2"}}}}`},
		{"JSON that cannot be parsed", "x.json", `{"name": "A", "clusters": {"c": {"bgp": {"meshPassword": "x" "hunter2"}}}}`},
	} {
		for _, evaluated := range []bool{false, true} {
			r := decodeText(t, tt.file, []byte(tt.text), evaluated)
			if len(r.Diagnostics) == 0 {
				t.Errorf("%s: no mistake found", tt.name)
			}
			var text, json strings.Builder
			if err := (diag.Text{Source: r.Locator, All: true, Verbose: true}).Print(&text, r.Diagnostics); err != nil {
				t.Fatal(err)
			}
			if err := r.Diagnostics.WriteJSON(&json); err != nil {
				t.Fatal(err)
			}
			if shown := text.String() + json.String(); strings.Contains(shown, secret) {
				t.Errorf("%s, evaluated %v:\n%s", tt.name, evaluated, shown)
			}
		}
	}
}

func TestReferencesToSecretsAreQuoted(t *testing.T) {
	for _, tt := range []struct {
		line string
		want bool // whether it is quoted
	}{
		{`password: {secret: "bgp", key: "fw"}`, true},
		{`	bgp: meshPassword: secret: "bgp"`, true},
		{`	password: {`, true},
		{`password:`, true},
		{`"password": {"secret": "bgp", "key": "fw"}`, true},
		{`  password: # of the mesh`, true},
		{`check: "password-secret-rbac", reason: "known"`, true},
		{`compass: {}`, false}, // better one too many
		{`address: "10.0.0.1", password: "x"`, false},
		{`password?: string`, false},
		{`  "meshPassword" : "x"`, false},
		{`password: {secret: "a", key: "b"}, bfd_password: "x"`, false},
	} {
		dir := write(t, map[string]string{"x.cue": tt.line + "\n"})
		r, err := Load(context.Background(), []string{dir + "/x.cue"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := r.Locator.Line(dir+"/x.cue", 1); got != tt.want {
			t.Errorf("%s: quoted: %v", tt.line, got)
		}
	}
}
