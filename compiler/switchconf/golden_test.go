package switchconf_test

import (
	"bytes"
	"context"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/artifact"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/goldentest"
	"topoc/compiler/load"
	"topoc/compiler/switchconf"
)

func TestMain(m *testing.M) { os.Exit(goldentest.Main(m)) }

// TestGolden writes the snippets of all switches of a topology. Read a golden from top to bottom as the operator who pastes it.
func TestGolden(t *testing.T) {
	goldentest.Run(t, "testdata/*.txtar", func(t *testing.T, input *txtar.Archive) map[string][]byte {
		out := map[string][]byte{}
		for _, f := range compile(t, input.Files[0].Data) {
			out[path.Base(f.Path)] = f.Data
			wellFormed(t, f)
		}
		return out
	})
}

// TestEveryPrinterHasGoldens finds a dialect that nobody wrote a golden for.
func TestEveryPrinterHasGoldens(t *testing.T) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, e := range entries {
		dialect, _, _ := strings.Cut(e.Name(), "-")
		have[dialect] = true
	}
	for _, p := range switchconf.All() {
		if !have[p.Dialect] {
			t.Errorf("testdata has no golden of dialect %s", p.Dialect)
		}
	}
}

// TestEveryDialectHasAPrinter keeps the table of dialects and the printers together.
func TestEveryDialectHasAPrinter(t *testing.T) {
	for _, name := range fabric.DialectNames() {
		if p := switchconf.PrinterByName(name); p == nil || p.Platform == "" {
			t.Errorf("no printer writes dialect %s, or it does not say what for", name)
		}
	}
}

// linked loads and links a topology that has nothing wrong with it.
func linked(t testing.TB, topology []byte) *fabric.Fabric {
	t.Helper()
	r, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: bytes.NewReader(topology)})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Fatalf("%s: %s [%s]", d.Pos, d.Message, d.Check)
	}
	f, diags := fabric.Link(r.Topology)
	for _, d := range diags {
		t.Fatalf("%s: %s [%s]", d.Path, d.Message, d.Check)
	}
	return f
}

// compile returns the files of all switches of a topology, and fails where a dialect lacks what it asks.
func compile(t testing.TB, topology []byte) []artifact.File {
	t.Helper()
	f := linked(t, topology)
	var files []artifact.File
	for _, s := range f.Switches {
		for _, n := range fabric.Unsupported(s) {
			t.Errorf("%s: %s", n.At, n.Message)
		}
		files = append(files, switchconf.Compile(s, f.Name)...)
	}
	return files
}

// wellFormed checks what every snippet must be: short lines of visible ASCII. Where each says its whole path they are longer.
func wellFormed(t testing.TB, f artifact.File) {
	t.Helper()
	if !bytes.HasSuffix(f.Data, []byte("\n")) {
		t.Errorf("%s does not end in a newline", f.Path)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n") {
		if len(line) > 250 || strings.HasSuffix(line, " ") || line == "" {
			t.Errorf("%s:%d is empty, too long, or ends in a blank: %q", f.Path, i+1, line)
		}
		for _, r := range line {
			if r < ' ' || r > '~' {
				t.Errorf("%s:%d holds %q", f.Path, i+1, r)
			}
		}
	}
}

func TestNothingToSayGivesNoFile(t *testing.T) {
	f := linked(t, []byte(`
name: "quiet"
switches: {
	silent: dialect: "frr"
	existing: {dialect: "frr", managed: false, asNumber: 65001, routerID: "1.1.1.1"}
	foreign: {managed: false, asNumber: 65002, routerID: "1.1.1.2"}
}
links: {
	one: {existing: address: "10.0.0.1/30", foreign: address: "10.0.0.2/30"}
}
`))
	for _, s := range f.Switches {
		if files := switchconf.Compile(s, f.Name); len(files) > 0 {
			t.Errorf("switch %s has %s, want no files", s.Name, files[0].Path)
		}
	}
}

// goldenTopology returns the topology of a golden.
func goldenTopology(t testing.TB, golden string) []byte {
	t.Helper()
	a, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	return a.Files[0].Data
}
