package load

import (
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"topoc/compiler/internal/lazyregexp"
)

// isLiteral reports whether a file means exactly what stands in it: plain labels, each once in its struct, and literal
// scalars, lists and structs. Everything else (references, comprehensions, constraints, definitions, attributes, …) needs
// CUE to tell what it means.
func isLiteral(file *ast.File) bool {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.Package, *ast.CommentGroup:
		case *ast.Field:
			if !isLiteralField(d) {
				return false
			}
		default:
			return false
		}
	}
	return labelsDiffer(file.Decls)
}

func isLiteralField(f *ast.Field) bool {
	if f.Constraint != token.ILLEGAL || f.Alias != nil || len(f.Attrs) > 0 {
		return false
	}
	_, ok := plainLabel(f.Label)
	return ok && isLiteralExpr(f.Value)
}

func isLiteralExpr(expr ast.Expr) bool {
	switch x := expr.(type) {
	case *ast.BasicLit:
		return isLiteralScalar(x)
	case *ast.UnaryExpr:
		number, ok := x.X.(*ast.BasicLit)
		return ok && x.Op == token.SUB && (number.Kind == token.INT || number.Kind == token.FLOAT) && isLiteralScalar(number)
	case *ast.ListLit:
		for _, elem := range x.Elts {
			if !isLiteralExpr(elem) {
				return false
			}
		}
		return true
	case *ast.StructLit:
		for _, decl := range x.Elts {
			switch d := decl.(type) {
			case *ast.CommentGroup:
			case *ast.Field:
				if !isLiteralField(d) {
					return false
				}
			default:
				return false
			}
		}
		return labelsDiffer(x.Elts)
	}
	return false
}

func isLiteralScalar(x *ast.BasicLit) bool {
	switch x.Kind {
	case token.STRING:
		_, err := literal.Unquote(x.Value)
		return err == nil
	case token.INT, token.FLOAT:
		return plainNumber().MatchString(x.Value)
	case token.TRUE, token.FALSE, token.NULL:
		return true
	}
	return false
}

// plainNumber is the form of numbers that needs no knowledge of CUE's: no bases, separators, multipliers or exponents, and no
// more digits than fit an int64.
var plainNumber = lazyregexp.New(`^(0|[1-9][0-9]{0,17})(\.[0-9]+)?$`)

func isBytes(x *ast.BasicLit) bool { return strings.HasPrefix(strings.TrimLeft(x.Value, "#"), "'") }

// plainLabel returns the name that a label spells out; false for hidden fields, definitions, patterns, interpolations and
// whatever else has to be evaluated.
func plainLabel(label ast.Label) (string, bool) {
	switch l := label.(type) {
	case *ast.Ident:
		return l.Name, !strings.HasPrefix(l.Name, "_") && !strings.HasPrefix(l.Name, "#")
	case *ast.BasicLit:
		if l.Kind != token.STRING || isBytes(l) {
			return "", false
		}
		name, err := literal.Unquote(l.Value)
		return name, err == nil
	}
	return "", false
}

// labelsDiffer reports whether no two fields have the same label. All labels are plain.
func labelsDiffer(decls []ast.Decl) bool {
	if len(decls) <= 8 {
		for i, a := range decls {
			for _, b := range decls[:i] {
				if sameLabel(a, b) {
					return false
				}
			}
		}
		return true
	}
	seen := make(map[string]bool, len(decls))
	for _, decl := range decls {
		if f, ok := decl.(*ast.Field); ok {
			name, _ := plainLabel(f.Label)
			if seen[name] {
				return false
			}
			seen[name] = true
		}
	}
	return true
}

func sameLabel(a, b ast.Decl) bool {
	f, ok := a.(*ast.Field)
	g, ok2 := b.(*ast.Field)
	if !ok || !ok2 {
		return false
	}
	x, _ := plainLabel(f.Label)
	y, _ := plainLabel(g.Label)
	return x == y
}

// literalValue is a node of a literal syntax tree as a value: an *ast.File, or an expression that isLiteralExpr.
type literalValue struct {
	locator *locator
	node    ast.Node
}

func (v literalValue) kind() kind {
	switch x := v.node.(type) {
	case *ast.ListLit:
		return listKind
	case *ast.UnaryExpr:
		return literalValue{v.locator, x.X}.kind()
	case *ast.BasicLit:
		return literalKind(x)
	}
	return structKind
}

func literalKind(x *ast.BasicLit) kind {
	switch x.Kind {
	case token.INT:
		return intKind
	case token.FLOAT:
		return floatKind
	case token.TRUE, token.FALSE:
		return boolKind
	case token.NULL:
		return nullKind
	}
	if isBytes(x) {
		return bytesKind
	}
	return stringKind
}

func (v literalValue) pos() offset { return v.locator.offset(v.node.Pos()) }

func (v literalValue) describe() string {
	switch x := v.node.(type) {
	case *ast.UnaryExpr:
		return "-" + literalValue{v.locator, x.X}.describe()
	case *ast.BasicLit:
		return x.Value
	}
	return ""
}

func (v literalValue) str() string {
	s, _ := literal.Unquote(v.node.(*ast.BasicLit).Value)
	return s
}

func (v literalValue) integer() (int64, bool) {
	n, err := strconv.ParseInt(v.describe(), 10, 64)
	return n, err == nil
}

func (v literalValue) boolean() bool { return v.node.(*ast.BasicLit).Kind == token.TRUE }

func (v literalValue) fields(yield func(string, offset, value) bool) {
	var decls []ast.Decl
	switch x := v.node.(type) {
	case *ast.File:
		decls = x.Decls
	case *ast.StructLit:
		decls = x.Elts
	}
	for _, decl := range decls {
		if f, ok := decl.(*ast.Field); ok {
			name, _ := plainLabel(f.Label)
			if !yield(name, v.locator.offset(f.Label.Pos()), literalValue{v.locator, f.Value}) {
				return
			}
		}
	}
}

func (v literalValue) elements(yield func(value) bool) {
	for _, elem := range v.node.(*ast.ListLit).Elts {
		if !yield(literalValue{v.locator, elem}) {
			return
		}
	}
}
