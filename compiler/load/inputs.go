package load

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/mod/modfile"
)

// addInput adds a file that the user named, or the directory that it was found in.
func (i *Inputs) addInput(in *input) {
	if in.name == "-" {
		return
	}
	i.Files = append(i.Files, in.name)
	if in.dir != "" {
		i.Dirs = append(i.Dirs, in.dir)
	}
}

// addPackage adds the directory of a package and those around it, up to the module's root: CUE takes files of the same package
// from all of them.
func (i *Inputs) addPackage(root, dir string) {
	for rel, err := filepath.Rel(root, dir); err == nil && filepath.IsLocal(rel); rel = filepath.Dir(rel) {
		i.Dirs = append(i.Dirs, relative(filepath.Join(root, rel)))
		if rel == "." {
			return
		}
	}
}

// addImports adds the directories where CUE looks for what a file imports of the module or of its folder for packages from
// elsewhere. file may be nil.
func (i *Inputs) addImports(m module, file *ast.File) {
	if file == nil {
		return
	}
	for spec := range file.ImportSpecs() {
		path, err := unquote(spec.Path.Value)
		first, _, _ := strings.Cut(path, "/")
		if err != nil || isSchemaImport(path) || !strings.Contains(first, ".") {
			continue
		}
		path, _, _ = strings.Cut(path, ":")
		path, _, _ = strings.Cut(path, "@")
		if inside, ok := strings.CutPrefix(path+"/", m.path+"/"); ok && m.path != "" {
			i.addPackage(m.root, filepath.Join(m.root, filepath.FromSlash(inside)))
			continue
		}
		for _, folder := range []string{"gen", "pkg", "usr"} {
			i.Dirs = append(i.Dirs, relative(filepath.Join(m.root, "cue.mod", folder, filepath.FromSlash(path))))
		}
	}
}

// sorted returns the inputs in their order, each once.
func (i *Inputs) sorted() Inputs {
	once := func(names []string) []string {
		names = slices.Clone(names)
		slices.Sort(names)
		return slices.Compact(names)
	}
	return Inputs{Files: once(i.Files), Dirs: once(i.Dirs)}
}

// module is the CUE module that a topology lies in.
type module struct {
	root string // its directory
	path string // the beginning of its packages' import paths, "" where its file doesn't say
}

func newModule(root string) module {
	m := module{root: root}
	data, err := os.ReadFile(m.file())
	if err != nil {
		return m
	}
	if f, err := modfile.ParseNonStrict(data, m.file()); err == nil {
		m.path, _, _ = strings.Cut(f.Module, "@")
	}
	return m
}

// file returns the name of the file that makes the directory a module.
func (m module) file() string { return filepath.Join(m.root, "cue.mod", "module.cue") }
