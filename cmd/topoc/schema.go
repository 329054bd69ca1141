package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler/artifact"
	"topoc/schema"
)

func schemaCommand() *command {
	return &command{
		name:    "schema",
		summary: "print the schema of topologies, which is also their reference manual",
		help: `
The schema is CUE; its comments say what each field means and what its default
is.

topoc needs no copy of it, but other tools of CUE do. --vendor puts one below
DIR, in cue.mod. In that directory a topology may then begin with

  package lab
  import "` + schema.ImportPath + `"
  schema.#Topology

and cue vet, and the CUE language server in an editor, know its types and print
its comments. They let unknown fields pass there, as CUE does wherever a whole
file embeds a definition; topoc refuses them. YAML is judged in full:

  cue vet -c -d '#Topology' ` + schema.ImportPath + ` lab.yaml

A file below DIR that topoc did not write is not overwritten.`,
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			dir := flags.String("vendor", "", "write the schema to the cue.mod below `DIR`")
			return func(e *env, _ []string) error {
				if *dir != "" {
					return vendorSchema(e.stdout, *dir)
				}
				return writeSchema(e.stdout)
			}
		},
	}
}

// writeSchema prints the schema as one file: the root's first, then the others by name.
func writeSchema(w io.Writer) error {
	files, err := schemaFiles()
	if err != nil {
		return err
	}
	slices.SortStableFunc(files, func(a, b schemaFile) int {
		switch root := "topology.cue"; {
		case a.name == b.name:
			return 0
		case a.name == root:
			return -1
		case b.name == root:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	_, err = io.WriteString(w, joinSchema(files))
	return err
}

var (
	packageClause = regexp.MustCompile(`(?m)^package \w+\n+`)
	importDecl    = regexp.MustCompile(`(?m)^import (?:"([^"]+)"|\(([^)]*)\))\n+`)
)

// joinSchema makes one file of several of one package, as CUE wants it: comment, package, imports, definitions.
func joinSchema(files []schemaFile) string {
	var head, body strings.Builder
	imports := map[string]bool{}
	for i, f := range files {
		before, rest := "", f.text
		if at := packageClause.FindStringIndex(f.text); at != nil {
			before, rest = f.text[:at[0]], f.text[at[1]:]
			if i == 0 {
				head.WriteString(f.text[:at[1]])
			}
		}
		if i > 0 {
			body.WriteString(strings.TrimLeft(before, "\n"))
		}
		for _, found := range importDecl.FindAllStringSubmatch(rest, -1) {
			for _, path := range strings.Fields(found[1] + " " + found[2]) {
				imports[strings.Trim(path, `"`)] = true
			}
		}
		body.WriteString(strings.TrimSpace(importDecl.ReplaceAllString(rest, "")))
		body.WriteString("\n\n")
	}
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		fmt.Fprintf(&head, "import %q\n", path)
	}
	return strings.TrimSpace(head.String()) + "\n\n" + strings.TrimSpace(body.String()) + "\n"
}

type schemaFile struct{ name, text string }

// schemaFiles returns the files of the schema, sorted by name.
func schemaFiles() ([]schemaFile, error) {
	names, err := fs.Glob(schema.Files, "*.cue")
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	files := make([]schemaFile, len(names))
	for i, name := range names {
		text, err := schema.Files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the schema: %w", err)
		}
		files[i] = schemaFile{name, string(text)}
	}
	return files, nil
}

// vendoredModule is written where a directory has no module yet. The packages that cue.mod/pkg holds need no entry.
const vendoredModule = `module: "topology.example"
language: version: "v0.17.0"
`

// vendorSchema puts the schema where CUE looks for it. The package's directory is kept like the output of a build, so that
// a later topoc replaces what an earlier one wrote, and nothing else.
func vendorSchema(w io.Writer, dir string) error {
	files, err := schemaFiles()
	if err != nil {
		return err
	}
	set := &artifact.Set{}
	for _, f := range files {
		if err := set.Add(artifact.File{Path: f.name, Mode: artifact.Plain, Data: []byte(f.text)}); err != nil {
			return fmt.Errorf("schema: %w", err)
		}
	}
	at := filepath.Join(dir, "cue.mod", "pkg", filepath.FromSlash(schema.ImportPath))
	done, err := artifact.Write(at, set, artifact.Options{})
	if err != nil {
		return err
	}
	module := filepath.Join(dir, "cue.mod", "module.cue")
	if err := createNew(module, []byte(vendoredModule)); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("schema: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s: %d written, %d removed, %d unchanged\n", at, len(done.Written), len(done.Removed), done.Unchanged)
	return err
}

// createNew writes a file that must not exist; where it does, the error wraps fs.ErrExist.
func createNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
