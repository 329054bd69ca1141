package load

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/token"

	"topoc/schema"
)

// schemaInstance is the schema package as it is, unlike what loadSchema serves.
func schemaInstance(t testing.TB) *build.Instance {
	t.Helper()
	inst := build.NewContext().NewInstance("", nil)
	entries, err := schema.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := schema.Files.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := inst.AddFile(e.Name(), data); err != nil {
			t.Fatal(err)
		}
	}
	inst.ImportPath = schema.ImportPath
	if err := inst.Complete(); err != nil {
		t.Fatal(err)
	}
	return inst
}

// oracle is CUE's own schema in a context of its own, for several files: compiling it takes far longer than most files do.
type oracle struct {
	sync.Mutex
	context  *cue.Context
	instance *build.Instance
	topology cue.Value
	uses     int
}

// cueItself is shared by the tests of the package.
var cueItself oracle

// mostUses is after how many files a context is left, since it keeps what was built in it.
const mostUses = 200

func (o *oracle) renew(t testing.TB) {
	if o.uses%mostUses == 0 {
		o.context, o.instance = cuecontext.New(), schemaInstance(t)
		o.topology = o.context.BuildInstance(o.instance).LookupPath(cue.ParsePath("#Topology"))
	}
	o.uses++
}

// accepted is the oracle: whether CUE itself accepts schema.#Topology & file as complete data.
func accepted(t testing.TB, name string, data []byte) bool {
	t.Helper()
	cueItself.Lock()
	defer cueItself.Unlock()
	in := &input{name: name, data: data, format: formatByName(name)}
	l := &locator{}
	in.source = l.add(name, data)
	if in.unreadable(l) != nil || len(in.parse(l)) > 0 {
		return false
	}
	cueItself.renew(t)
	inst := build.NewContext(build.Loader(func(_ token.Pos, path string) *build.Instance {
		if isSchemaImport(path) {
			return cueItself.instance
		}
		return nil
	})).NewInstance("", nil)
	inst.User = true
	if inst.AddSyntax(in.file) != nil || inst.Complete() != nil {
		return false
	}
	v := cueItself.topology.Unify(cueItself.context.BuildInstance(inst))
	return v.Validate(cue.Concrete(true), cue.Final()) == nil
}

// corpus is every topology that the project has: the examples and the fixtures.
func corpus(t testing.TB) []fixture {
	all := fixtures(t)
	examples, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range examples {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fixture{filepath.Base(name), "ok_" + filepath.Base(name), data})
	}
	return all
}

// agree fails where literal and evaluated decoding, or topoc and CUE, say different things of a file.
func agree(t *testing.T, name string, data []byte) {
	t.Helper()
	literal, evaluated := decodeText(t, name, data, false), decodeText(t, name, data, true)
	if formatByName(name) == cueFormat {
		agreePlain(t, data)
	}
	if a, b := dump(literal.Diagnostics), dump(evaluated.Diagnostics); a != b {
		t.Errorf("read as it stands:\n%sevaluated:\n%s", a, b)
	}
	if !reflect.DeepEqual(literal.Topology, evaluated.Topology) {
		a, _ := json.Marshal(literal.Topology)
		b, _ := json.Marshal(evaluated.Topology)
		t.Errorf("read as it stands:\n%s\nevaluated:\n%s", a, b)
	}
	if got, want := literal.Topology != nil, accepted(t, name, data); got != want {
		t.Errorf("topoc accepts it: %v; CUE accepts it: %v\n%s", got, want, dump(literal.Diagnostics))
	}
}

func TestTiersAndCUEAgree(t *testing.T) {
	for _, f := range corpus(t) {
		t.Run(f.name, func(t *testing.T) { agree(t, f.file, f.data) })
	}
}

func TestLiteralFilesAreReadFromTheirTree(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"plain", "package p\n// c\nname: \"a\"\nclusters: {a: {asNumber: 1, podCIDRs: [\"x\", -1, 1.5, true, null]}}", true},
		{"quoted labels", `"name": "a"`, true},
		{"reference", "name: x", false},
		{"repeated label", "a: b: 1\na: c: 2", false},
		{"repeated label, quoted", "a: 1\n\"a\": 1", false},
		{"interpolation", `name: "\(1)"`, false},
		{"comprehension", "if true {name: \"a\"}", false},
		{"list comprehension", "a: [for x in [1] {x}]", false},
		{"import", "import \"list\"\nname: \"a\"", false},
		{"default", "name: *\"a\" | string", false},
		{"definition", "#a: 1", false},
		{"hidden", "_a: 1", false},
		{"let", "let a = 1", false},
		{"optional", "a?: 1", false},
		{"required", "a!: 1", false},
		{"pattern", "[_]: 1", false},
		{"attribute", "a: 1 @x()", false},
		{"file attribute", "@x()\na: 1", false},
		{"ellipsis", "a: {...}", false},
		{"open list", "a: [...]", false},
		{"embedding", "{a: 1}", false},
		{"operator", "a: 1 + 1", false},
		{"not", "a: !true", false},
		{"type", "a: int", false},
		{"bound", "a: >1", false},
		{"bottom", "a: _|_", false},
		{"alias", "x=a: 1", false},
		{"multiplier", "a: 1K", false},
		{"parentheses", "a: (1)", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := &input{name: "x.cue", data: []byte(tt.text)}
			l := &locator{}
			in.source = l.add(in.name, in.data)
			if found := in.parse(l); len(found) > 0 {
				t.Fatal(dump(found))
			}
			if got := isLiteral(in.file); got != tt.want {
				t.Errorf("isLiteral: %v, want %v", got, tt.want)
			}
		})
	}
}
