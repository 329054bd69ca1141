package load

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"topoc/schema"
)

// form is the shape of a schema type.
type form uint8

const (
	scalarForm form = iota
	listForm        // a list of elem
	mapForm         // any labels that match label, each with an elem
	structForm      // fields, and where label is set further labels with an elem
)

// schemaType is one type of the schema, as written in schema/*.cue. Immutable once read.
type schemaType struct {
	name   string // "#Node"; empty where the schema gives it no name
	form   form
	scalar *scalar
	elem   *schemaType
	label  *scalar // the pattern of map labels
	fields []schemaField
}

// has reports whether a struct has a field.
func (t *schemaType) has(field string) bool {
	return slices.ContainsFunc(t.fields, func(f schemaField) bool { return f.name == field })
}

// schemaField is one field of a struct, in the schema's order.
type schemaField struct {
	name     string
	required bool
	typ      *schemaType
}

// embeddedSchema returns the definitions of the schema that the binary carries, by name ("#Node"). It is read at first use,
// and read only: the syntax trees are small and their vocabulary fixed, so there is nothing to evaluate.
var embeddedSchema = sync.OnceValue(func() map[string]*schemaType {
	defs, err := readSchema(schema.Files)
	if err != nil {
		panic("load: the embedded schema: " + err.Error())
	}
	return defs
})

// readSchema reads the definitions of a package of CUE files. It knows the constructs that the schema is written in, and no
// others: struct definitions with ? and ! fields and label patterns, open lists, references to definitions, and scalars as
// scalar.go lists them.
func readSchema(files fs.FS) (map[string]*schemaType, error) {
	names, err := fs.Glob(files, "*.cue")
	if err != nil {
		return nil, err
	}
	r := &schemaReader{defs: map[string]*schemaType{}, exprs: map[string]ast.Expr{}}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(name, data)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if err := r.collect(decl); err != nil {
				return nil, err
			}
		}
	}
	for name := range r.exprs {
		if _, err := r.definition(name); err != nil {
			return nil, err
		}
	}
	return r.defs, nil
}

type schemaReader struct {
	exprs map[string]ast.Expr
	defs  map[string]*schemaType
}

func (r *schemaReader) collect(decl ast.Decl) error {
	switch d := decl.(type) {
	case *ast.Package, *ast.ImportDecl, *ast.CommentGroup:
		return nil
	case *ast.Field:
		if id, ok := d.Label.(*ast.Ident); ok && strings.HasPrefix(id.Name, "#") && d.Constraint == token.ILLEGAL {
			r.exprs[id.Name] = d.Value
			return nil
		}
	}
	return outside(decl)
}

// definition returns a definition, reading it when it is first asked for. A type may refer to itself.
func (r *schemaReader) definition(name string) (*schemaType, error) {
	if t, ok := r.defs[name]; ok {
		return t, nil
	}
	expr, ok := r.exprs[name]
	if !ok {
		return nil, fmt.Errorf("%s is not defined", name)
	}
	t := &schemaType{name: name}
	r.defs[name] = t
	if err := r.read(expr, t); err != nil {
		return nil, err
	}
	if t.scalar != nil {
		t.scalar.name = name
	}
	return t, nil
}

// read fills t with what expr says.
func (r *schemaReader) read(expr ast.Expr, t *schemaType) error {
	switch x := expr.(type) {
	case *ast.StructLit:
		return r.structure(x, t)
	case *ast.ListLit:
		t.form = listForm
		if len(x.Elts) == 1 {
			if rest, ok := x.Elts[0].(*ast.Ellipsis); ok && rest.Type != nil {
				var err error
				t.elem, err = r.typeOf(rest.Type)
				return err
			}
		}
		return outside(expr)
	}
	t.form = scalarForm
	var err error
	t.scalar, err = r.scalar(expr)
	return err
}

// typeOf returns the type of a field or an element: a definition itself where expr only names one.
func (r *schemaReader) typeOf(expr ast.Expr) (*schemaType, error) {
	if id, ok := expr.(*ast.Ident); ok && strings.HasPrefix(id.Name, "#") {
		return r.definition(id.Name)
	}
	t := &schemaType{}
	return t, r.read(expr, t)
}

func (r *schemaReader) structure(x *ast.StructLit, t *schemaType) error {
	t.form = structForm
	for _, decl := range x.Elts {
		f, ok := decl.(*ast.Field)
		if !ok {
			return outside(decl)
		}
		typ, err := r.typeOf(f.Value)
		if err != nil {
			return err
		}
		if pattern, ok := f.Label.(*ast.ListLit); ok && len(pattern.Elts) == 1 && t.label == nil {
			t.elem = typ
			if t.label, err = r.scalar(pattern.Elts[0]); err != nil {
				return err
			}
			continue
		}
		name, _, err := ast.LabelName(f.Label)
		if err != nil || f.Constraint != token.OPTION && f.Constraint != token.NOT {
			return outside(f)
		}
		if t.has(name) {
			return fmt.Errorf("%v: the field %s is there twice", f.Pos(), name)
		}
		t.fields = append(t.fields, schemaField{name: name, required: f.Constraint == token.NOT, typ: typ})
	}
	if t.label != nil && len(t.fields) == 0 {
		t.form = mapForm
	}
	return nil
}

// scalar reads a scalar's expression: a conjunction of what scalar.go lists, or int | string with each side such a
// conjunction, which only AS numbers are.
func (r *schemaReader) scalar(expr ast.Expr) (*scalar, error) {
	if id, ok := expr.(*ast.Ident); ok && strings.HasPrefix(id.Name, "#") {
		t, err := r.definition(id.Name)
		if err != nil {
			return nil, err
		}
		if t.scalar == nil {
			return nil, outside(expr)
		}
		return t.scalar, nil
	}
	s := &scalar{}
	return s, r.conjunct(expr, s)
}

func (r *schemaReader) conjunct(expr ast.Expr, s *scalar) error {
	switch x := expr.(type) {
	case *ast.BinaryExpr:
		if x.Op == token.AND || x.Op == token.OR && s.kinds == 0 {
			if err := r.conjunct(x.X, s); err != nil {
				return err
			}
			return r.conjunct(x.Y, s)
		}
	case *ast.Ident:
		if strings.HasPrefix(x.Name, "#") {
			named, err := r.scalar(x)
			if err != nil {
				return err
			}
			s.add(named)
			return nil
		}
		if k, ok := scalarKinds[x.Name]; ok {
			s.kinds |= k
			return nil
		}
	case *ast.SelectorExpr:
		return s.addValidator(selectorName(x), "")
	case *ast.CallExpr:
		if sel, ok := x.Fun.(*ast.SelectorExpr); ok && len(x.Args) == 1 {
			if arg, ok := x.Args[0].(*ast.BasicLit); ok {
				return s.addValidator(selectorName(sel), arg.Value)
			}
		}
	case *ast.UnaryExpr:
		if arg, ok := x.X.(*ast.BasicLit); ok {
			return s.addBound(x.Op, arg.Value)
		}
	}
	return outside(expr)
}

func selectorName(x *ast.SelectorExpr) string {
	pkg, _ := x.X.(*ast.Ident)
	name, _, _ := ast.LabelName(x.Sel)
	if pkg == nil {
		return name
	}
	return pkg.Name + "." + name
}

func outside(n ast.Node) error {
	return fmt.Errorf("%v: a construct that the schema is not written in", n.Pos())
}

// unquote reads a CUE string literal.
func unquote(lit string) (string, error) { return literal.Unquote(lit) }

// integerLiteral reads an integer literal of the schema.
func integerLiteral(lit string) (int64, error) { return strconv.ParseInt(lit, 10, 64) }
