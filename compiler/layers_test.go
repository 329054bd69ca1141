package compiler_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the module, root its directory seen from this package's.
const (
	module = "topoc"
	root   = ".."
)

// layers says who may import whom: each package with the packages of the module that its code may import, apart from
// those of its tests. It is the table of ARCHITECTURE.md. Packages of a layer never import each other.
var layers = func() map[string][]string {
	table := map[string][]string{
		"compiler/source":           {},
		"compiler/internal/cfgtext": {},
		"compiler/internal/secret":  {},
		"schema":                    {},
		"topologies":                {},

		"compiler/diag":     {"compiler/source"},
		"compiler/artifact": {"compiler/source"},
		"compiler/model":    {"compiler/source"},

		// Only tests import these.
		"compiler/internal/goldentest": {},
		"compiler/diag/sarifschema":    {},
		"topologies/topogen":           {},
		"compiler/internal/oracle":     {"compiler/fabric", "compiler/model", "compiler/calico"},

		"compiler/internal/bgp":     {},
		"compiler/internal/program": {},
	}
	layer := func(packages []string, mayImport ...string) {
		for _, p := range packages {
			table[p] = mayImport
		}
	}
	read := []string{"compiler/model", "compiler/diag", "compiler/source"}
	layer([]string{"compiler/load"}, append(read, "schema", "compiler/internal/secret")...)
	layer([]string{"compiler/fabric", "compiler/importer"}, read...)
	target := append(read, "compiler/fabric", "compiler/artifact", "compiler/internal/cfgtext")
	targets := []string{"compiler/calico", "compiler/switchconf", "compiler/hostroute", "compiler/firewall"}
	layer(targets, target...)
	layer([]string{"compiler/simulate"}, "compiler/fabric", "compiler/model", "compiler/diag", "compiler/source", "compiler/calico",
		"compiler/internal/bgp")
	views := []string{"compiler/check", "compiler/show", "compiler/report", "compiler/plan", "compiler/emulate"}
	below := slices.Concat(target, targets, []string{"compiler/simulate"})
	layer(views, append(slices.Clone(below), "compiler/internal/secret")...)
	table["compiler/emulate"] = append(slices.Clone(below), "compiler/internal/program")
	all := slices.Concat(below, views, []string{"compiler/load", "compiler/importer"})
	layer([]string{"compiler"}, append(slices.Clone(all), "compiler/internal/secret")...)
	layer([]string{"cmd/topoc"}, append(all, "compiler", "schema", "topologies")...)

	const anywhere = "compiler/internal/lazyregexp" // what knows nothing of topologies may serve any layer
	for name, mayImport := range table {
		table[name] = append(slices.Clip(mayImport), anywhere)
	}
	table[anywhere] = nil
	return table
}()

// foreign says which packages may import what comes from outside: each is there for one purpose. The longest prefix counts.
// What isn't listed, any package may import. Tests may import anything.
var foreign = map[string][]string{
	"cuelang.org/go":               {"compiler/load", "compiler/importer"},
	"github.com/projectcalico/api": {"compiler/calico", "compiler/importer", "compiler/simulate", "compiler/check", "compiler/emulate", "compiler/internal/oracle"},
	"github.com/projectcalico/calico/libcalico-go/lib/selector": {"compiler/fabric", "compiler/simulate", "compiler/check", "compiler/internal/oracle"},
	"github.com/projectcalico/calico":                           {},
	"github.com/tigera/operator":                                {"compiler/calico", "compiler/importer", "compiler/simulate", "compiler/check", "compiler/emulate"},
	"k8s.io":                                                    {"compiler/calico", "compiler/importer", "compiler/simulate", "compiler/check", "compiler/internal/oracle"},
	"sigs.k8s.io/yaml":                                          {"compiler/calico", "compiler/importer"},
	"github.com/spf13/pflag":                                    {"cmd/topoc"},
	"github.com/vishvananda":                                    {"compiler/emulate"},
	"github.com/fsnotify/fsnotify":                              {"cmd/topoc"},
	"github.com/owenrumney/go-sarif":                            {"compiler/diag"},
	"github.com/santhosh-tekuri/jsonschema":                     {"compiler/diag/sarifschema"},
	"github.com/rogpeppe/go-internal/testscript":                {},
	"github.com/rogpeppe/go-internal/txtar":                     {"compiler/internal/goldentest", "compiler/check"},
}

func TestImportsFollowTheLayers(t *testing.T) {
	for name, pkg := range packages(t) {
		allowed, isListed := layers[name]
		if !isListed {
			t.Errorf("%s is in no layer: say in layers_test.go and ARCHITECTURE.md what it may import", name)
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(pkg.imports)) {
			own, isOwn := strings.CutPrefix(imported, module+"/")
			switch {
			case isOwn && !slices.Contains(allowed, own):
				t.Errorf("%s: %s may not import %s", pkg.imports[imported], name, own)
			case !isOwn && !mayImportForeign(name, imported):
				t.Errorf("%s: %s may not import %s", pkg.imports[imported], name, imported)
			}
		}
	}
}

// mayImportForeign looks imported up in foreign.
func mayImportForeign(name, imported string) bool {
	for prefix := imported; prefix != "."; prefix = path.Dir(prefix) {
		if allowed, ok := foreign[prefix]; ok {
			return slices.Contains(allowed, name)
		}
	}
	return true
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for name, pkg := range packages(t) {
		want := "Package " + path.Base(name) + " "
		if pkg.name == "main" {
			want = "Command " + path.Base(name) + " "
		}
		if !strings.HasPrefix(pkg.doc, want) {
			t.Errorf("%s: its doc comment must begin with %q, one file must have it", name, want)
		}
	}
}

// pkg is what the tests look at of a package.
type pkg struct {
	name    string
	doc     string
	imports map[string]string // import path → a file that imports it
}

// packages reads every package of the module but for its tests, whatever the platform its files are for.
func packages(t *testing.T) map[string]*pkg {
	t.Helper()
	found := map[string]*pkg{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(file, d)
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		name := filepath.ToSlash(dir)
		if found[name] == nil {
			found[name] = &pkg{name: syntax.Name.Name, imports: map[string]string{}}
		}
		return found[name].add(file, syntax)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// skipDir skips what is no part of the module's code: test data, hidden directories, and other modules.
func skipDir(dir string, d fs.DirEntry) error {
	if dir == root {
		return nil
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	if err == nil || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") {
		return filepath.SkipDir
	}
	return nil
}

func (p *pkg) add(file string, syntax *ast.File) error {
	if syntax.Doc != nil {
		p.doc += syntax.Doc.Text()
	}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		p.imports[imported] = file
	}
	return nil
}
