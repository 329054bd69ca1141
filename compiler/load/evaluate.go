package load

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"topoc/schema"
)

// evaluate has CUE evaluate the inputs, alone and without the schema, and decodes what comes out. With noBursts it returns ErrBurst where
// that could end the process.
func (d *decoder) evaluate(inputs []*input, noBursts bool, at offset, dst reflect.Value) error {
	inst := d.instance(inputs)
	if noBursts && mayBurst(inst) {
		return ErrBurst
	}
	root, files, mistakes := d.evaluated(inputs, inst)
	d.files = files
	loops := loopsOf(files)
	for _, e := range mistakes {
		d.cueError(e, loops)
	}
	d.root(topologyPlan(), root, at, dst)
	return nil
}

// evaluated returns what the inputs, which are that instance, are made of by CUE, the files of the instance, and CUE's errors.
func (d *decoder) evaluated(inputs []*input, inst *build.Instance) (*evaluated, []*ast.File, []errors.Error) {
	v, files := cuecontext.New().BuildInstance(inst), inst.Files
	mistakes := errors.Errors(v.Validate())
	if undefined := undefinedReferences(mistakes); undefined != nil {
		// CUE doesn't evaluate anything while a reference leads to nothing. Report those, and evaluate with errors in their
		// place, to find the other mistakes as well.
		first := mistakes
		for _, file := range files {
			eraseReferences(file, undefined)
		}
		inst = d.instance(inputs)
		v, files = cuecontext.New().BuildInstance(inst), inst.Files
		mistakes = append(first, slices.DeleteFunc(errors.Errors(v.Validate()), isErased)...)
	}
	root := newEvaluated(d, v, nil)
	for _, file := range files {
		root.origins = append(root.origins, file.Decls)
	}
	return root, files, mistakes
}

// instance returns the inputs as one instance. In a module that may have more files than the inputs.
func (d *decoder) instance(inputs []*input) *build.Instance {
	inst := d.moduleInstance(inputs)
	if inst == nil {
		inst = build.NewContext(build.Loader(loadSchema)).NewInstance("", nil)
		inst.User = true // files of several packages may be joined
		for _, in := range inputs {
			_ = inst.AddSyntax(in.file) // kept in inst.Err
		}
		_ = inst.Complete() // likewise
	}
	return inst
}

// loadSchema serves the import of the schema package, wherever the importing file lies.
func loadSchema(_ token.Pos, path string) *build.Instance {
	if !isSchemaImport(path) {
		return nil // of CUE's standard library, or unknown: evaluation says so
	}
	inst := build.NewContext().NewInstance("", nil)
	if err := inst.AddFile("schema.cue", openSchema()); err != nil {
		panic("load: the embedded schema: " + err.Error())
	}
	inst.ImportPath = path
	_ = inst.Complete()
	return inst
}

// isSchemaImport reports whether an import path is the schema's, with or without major version and package name.
func isSchemaImport(path string) bool {
	path, _, _ = strings.Cut(path, ":")
	path, _, _ = strings.Cut(path, "@")
	return path == schema.ImportPath
}

// openSchema returns the source of the schema package as topologies see it here: every definition is there with its fields,
// and accepts anything. The decoder judges the result, in its own words, at the user's lines.
func openSchema() string {
	var b strings.Builder
	b.WriteString("package schema\n")
	defs := embeddedSchema()
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		t := defs[name]
		if t.form != structForm {
			b.WriteString(name + ": _\n")
			continue
		}
		b.WriteString(name + ": {\n") // the fields by name, so that a definition made of this one has them too
		for _, f := range t.fields {
			b.WriteString(f.name + "?: _\n")
		}
		b.WriteString("...\n}\n")
	}
	return b.String()
}

// undefinedReferences returns the places of references to nothing, if those are the only mistakes; else nil.
func undefinedReferences(mistakes []errors.Error) map[token.Pos]bool {
	var at map[token.Pos]bool
	for _, e := range mistakes {
		if format, _ := e.Msg(); format != "reference %q not found" {
			return nil
		}
		if at == nil {
			at = map[token.Pos]bool{}
		}
		at[barePos(e.Position())] = true
	}
	return at
}

// barePos strips a position of the layout that it carries.
func barePos(p token.Pos) token.Pos {
	if p.File() == nil {
		return token.NoPos
	}
	return p.File().Pos(p.Offset(), token.NoRelPos)
}

// eraseReferences puts errors in the place of the identifiers at the given positions.
func eraseReferences(file *ast.File, at map[token.Pos]bool) {
	astutil.Apply(file, func(c astutil.Cursor) bool {
		if id, ok := c.Node().(*ast.Ident); ok && at[barePos(id.Pos())] {
			if _, isLabel := c.Parent().Node().(*ast.Field); !isLabel || c.Parent().Node().(*ast.Field).Label != ast.Label(id) {
				c.Replace(&ast.BottomLit{Bottom: id.Pos()})
			}
		}
		return true
	}, nil)
}

// isErased reports whether an error is one that eraseReferences put there.
func isErased(e errors.Error) bool {
	format, _ := e.Msg()
	return strings.HasPrefix(format, "explicit error (_|_ literal)")
}
