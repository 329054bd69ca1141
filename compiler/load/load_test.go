package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"topoc/compiler/source"
)

// write puts files into a new directory and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// loadFiles loads files below dir, which must give a topology unless it is the diagnostics that are asked for.
func loadFiles(t testing.TB, dir string, names ...string) *Result {
	t.Helper()
	files := make([]string, len(names))
	for i, name := range names {
		files[i] = filepath.Join(dir, name)
	}
	r, err := Load(t.Context(), files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// places returns where the paths are written: "file:line:column" without directories.
func places(l source.Locator, paths ...string) []string {
	var at []string
	for _, p := range paths {
		pos := l.Locate(source.Path(p))
		pos.File = filepath.Base(pos.File)
		at = append(at, pos.String())
	}
	return at
}

func TestFiftyMistakesAreFiftyDiagnosticsInOneRun(t *testing.T) {
	var b strings.Builder
	b.WriteString("name: \"fifty\"\nclusters: {\n")
	mistakes := []string{
		`asNumber: -1`, `podCIDRs: ["10.0.0.0"]`, `adverties: {}`, `isolated: "no"`, `capacity: nodes: 0`,
		`dns: {domain: "a", service: "x"}`, `ipPools: p: {}`, `nodes: "A": {}`, `calico: version: 3.31`, `racks: r: switches: "s"`,
	}
	var want []string
	checks := []string{
		checkOutOfRange, checkBadPrefix, checkUnknownField, checkWrongType, checkOutOfRange,
		checkBadAddress, checkMissingField, checkBadName, checkWrongType, checkWrongType,
	}
	for i := range 50 {
		fmt.Fprintf(&b, "\tc%d: %s\n", i, mistakes[i%10])
		want = append(want, fmt.Sprintf("%d: %s", i+3, checks[i%10]))
	}
	b.WriteString("}\n")
	slices.Sort(want)
	for _, evaluated := range []bool{false, true} {
		r := decodeText(t, "fifty.cue", []byte(b.String()), evaluated)
		if got := found(r.Diagnostics); !slices.Equal(got, want) {
			t.Errorf("evaluated %v: got %d:\n%s", evaluated, len(got), dump(r.Diagnostics))
		}
	}
}

// bombs are topologies whose evaluation doesn't end within the memory of a machine or the patience of a user.
func bombs() map[string]string {
	doubling := "name: \"a\"\n_a0: \"xxxxxxxxxxxxxxxx\"\n"
	for i := range 40 {
		doubling += fmt.Sprintf("_a%d: \"\\(_a%d)\\(_a%d)\"\n", i+1, i, i)
	}
	alternatives := "name: \"a\"\n_x: {x: 1}"
	for i := range 24 {
		alternatives += fmt.Sprintf(" & ({a%d: 1} | {b%d: 1})", i, i)
	}
	return map[string]string{
		"range": "import \"list\"\nname: \"a\"\n_x: list.Range(0, 1e9, 1)\nclusters: {for i in _x {\"c\\(i)\": {}}}",
		"product": "import \"list\"\nname: \"a\"\n_x: list.Range(0, 3000, 1)\n" +
			"clusters: {for a in _x for b in _x for c in _x {\"c\\(a)-\\(b)-\\(c)\": {}}}",
		"doubling":     doubling + "description: _a40",
		"alternatives": alternatives + "\ndescription: _x.a0",
	}
}

// Each bomb goes off in a process of its own, since its evaluation goes on after Load has returned.
func TestBombsEndWithOneError(t *testing.T) {
	const variable = "TOPOC_TEST_BOMB"
	if name := os.Getenv(variable); name != "" {
		heap, _ := memory()
		opt := Options{Timeout: 2 * time.Second, MaxMemory: heap + 1<<30, Stdin: strings.NewReader(bombs()[name])}
		_, err := Load(t.Context(), []string{"-"}, opt)
		var limit *LimitError
		if !errors.As(err, &limit) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v: want one line of a LimitError", err)
		}
		return
	}
	for name := range bombs() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestBombsEndWithOneError$")
			cmd.Env = append(os.Environ(), variable+"="+name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestSharedStructsAreCappedByTheirNumber(t *testing.T) {
	text := "name: \"a\"\n_n: {for i in [1,2,3,4,5,6,7,8,9] {\"n\\(i)\": {rack: \"r\"}}}\nclusters: {\n"
	for i := range 100 {
		text += fmt.Sprintf("c%d: nodes: _n\n", i)
	}
	_, err := Load(t.Context(), []string{"-"}, Options{MaxValues: 500, Stdin: strings.NewReader(text + "}")})
	var limit *LimitError
	if !errors.As(err, &limit) {
		t.Errorf("got %v: want a LimitError", err)
	}
}

func TestCanceledContextIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Load(ctx, []string{"-"}, Options{Stdin: strings.NewReader("name: \"a\"\n_x: " + strings.Repeat("(1|2|3|4)&", 12) + "(1|2|3|4)")})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableFilesAreErrors(t *testing.T) {
	dir := write(t, map[string]string{"empty/x.txt": "", "two/a.cue": "package a", "two/b.cue": "package b"})
	for _, name := range []string{"nowhere.cue", "empty", "two"} {
		if r, err := Load(t.Context(), []string{filepath.Join(dir, name)}, Options{}); err == nil {
			t.Errorf("%s: no error, %d diagnostics", name, len(r.Diagnostics))
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", name, err)
		}
	}
	if _, err := Load(t.Context(), nil, Options{}); err == nil {
		t.Error("no files: no error")
	}
}

func TestOddBytesAreMistakesOfSyntaxOrRead(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"byte order mark", "\ufeffname: \"a\"\nx: 1\n", "2:1: unknown-field"},
		{"carriage returns", "name: \"a\"\r\nclusters: c: x: 1\r\n", "2:14: unknown-field"},
		{"invalid UTF-8", "name: \"a\"\nx: \"\xff\"\n", "2:5: syntax"},
		{"NUL", "name: \"a\x00\"\n", "1:9: syntax"},
		{"UTF-16", "\xff\xfen\x00a\x00", "1:1: syntax"},
		{"deep nesting", strings.Repeat("a: [", 100_000), "1:8004: syntax"},
		{"very deep chain", "x: " + strings.Repeat("a: ", 5_000_000) + "1", "1:150002: syntax"},
		{"very many signs", "x: " + strings.Repeat("- ", 5_000_000) + "1", "1:100002: syntax"},
		{"very long sum", "x: " + strings.Repeat("1+\n", 5_000_000) + "1", "50000:2: syntax"},
		{"very many calls", "x: x" + strings.Repeat("(1, 2)", 1_000_000), "1:299999: syntax"},
		{"very many indices", "x: x" + strings.Repeat("[0]", 1_000_000), "1:150002: syntax"},
		{"very long sum of lists", "x: " + strings.Repeat("[1, 2]+", 1_000_000) + "[]", "1:175003: syntax"},
		{"deep chain", "name: \"a\"\nx: " + strings.Repeat("a: ", 5000) + "1", "2:1: unknown-field"},
		{"minus signs", "name: \"a\"\nx: " + strings.Repeat("-", 5000) + "1", "2:1: unknown-field"},
		{"nothing", "", "1:1: missing-field"},
		{"spaces", " \n\n", "1:1: missing-field"},
		{"no line break at the end", "name: 5", "1:7: wrong-type"},
		{"byte order mark of JSON", "\ufeff{\"name\": 5}", "1:13: wrong-type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := "x.cue"
			if strings.HasSuffix(tt.name, "JSON") {
				file = "x.json"
			}
			r := decodeText(t, file, []byte(tt.text), false)
			if len(r.Diagnostics) != 1 {
				t.Fatalf("got %d diagnostics:\n%s", len(r.Diagnostics), dump(r.Diagnostics))
			}
			d := r.Diagnostics[0]
			if got := fmt.Sprintf("%d:%d: %s", d.Pos.Line, d.Pos.Column, d.Check); got != tt.want {
				t.Errorf("got %s, want %s: %s", got, tt.want, d.Message)
			}
		})
	}
}

func TestHintsNameTheEdit(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"clusterz: {}", "did you mean clusters?"},
		{"clusters: c: nodes: n: adress: \"10.0.0.1/24\"", "did you mean address?"},
		{"clusters: c: podCidrs: []", "did you mean podCIDRs?"},
		{"clusters: c: podCIDRs: \"10.0.0.0/8\"", `put it in brackets: ["10.0.0.0/8"]`},
		{"clusters: c: asNumber: \"64512\"", "write it without quotes"},
		{"clusters: c: asNumber: 1.10", `write it in quotes: "1.10"`},
		{"clusters: c: asNumber: 64512.0", "write 64512"},
		{"clusters: c: asNumber: \"AS64512\"", "write 64512"},
		{"clusters: c: capacity: podsPerNode: 110.0", "write 110"},
		{"clusters: c: isolated: \"yes\"", "write true"},
		{"clusters: c: nodes: [{}]", "there are no lists of named things: write { NAME: … }"},
		{"waivers: {check: \"x\", reason: \"y\"}", "put it in brackets: [{ … }]"},
		{"clusters: c: meshPassword: {}", "write it below bgp: bgp: { meshPassword: … }"},
		{"switches: s: maximumPaths: 4", "write it below bgp: bgp: { maximumPaths: … }"},
		{"links: l: s: {serviceCIDRs: []}", "serviceCIDRs is a field of a cluster; those of a link end are address, address6, interface, vrf"},
		{"clusters: c: peers: p: {asNumber: 1, address: \"10.0.0.1:179\"}", `leave out the port: "10.0.0.1"`},
		{"switches: s: loopback6: \"10.0.0.1/32\"", "an IPv4 address belongs into the field of the same name without the 6"},
		{"switches: s: loopback6: \"fd00::1\"", `add the length: "fd00::1/128" is this address alone`},
		{"switches: \"leaf 1\": {}", `write "leaf-1"`},
		{"clusters: \"A.b\": {}", "write a name as it is expected"},
		{"clusters: c: bgp: meshPassword: \"x\"", secretHint},
		{"clusters: c: calico: version: 3.31", `write it in quotes: "3.31"`},
		{"clusters: c: calico: version: \"v3.31\"", `leave out the v: "3.31"`},
		{"clusters: c: isolated: \"true\"", "write it without quotes"},
		{"clusters: c: nodes: n: address: \"10.0.0.1\"", `add the length of its subnet: "10.0.0.1/24"`},
		{"clusters: c: nodes: n: address: \"fd00::1/64\"", "an address of this family belongs into address6"},
		{"clusters: c: nodes: n: gateway: \"10.0.0.1/24\"", `leave out the length: "10.0.0.1"`},
		{"clusters: c: nodes: Node_1: {}", `write "node-1"`},
		{"clusters: c: bgp: meshMaxRestartTime: \"120\"", `add the unit: "120s"`},
		{"implied: null", "delete the field, or write a value"},
		{"clusters: c: racks: r: bfd: true", withoutBFD},
		{"clusters: c: peers: p: {asNumber: 1, address: \"10.0.0.1\", failureDetectionMode: \"BFDIfDirectlyConnected\"}", withoutBFD},
		{"clusters: c: earlyNetworking: {}", withoutEarlyNetworking},
		{"switches: s: bfd: true", "write it below bgp: bgp: { bfd: … }"},
	} {
		r := decodeText(t, "x.cue", []byte("name: \"a\"\n"+tt.text), false)
		if len(r.Diagnostics) != 1 || r.Diagnostics[0].Hint != tt.want {
			t.Errorf("%s: want the hint %q", tt.text, tt.want)
			for _, d := range r.Diagnostics {
				t.Errorf("\t%s (%s)", d.Message, d.Hint)
			}
		}
	}
}

func TestNumbersAreShownAsTheyAreWritten(t *testing.T) {
	for _, number := range []string{"1e999999999", "1e99999999999999999999", "64512.50"} {
		r := decodeText(t, "x.cue", []byte("name: \"a\"\nclusters: c: asNumber: "+number), false)
		if len(r.Diagnostics) != 1 || !strings.HasPrefix(r.Diagnostics[0].Message, "asNumber is "+number+", a decimal number") {
			t.Errorf("%s:\n%s", number, dump(r.Diagnostics))
		}
	}
}

func TestConflictNamesBothPlaces(t *testing.T) {
	dir := write(t, map[string]string{"a.cue": "name: \"a\"\nclusters: c: asNumber: 1\n", "b.cue": "clusters: c: asNumber: 2\n"})
	r := loadFiles(t, dir, "a.cue", "b.cue")
	if len(r.Diagnostics) != 1 || r.Diagnostics[0].Check != checkConflict || len(r.Diagnostics[0].Notes) != 1 {
		t.Fatalf("got:\n%s", dump(r.Diagnostics))
	}
	d := r.Diagnostics[0]
	got := []string{filepath.Base(d.Pos.File), filepath.Base(d.Notes[0].Pos.File)}
	if !slices.Equal(got, []string{"b.cue", "a.cue"}) || d.Pos.Column != 24 || d.Notes[0].Pos.Line != 2 {
		t.Errorf("got %v with a note at %v", d.Pos, d.Notes[0].Pos)
	}
}
