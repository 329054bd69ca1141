package load

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/load"
	"cuelang.org/go/cue/parser"

	"topoc/schema"
)

// readDirectory reads the CUE package in a directory: the files that have a package clause, or if none has, all of them. It
// leaves out what CUE leaves out.
func readDirectory(dir string, read Files) ([]*input, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	byPackage := map[string][]*input{}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || filepath.Ext(name) != ".cue" || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") ||
			strings.HasSuffix(name, "_tool.cue") || strings.HasSuffix(name, "_test.cue") {
			continue
		}
		path := filepath.Join(dir, name)
		data, err := read.read(path, func() ([]byte, error) { return readFile(path) })
		if err != nil {
			return nil, unreadable(path, err)
		}
		pkg := packageOf(path, data)
		byPackage[pkg] = append(byPackage[pkg], &input{name: path, data: data, dir: dir})
	}
	unnamed := byPackage[""]
	delete(byPackage, "")
	switch {
	case len(byPackage) == 0 && len(unnamed) == 0:
		return nil, fmt.Errorf("read %s: no CUE files in this directory", dir)
	case len(byPackage) == 0:
		return unnamed, nil
	case len(byPackage) > 1:
		var names []string
		for name := range byPackage {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("read %s: several packages in this directory (%s): name the files of one", dir,
			strings.Join(names, ", "))
	}
	for _, files := range byPackage {
		return files, nil
	}
	return nil, nil
}

func packageOf(name string, data []byte) string {
	file, err := parser.ParseFile(name, data, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return file.PackageName()
}

// moduleInstance returns the inputs as an instance of the CUE module that they lie in, with the packages of that module and
// its dependencies; nil where they lie in none, or import nothing of it and so can be built alone. The first CUE file says
// which module it is.
func (d *decoder) moduleInstance(inputs []*input) *build.Instance {
	var members, others []*input // CUE files; what no module knows of
	for _, in := range inputs {
		if in.format == cueFormat && in.name != "-" {
			members = append(members, in)
		} else {
			others = append(others, in)
		}
	}
	if len(members) == 0 || members[0].dir == "" && !importsModule(members) {
		return nil
	}
	dir, err := filepath.Abs(filepath.Dir(members[0].name))
	if err != nil {
		return nil
	}
	root := moduleRoot(dir)
	if root == "" {
		return nil
	}
	overlay := schemaOverlay(root)
	known := map[string]*input{}
	var args []string
	for _, in := range members {
		abs, err := filepath.Abs(in.name)
		if err != nil {
			return nil
		}
		known[abs] = in
		overlay[abs] = load.FromBytes(in.data) // as it was read: it may have changed since
		args = append(args, abs)
	}
	cfg := &load.Config{Dir: dir, Overlay: overlay, ParseFile: d.parseHook(known, overlay, newModule(root))}
	if os.Getenv("CUE_REGISTRY") == "" {
		cfg.Env = append(os.Environ(), "CUE_REGISTRY=none")
	}
	if members[0].dir != "" && !slices.ContainsFunc(members, func(in *input) bool { return in.dir != members[0].dir }) {
		args = []string{"."} // the package as CUE defines it, files of parent directories included
		d.inputs.addPackage(root, dir)
		if members[0].file.PackageName() == "" {
			cfg.Package = "_"
		}
	}
	inst := load.Instances(args, cfg)[0]
	for _, in := range others {
		_ = inst.AddSyntax(in.file) // kept in inst.Err
	}
	return inst
}

// importsModule reports whether some input imports more than CUE's standard library and the schema.
func importsModule(inputs []*input) bool {
	for _, in := range inputs {
		for spec := range in.file.ImportSpecs() {
			path, err := unquote(spec.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			if err == nil && !isSchemaImport(path) && strings.Contains(first, ".") {
				return true
			}
		}
	}
	return false
}

// moduleRoot returns the directory around dir that holds a cue.mod; empty where there is none.
func moduleRoot(dir string) string {
	for {
		if info, err := os.Stat(filepath.Join(dir, "cue.mod", "module.cue")); err == nil && !info.IsDir() {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// parseHook returns the parser for load.Config. Files that were read already keep their tree, and with it the names that the
// user gave them; those that CUE finds join the locator and, unless they are of the overlay, the inputs. So does what any of them
// imports of the module m.
func (d *decoder) parseHook(known map[string]*input, overlay map[string]load.Source, m module) func(string, any, parser.Config) (*ast.File, error) {
	var mu sync.Mutex
	d.inputs.Files = append(d.inputs.Files, relative(m.file()))
	return func(name string, src any, cfg parser.Config) (*ast.File, error) {
		mu.Lock()
		defer mu.Unlock()
		if in := known[name]; in != nil {
			d.inputs.addImports(m, in.file)
			return in.file, nil
		}
		data, err := bytesOf(name, src)
		if err != nil {
			return nil, err
		}
		shown := relative(name)
		if d.locator.file(shown) == nil {
			d.locator.add(shown, data)
			if overlay[name] == nil {
				d.inputs.Files = append(d.inputs.Files, shown)
			}
		}
		file, err := parser.ParseFile(shown, data, cfg)
		d.inputs.addImports(m, file)
		return file, err
	}
}

func bytesOf(name string, src any) ([]byte, error) {
	switch src := src.(type) {
	case []byte:
		return src, nil
	case string:
		return []byte(src), nil
	case io.Reader:
		return io.ReadAll(src)
	}
	return os.ReadFile(name)
}

// relative returns a name as seen from the working directory, if the file lies below it.
func relative(name string) string {
	wd, err := os.Getwd()
	if err != nil {
		return name
	}
	if rel, err := filepath.Rel(wd, name); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return name
}

// schemaOverlay puts the open schema where CUE looks for the schema package: in the folder of that name if root is the
// schema's own module, else among the packages of cue.mod.
func schemaOverlay(root string) map[string]load.Source {
	module, folder := path.Split(schema.ImportPath)
	overlay := map[string]load.Source{}
	data, err := os.ReadFile(filepath.Join(root, "cue.mod", "module.cue"))
	if err != nil || !strings.Contains(string(data), strconv.Quote(strings.TrimSuffix(module, "/"))) {
		at := filepath.Join(root, "cue.mod", "pkg", filepath.FromSlash(schema.ImportPath), "schema.cue")
		overlay[at] = load.FromString(openSchema())
		return overlay
	}
	files, _ := filepath.Glob(filepath.Join(root, folder, "*.cue"))
	for _, name := range files {
		overlay[name] = load.FromString("package " + folder + "\n")
	}
	overlay[filepath.Join(root, folder, "schema.cue")] = load.FromString(openSchema())
	return overlay
}
