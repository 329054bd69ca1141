package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"topoc/compiler/source"
	"topoc/schema"
	"topoc/topologies/topogen"
)

func TestLocateFindsWhatIsWritten(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		want             []string // "path line:column"
	}{
		{"literal", "x.cue", `name: "a"
clusters: c: {
	podCIDRs: ["10.0.0.0/8",
		"11.0.0.0/8"]
	nodes: "n-1": address: "12.0.0.1/8"
}
waivers: [
	{check: "x", reason: "y"}]
`, []string{
			"name 1:7", "clusters 2:1", "clusters.c 2:11", "clusters.c.podCIDRs 3:12", "clusters.c.podCIDRs[1] 4:3",
			`clusters.c.nodes."n-1" 5:9`, "clusters.c.nodes.n-1.address 5:25", "waivers 7:10", "waivers[0] 8:2", "waivers[0].reason 8:23",
			// What nobody wrote: the nearest that somebody did.
			"clusters.c.nodes.n-1.rack 5:9", "clusters.c.podCIDRs[7] 3:12", "clusters.d 2:1", "implied 1:1", " 1:1",
		}},
		{"comprehension", "x.cue", `name: "a"
clusters: c: nodes: {
	for i in [1, 2] {
		"n\(i)": {
			address: "10.0.0.\(i)/24"
			rack: "r"
		}
	}
}
`, []string{"clusters.c.nodes.n1 4:3", "clusters.c.nodes.n2.address 5:13", "clusters.c.nodes.n2.rack 6:10"}},
		{"pattern", "x.cue", `name: "a"
clusters: [_]: {calico: version: "3.31", nodes: [_]: {rack: "r1"}}
clusters: {
	a: nodes: n1: address: "10.0.0.1/24"
	"b-\(1)": nodes: {n2: interface: "eth1"}
}
clusters: [string]: bgp: listenPort: 180
`, []string{
			"clusters.a 4:2", "clusters.b-1 5:2", "clusters.a.nodes 4:5", "clusters.a.nodes.n1 4:12", "clusters.b-1.nodes.n2 5:20",
			"clusters.a.nodes.n1.address 4:25", "clusters.a.nodes.n1.rack 2:61", "clusters.a.calico.version 2:34",
			"clusters.b-1.bgp.listenPort 7:38",
		}},
		{"reference", "x.cue", `name: "a"
_base: {asNumber: 5, nodes: n: rack: "r"}
clusters: {
	c: _base & {isolated: true}
	d: _base
}
`, []string{
			"clusters.c 4:2", "clusters.c.isolated 4:24", "clusters.c.asNumber 2:19", "clusters.d 5:2", "clusters.d.nodes.n.rack 2:38",
		}},
		{"default", "x.cue", `name: "a"
clusters: c: {asNumber: *1 | int}
clusters: c: asNumber: 2
clusters: d: {asNumber: *7 | int}
`, []string{"clusters.c.asNumber 3:24", "clusters.d.asNumber 4:25"}},
		{"list", "x.cue", `name: "a"
_l: [{check: "x", reason: "y"}]
waivers: _l
clusters: c: podCIDRs: [for i in [1, 2] {"10.\(i).0.0/16"}]
reserved: r: ["10.0.0.0/8"] & ["10.0.0.0/8"]
`, []string{"waivers 3:10", "waivers[0] 2:6", "waivers[0].reason 2:27", "clusters.c.podCIDRs 4:24", "reserved.r 5:14"}},
		{"yaml", "x.yaml", `name: a
clusters:
  c:
    podCIDRs:
      - 10.0.0.0/8
    nodes:
      n1: {address: 10.0.0.1/24}
`, []string{"name 1:7", "clusters.c 3:3", "clusters.c.podCIDRs[0] 5:9", "clusters.c.nodes.n1 7:7", "clusters.c.nodes.n1.address 7:21"}},
		{"json", "x.json", `{
  "name": "a",
  "clusters": {"c": {"isolated": true}}
}`, []string{"name 2:11", "clusters 3:4", "clusters.c 3:17", "clusters.c.isolated 3:34"}},
		{"byte order mark", "x.cue", "\ufeffname: \"a\"\nimplied: true\n", []string{"name 1:10", "implied 2:10"}},
		{"carriage returns", "x.cue", "name: \"a\"\r\nclusters: {\r\n\tc: {}\r\n}\r\n", []string{"clusters.c 3:2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, evaluated := range []bool{false, true} {
				r := decodeText(t, tt.file, []byte(tt.text), evaluated)
				if r.Topology == nil {
					t.Fatal(dump(r.Diagnostics))
				}
				for _, w := range tt.want {
					i := strings.LastIndexByte(w, ' ')
					if got := r.Locator.Locate(source.Path(w[:i])).String(); got != tt.file+":"+w[i+1:] {
						t.Errorf("evaluated %v: %s is at %s, want %s", evaluated, w[:i], got, w[i+1:])
					}
				}
			}
		})
	}
}

func TestFilesTogetherAreOneTopology(t *testing.T) {
	dir := write(t, map[string]string{
		"a.cue":    "package a\n\nname: \"a\"\nclusters: c: asNumber: #as\n",
		"b.cue":    "package a\n\n#as: 64512\nclusters: c: nodes: n: rack: \"r\"\n",
		"more.cue": "clusters: c: nodes: m: rack: \"s\"\n",
		"c.yaml":   "switches:\n  s: {dialect: frr}\n",
	})
	want := []string{"a.cue:4:11", "b.cue:3:6", "b.cue:4:21", "more.cue:1:21", "c.yaml:2:3"}
	paths := []string{"clusters.c", "clusters.c.asNumber", "clusters.c.nodes.n", "clusters.c.nodes.m", "switches.s"}

	r := loadFiles(t, dir, "a.cue", "b.cue", "more.cue", "c.yaml")
	if r.Topology == nil {
		t.Fatal(dump(r.Diagnostics))
	}
	want[1] = "a.cue:4:24" // the reference is written where the value belongs
	if got := places(r.Locator, paths...); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}

	r = loadFiles(t, dir, "") // the directory: package a, more.cue is of none
	if r.Topology == nil {
		t.Fatal(dump(r.Diagnostics))
	}
	if n := len(r.Topology.Clusters["c"].Nodes); n != 1 || r.Topology.Switches != nil {
		t.Errorf("%d nodes, %d switches: want only the package's", n, len(r.Topology.Switches))
	}
	if got, ok := r.Locator.Line(filepath.Join(dir, "b.cue"), 3); !ok || got != "#as: 64512" {
		t.Errorf("line 3 of b.cue: %q, %v", got, ok)
	}
}

func TestModulesAreLoadedOffline(t *testing.T) {
	dir := write(t, map[string]string{
		"cue.mod/module.cue":     "module: \"example.com/site\"\nlanguage: version: \"v0.17.0\"\n",
		"defaults/defaults.cue":  "package defaults\n\n#Cluster: {\n\tcalico: version: \"3.30\"\n\t...\n}\n",
		"common.cue":             "package lab\n\nreserved: office: [\"192.168.0.0/16\"]\n",
		"lab/lab.cue":            "package lab\n\nimport (\n\t\"example.com/site/defaults\"\n\t\"topoc.internal/schema\"\n)\n\nschema.#Topology\nname: \"a\"\nclusters: c: defaults.#Cluster & {asNumber: 1}\n",
		"lab/bad/bad.cue":        "package bad\n\nimport \"topoc.internal/schema\"\n\nschema.#Topology\nname: \"a\"\nclusters: c: nodez: {}\n",
		"lab/missing/absent.cue": "package absent\n\nimport \"example.com/elsewhere\"\n\nname: elsewhere.name\n",
	})
	for _, name := range []string{"lab", "lab/lab.cue"} {
		r := loadFiles(t, dir, name)
		if r.Topology == nil {
			t.Fatalf("%s:\n%s", name, dump(r.Diagnostics))
		}
		if got := r.Topology.Clusters["c"].Calico.Version; got != "3.30" {
			t.Errorf("%s: version %q", name, got)
		}
		if got := places(r.Locator, "clusters.c", "clusters.c.asNumber", "clusters.c.calico.version"); !slices.Equal(got,
			[]string{"lab.cue:10:11", "lab.cue:10:45", "defaults.cue:4:19"}) {
			t.Errorf("%s: got %v", name, got)
		}
	}
	r := loadFiles(t, dir, "lab")
	if r.Topology.Reserved["office"] == nil {
		t.Error("the parent directory's file of the same package is left out")
	}
	if r := loadFiles(t, dir, "lab/bad"); !slices.Equal(found(r.Diagnostics), []string{"7: unknown-field"}) {
		t.Errorf("bad: got:\n%s", dump(r.Diagnostics))
	}
	if r := loadFiles(t, dir, "lab/missing"); !slices.Equal(found(r.Diagnostics), []string{"3: undefined"}) {
		t.Errorf("missing: got:\n%s", dump(r.Diagnostics))
	}
}

// schemaModule makes the CUE module that the schema is part of.
func schemaModule(t *testing.T) string {
	module, err := os.ReadFile("../../cue.mod/module.cue")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"cue.mod/module.cue": string(module),
	}
	entries, err := schema.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := schema.Files.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files["schema/"+e.Name()] = string(data)
	}
	return write(t, files)
}

func TestTopologiesOfTheSchemasOwnModuleAreLoaded(t *testing.T) {
	dir := schemaModule(t) // the module with the schema in its own folder
	for name, text := range map[string]string{
		"site/site.cue": "package site\n\nimport \"topoc.internal/schema\"\n\n#Node: schema.#Node & {rack: \"r\"}\n",
		"x/x.cue": "package x\n\nimport (\n\t\"topoc.internal/schema\"\n\t\"topoc.internal/site\"\n)\n\nschema.#Topology\n" +
			"name: \"a\"\nclusters: c: nodes: n: site.#Node & {address: \"10.0.0.1\"}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if r := loadFiles(t, dir, "x"); !slices.Equal(found(r.Diagnostics), []string{"10: bad-prefix"}) {
		t.Errorf("got:\n%s", dump(r.Diagnostics))
	}
}

func TestFilesFromElsewhereJoinADirectoryOfAModule(t *testing.T) {
	dir := write(t, map[string]string{
		"m/cue.mod/module.cue":    "module: \"example.com/site\"\nlanguage: version: \"v0.17.0\"\n",
		"m/defaults/defaults.cue": "package defaults\n\nversion: \"3.30\"\n",
		"m/lab/lab.cue":           "package lab\n\nimport \"example.com/site/defaults\"\n\nname: \"a\"\nclusters: c: calico: version: defaults.version\n",
		"more.cue":                "clusters: d: {}\n",
		"more.yaml":               "clusters:\n  e: {}\n",
	})
	for _, more := range []string{"more.cue", "more.yaml"} {
		r := loadFiles(t, dir, "m/lab", more)
		if r.Topology == nil || len(r.Topology.Clusters) != 2 {
			t.Errorf("%s:\n%s", more, dump(r.Diagnostics))
		}
	}
}

func TestStandardInputIsWhatItLooksLike(t *testing.T) {
	for name, text := range map[string]string{
		"CUE":                "name: \"a\"\nclusters: c: isolated: true\n",
		"YAML":               "name: a-b\nclusters:\n  c:\n    isolated: true\n    podCIDRs:\n    - 10.0.0.0/8\n",
		"YAML with a marker": "---\nname: a\nclusters:\n  c:\n    isolated: true\n",
		"JSON":               "\n{\"name\": \"a\", \"clusters\": {\"c\": {\"isolated\": true}}}",
	} {
		r, err := Load(t.Context(), []string{"-"}, Options{Stdin: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Topology == nil || !r.Topology.Clusters["c"].Isolated {
			t.Errorf("%s: got:\n%s", name, dump(r.Diagnostics))
		}
		if at := r.Locator.Locate("clusters.c.isolated"); at.File != "-" || at.Line < 2 {
			t.Errorf("%s: at %v", name, at)
		}
	}
}

func TestLocatorIsCompact(t *testing.T) {
	var b bytes.Buffer
	if err := topogen.Write(&b, 10); err != nil {
		t.Fatal(err)
	}
	r := decodeText(t, "x.cue", b.Bytes(), false)
	if r.Topology == nil {
		t.Fatal(dump(r.Diagnostics))
	}
	l := r.Locator.(*locator)
	size := cap(l.entries) * int(unsafe.Sizeof(entry{}))
	if perNode := size / (10 * topogen.NodesPerCluster); perNode > 200 {
		t.Errorf("%d bytes for each node: 100,000 nodes may cost 20 MB", perNode)
	}
}

func TestLine(t *testing.T) {
	l := &locator{}
	l.add("a", []byte("one\r\ntwo\nthree"))
	l.add("b", nil)
	for _, tt := range []struct {
		file string
		line int
		want string
		ok   bool
	}{
		{"a", 1, "one", true}, {"a", 2, "two", true}, {"a", 3, "three", true}, {"a", 4, "", false}, {"a", 0, "", false},
		{"b", 1, "", true}, {"b", 2, "", false}, {"c", 1, "", false},
	} {
		if got, ok := l.Line(tt.file, tt.line); got != tt.want || ok != tt.ok {
			t.Errorf("%s:%d: %q, %v", tt.file, tt.line, got, ok)
		}
	}
}

func TestLocateAmongManySiblings(t *testing.T) {
	const n = 200
	var b strings.Builder
	b.WriteString("name: \"a\"\nclusters: c: nodes: {\n")
	for i := range n {
		fmt.Fprintf(&b, "\t\"n-%d\": address: \"10.0.0.%[1]d/16\"\n", i)
	}
	b.WriteString("}\nwaivers: [\n")
	for i := range n {
		fmt.Fprintf(&b, "\t{check: \"x\", reason: \"%d\"},\n", i)
	}
	r := decodeText(t, "x.cue", []byte(b.String()+"]\n"), false)
	if r.Topology == nil {
		t.Fatal(dump(r.Diagnostics))
	}
	for _, tt := range []struct {
		path source.Path
		want int
	}{
		{"clusters.c.nodes.\"n-0\"", 3},
		{"clusters.c.nodes.\"n-199\".address", 202},
		{"clusters.c.nodes.\"n-200\"", 2}, // not there: its parent
		{"clusters.c.nodes[0]", 2},
		{"waivers[0]", 205},
		{"waivers[199].reason", 404},
		{"waivers[200]", 204},
		{"waivers.x", 204},
	} {
		if got := r.Locator.Locate(tt.path).Line; got != tt.want {
			t.Errorf("%s is at line %d, want %d", tt.path, got, tt.want)
		}
	}
}
