package load

import (
	"cmp"
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// evaluated is an evaluated CUE value as a value of the decoder.
//
// CUE knows of a value which expressions it is made of, not which of them its author would call its place: where a pattern
// ([_]: …) adds to a struct, CUE's position is the pattern's. So the syntax trees are followed alongside: origins are the
// declarations that stand literally where the value is.
type evaluated struct {
	d       *decoder
	v       cue.Value
	written cue.Value // v without its default taken
	k       kind
	at      offset
	origins [][]ast.Decl
}

// newEvaluated returns v, with its default taken. exprs are the expressions that are written for it.
func newEvaluated(d *decoder, v cue.Value, exprs []ast.Expr) *evaluated {
	written := v
	v, _ = v.Default()
	e := &evaluated{d: d, v: v, written: written, k: kindOf(v)}
	for _, expr := range exprs {
		e.origins = appendOrigins(e.origins, expr)
	}
	e.at = e.place(exprs)
	return e
}

func kindOf(v cue.Value) kind {
	switch v.Kind() {
	case cue.StructKind:
		return structKind
	case cue.ListKind:
		return listKind
	case cue.StringKind:
		return stringKind
	case cue.IntKind:
		return intKind
	case cue.FloatKind, cue.NumberKind:
		return floatKind
	case cue.BoolKind:
		return boolKind
	case cue.NullKind:
		return nullKind
	case cue.BytesKind:
		return bytesKind
	}
	if v.Err() == nil || v.Validate() == nil { // a type; an operation on one
		return noKind
	}
	// An error. CUE passes errors on to the struct or list around them, whose other parts are as good as ever.
	if fields, err := v.Fields(); err == nil && fields.Next() {
		if fields.Selector().LabelType() == cue.IndexLabel {
			return listKind
		}
		return structKind
	}
	return badKind
}

func (e *evaluated) kind() kind  { return e.k }
func (e *evaluated) pos() offset { return e.at }

func (e *evaluated) describe() string {
	if e.k == noKind {
		if e.v.Err() != nil {
			return "an operation on open values"
		}
		if e.v.IncompleteKind() == cue.TopKind {
			return "an open value"
		}
	}
	source := e.v.Source()
	if f, ok := source.(*ast.Field); ok {
		source = f.Value
	}
	if written, ok := source.(*ast.BasicLit); ok && (e.k == floatKind && written.Kind == token.FLOAT || e.k == stringKind && written.Kind == token.STRING) {
		return written.Value // CUE prints 1e999999999 as 1.0, and a line end as three quotes on lines of their own
	}
	if e.k == stringKind {
		return literal.String.Quote(e.str())
	}
	return fmt.Sprint(e.v)
}

func (e *evaluated) str() string {
	s, _ := e.v.String()
	return s
}

func (e *evaluated) integer() (int64, bool) {
	n, err := e.v.Int64()
	return n, err == nil
}

func (e *evaluated) boolean() bool {
	b, _ := e.v.Bool()
	return b
}

func (e *evaluated) fields(yield func(string, offset, value) bool) {
	fields, err := e.v.Fields()
	if err != nil {
		return
	}
	written := indexOrigins(e.origins)
	for fields.Next() {
		label := fields.Selector().Unquoted()
		v := fields.Value()
		from := written.fields(label)
		if len(from) == 0 {
			from = namingFields(v)
		}
		exprs := make([]ast.Expr, len(from))
		for i, f := range from {
			exprs[i] = f.Value
		}
		child := newEvaluated(e.d, v, exprs)
		at := child.at
		if len(from) > 0 {
			at = e.d.locator.offset(from[0].Label.Pos())
		}
		if !yield(label, at, child) {
			return
		}
	}
}

func (e *evaluated) elements(yield func(value) bool) {
	fields, err := e.v.Fields() // of a list with an erroneous element too; List would refuse it
	if err == nil {
		for fields.Next() {
			if !yield(e.element(fields.Value())) {
				return
			}
		}
		return
	}
	list, err := e.v.List()
	for err == nil && list.Next() {
		if !yield(e.element(list.Value())) {
			return
		}
	}
}

func (e *evaluated) element(v cue.Value) *evaluated {
	var exprs []ast.Expr
	if expr, ok := v.Source().(ast.Expr); ok {
		exprs = []ast.Expr{expr}
	}
	return newEvaluated(e.d, v, exprs)
}

// place chooses among the expressions for a value the one that says it: a literal before anything else.
func (e *evaluated) place(exprs []ast.Expr) offset {
	first := offset(0)
	for _, expr := range exprs {
		at := e.d.locator.offset(expr.Pos())
		switch expr.(type) {
		case *ast.BasicLit, *ast.ListLit, *ast.StructLit, *ast.Interpolation, *ast.UnaryExpr:
			if at != 0 {
				return at
			}
		}
		first = cmp.Or(first, at)
	}
	if first != 0 {
		return first
	}
	return e.d.locator.offset(e.v.Pos())
}

// namingFields returns the fields in the source that name v, as opposed to patterns that its label matches.
func namingFields(v cue.Value) []*ast.Field {
	if f, ok := v.Source().(*ast.Field); ok {
		if !isPattern(f.Label) {
			return []*ast.Field{f}
		}
		return nil
	}
	op, parts := v.Expr()
	if op != cue.AndOp {
		return nil
	}
	var from []*ast.Field
	for _, part := range parts {
		if f, ok := part.Source().(*ast.Field); ok && !isPattern(f.Label) {
			from = append(from, f)
		}
	}
	return from
}

func isPattern(label ast.Label) bool {
	_, ok := label.(*ast.ListLit)
	return ok
}

// appendOrigins adds the declarations of the structs that expr joins.
func appendOrigins(origins [][]ast.Decl, expr ast.Expr) [][]ast.Decl {
	switch x := expr.(type) {
	case *ast.StructLit:
		origins = append(origins, x.Elts)
		for _, decl := range x.Elts {
			if embedded, ok := decl.(*ast.EmbedDecl); ok {
				origins = appendOrigins(origins, embedded.Expr)
			}
		}
	case *ast.ParenExpr:
		origins = appendOrigins(origins, x.X)
	case *ast.BinaryExpr:
		if x.Op == token.AND {
			origins = appendOrigins(appendOrigins(origins, x.X), x.Y)
		}
	}
	return origins
}

// originIndex finds the fields of origins by label.
type originIndex struct {
	origins [][]ast.Decl
	byLabel map[string][]*ast.Field // nil where there are so few that looking at each is faster
}

func indexOrigins(origins [][]ast.Decl) originIndex {
	x := originIndex{origins: origins}
	n := 0
	for _, decls := range origins {
		n += len(decls)
	}
	if n > 8 {
		x.byLabel = make(map[string][]*ast.Field, n)
		x.each(func(label string, f *ast.Field) { x.byLabel[label] = append(x.byLabel[label], f) })
	}
	return x
}

func (x originIndex) fields(label string) []*ast.Field {
	if x.byLabel != nil {
		return x.byLabel[label]
	}
	var found []*ast.Field
	x.each(func(l string, f *ast.Field) {
		if l == label {
			found = append(found, f)
		}
	})
	return found
}

// each calls f for the fields that are sure to be there: those with a plain label and no condition.
func (x originIndex) each(f func(string, *ast.Field)) {
	for _, decls := range x.origins {
		for _, decl := range decls {
			field, ok := decl.(*ast.Field)
			if !ok || field.Constraint != token.ILLEGAL {
				continue
			}
			if name, ok := plainLabel(field.Label); ok {
				f(name, field)
			}
		}
	}
}

// selectorText returns a part of an error's path as a label, and whether it is an index.
func selectorText(part string) (label string, isIndex bool) {
	if strings.HasPrefix(part, `"`) {
		if s, err := unquote(part); err == nil {
			return s, false
		}
	}
	return part, part != "" && strings.Trim(part, "0123456789") == ""
}

// unquote reads a CUE string literal.
func unquote(lit string) (string, error) { return literal.Unquote(lit) }
