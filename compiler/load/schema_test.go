package load

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"topoc/schema"
)

func TestSchemaIsWrittenInItsVocabulary(t *testing.T) {
	if _, err := readSchema(schema.Files); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct{ name, text string }{
		{"default", "#A: {a?: *1 | int}"},
		{"disjunction of structs", "#A: {a?: {b!: int} | {c!: int}}"},
		{"disjunction of words", `#A: "a" | "b"`},
		{"derived field", "#A: {a?: int, b: a}"},
		{"regular field", "#A: {a: int}"},
		{"comprehension", "#A: {if true {a?: int}}"},
		{"embedding", "#A: {#B}\n#B: {a?: int}"},
		{"ellipsis", "#A: {...}"},
		{"closed list", "#A: {a?: [int, int]}"},
		{"unknown validator", "import \"list\"\n#A: {a?: list.UniqueItems}"},
		{"unknown type", "#A: {a?: number}"},
		{"unknown definition", "#A: {a?: #B}"},
		{"interpolation", "#A: =~\"\\(x)\""},
		{"let", "let x = 1"},
		{"hidden field", "_x: 1"},
		{"field that is there twice", "#A: {a?: int, a?: int}"},
		{"two patterns", "#A: {[#B]: int, [#B]: int}\n#B: string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{"a.cue": &fstest.MapFile{Data: []byte("package schema\n" + tt.text)}}
			if _, err := readSchema(files); err == nil {
				t.Errorf("%s: read without an error", tt.text)
			}
		})
	}
}

func TestSchemaAndModelHaveTheSameFields(t *testing.T) {
	_ = topologyPlan() // panics where the model lacks a field of the schema's, or has it in another type
	seen := map[reflect.Type]bool{}
	compare(t, topologyPlan(), seen)
	if len(seen) < 30 {
		t.Errorf("only %d structs compared", len(seen))
	}
}

// compare fails for fields of the model that the schema lacks, and for fields that only one of them requires.
func compare(t *testing.T, p *plan, seen map[reflect.Type]bool) {
	if p == nil || seen[p.goType] {
		return
	}
	compare(t, p.elem, seen)
	if p.typ.form != structForm {
		return
	}
	seen[p.goType] = true
	for _, f := range reflect.VisibleFields(p.goType) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "-" {
			continue
		}
		i, ok := p.byName[name]
		if !ok {
			t.Errorf("%s has no field for %v.%s (%q)", p.typ.name, p.goType, f.Name, name)
			continue
		}
		if required := options == ""; required != p.fields[i].required {
			t.Errorf("%s.%s is required: %v; the model's json tag says %v", p.typ.name, name, p.fields[i].required, required)
		}
		if f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Map || f.Type.Kind() == reflect.Pointer {
			continue
		}
		if options != "omitzero" && options != "" {
			t.Errorf("%v.%s: json options %q: omitempty would drop what the user wrote", p.goType, f.Name, options)
		}
	}
	for i := range p.fields {
		compare(t, p.fields[i].plan, seen)
	}
	if len(p.fields) > 64 {
		t.Errorf("%s has %d fields: decoder.structure marks them in 64 bits", p.typ.name, len(p.fields))
	}
}

func TestEveryScalarDefinitionHasItsFormat(t *testing.T) {
	for name, def := range embeddedSchema() {
		if _, ok := formats[name]; def.form == scalarForm && !ok {
			t.Errorf("formats has no entry for %s", name)
		}
	}
	for name := range formats {
		if def := embeddedSchema()[name]; def == nil || def.scalar == nil {
			t.Errorf("formats has an entry for %s, which the schema doesn't define", name)
		}
	}
}

func TestEveryFieldHasAComment(t *testing.T) {
	names, err := fs.Glob(schema.Files, "*.cue")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := schema.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before := ""
		for i, line := range strings.Split(string(data), "\n") {
			code := strings.TrimSpace(line)
			declares := strings.HasPrefix(code, "#") ||
				strings.HasPrefix(line, "\t") && (strings.Contains(code, "?: ") || strings.Contains(code, "!: ") || code[0] == '[')
			if declares && !strings.HasPrefix(before, "//") {
				t.Errorf("schema/%s:%d: no comment: %s", name, i+1, code)
			}
			before = code
		}
	}
}

// Strings that the schema accepts must never make the decoder panic: what parses in the model is a superset.
func TestModelParsesWhatTheSchemaAccepts(t *testing.T) {
	for _, s := range []string{
		"0.0", "65535.65535", "1.10", "65536.0", "1.", ".1", "1.01", "+1.1", "1.1.1", "", "0s", "-0s", "+5s", "1h2m3.5s", ".5s", "1",
		"9999999h", "0.0.0.0/0", "::/0", "::ffff:1.2.3.4/96", "1.2.3.4/32", "1.2.3.4", "::ffff:1.2.3.4", "fe80::1%a", "fe80::1%a/64",
		"1.2.3.4/+1", "1.2.3.4/01", "2026-02-29", "2028-02-29", "٣.٣",
	} {
		for _, at := range []string{
			"clusters: a: asNumber: %q", "clusters: a: bgp: meshMaxRestartTime: %q", "clusters: a: podCIDRs: [%q]",
			"clusters: a: nodes: n: address: %q", "clusters: a: nodes: n: address6: %q", "clusters: a: nodes: n: gateway: %q",
			"clusters: a: nodes: n: gateway6: %q", "switches: a: interfaces: e: shared: [%q]", "switches: a: loopback: %q",
			`waivers: [{check: "a", reason: "b", until: %q}]`,
		} {
			agree(t, "x.cue", []byte("name: \"a\"\n"+fmt.Sprintf(at, s)))
		}
	}
}

func TestModelMarshalsToWhatWasWritten(t *testing.T) {
	text := `{"name":"a","clusters":{"c":{"podCIDRs":[],"nodes":{"n":{"address":"10.0.0.1/24","blocks":[]}}}}}`
	r := decodeText(t, "a.json", []byte(text), false)
	got, err := json.Marshal(r.Topology)
	if err != nil || string(got) != text {
		t.Errorf("got  %s, %v\nwant %s", got, err, text)
	}
	if n := r.Topology.Clusters["c"].Nodes["n"]; n.Blocks == nil || n.Labels != nil {
		t.Errorf("blocks %#v, labels %#v: want empty and nil", n.Blocks, n.Labels)
	}
}
