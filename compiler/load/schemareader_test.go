package load

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

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
			add(s, named)
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

// integerLiteral reads an integer literal of the schema.
func integerLiteral(lit string) (int64, error) { return strconv.ParseInt(lit, 10, 64) }

// scalarKinds are the scalar types that the schema may name.
var scalarKinds = map[string]kind{"string": stringKind, "int": intKind, "bool": boolKind}

// add joins the conditions of another scalar.
func add(s, o *scalar) {
	s.kinds |= o.kinds
	if s.name == "" {
		s.name = o.name
	}
	if o.min.isSet {
		s.min = o.min
	}
	if o.max.isSet {
		s.max = o.max
	}
	s.conditions = append(s.conditions, o.conditions...)
}

// addBound adds a unary condition: a bound for integers, a pattern or a forbidden value for strings.
func (s *scalar) addBound(op token.Token, lit string) error {
	if op == token.GEQ || op == token.LEQ {
		n, err := integerLiteral(lit)
		if op == token.GEQ {
			s.min = bound{true, n}
		} else {
			s.max = bound{true, n}
		}
		return err
	}
	what, ok := map[token.Token]conditionKind{token.MAT: matches, token.NMAT: matchesNot, token.NEQ: differs}[op]
	if !ok {
		return fmt.Errorf("operator %v is not in the schema's vocabulary", op)
	}
	arg, err := unquote(lit)
	if err != nil {
		return err
	}
	if what != differs {
		if _, err := regexp.Compile(arg); err != nil {
			return err
		}
	}
	s.conditions = append(s.conditions, &condition{what: what, arg: arg})
	return nil
}

// addValidator adds one of CUE's own conditions for strings.
func (s *scalar) addValidator(name, lit string) error {
	what, ok := map[string]conditionKind{
		"net.IPCIDR": isPrefix, "net.IP": isIP, "net.IPv4": isIPv4, "net.IPv6": isIPv6, "time.Duration": isDuration, "time.Format": isTime,
		"strings.MaxRunes": isShort,
	}[name]
	if !ok {
		return fmt.Errorf("%s is not in the schema's vocabulary", name)
	}
	c := &condition{what: what}
	var err error
	switch what {
	case isTime:
		c.arg, err = unquote(lit)
	case isShort:
		c.n, err = strconv.Atoi(lit)
	}
	s.conditions = append(s.conditions, c)
	return err
}
