package load

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"topoc/compiler/internal/lazyregexp"
	"topoc/compiler/source"
)

// A value may stand where it is only named or put together: asNumber: site.as, "10.\(site.number).0.0/16". Who mends it edits
// the row of the table that it comes from, so the syntax trees are followed to there.

// made is how a value came about that is not written where it stands.
type made struct {
	from  offset   // the end of a reference: where the value is written, or put together; 0: it is put together where it stands
	cells []offset // the literals that references lead to, from which it is put together; sorted
}

// maxHops and maxCells bound what is followed for one value.
const (
	maxHops  = 16
	maxCells = 16
)

// trace returns how a scalar came about, nil where it is written where it stands.
func (d *decoder) trace(v cue.Value) *made {
	if k := kindOf(v); k&(structKind|listKind) != 0 || isWritten(exprOf(v)) {
		return nil
	}
	end := d.follow(v)
	m := &made{}
	if at := d.placeOf(end); at != d.placeOf(v) {
		m.from = at
	}
	d.collect(end, maxHops, m)
	slices.Sort(m.cells)
	m.cells = slices.Compact(m.cells)
	if m.from == 0 && len(m.cells) == 0 {
		return nil
	}
	return m
}

// follow goes from a value that only refers to another one to that, and on, as far as they are written in the user's files.
func (d *decoder) follow(v cue.Value) cue.Value {
	for range maxHops {
		if !isReference(exprOf(v)) {
			break
		}
		to, ok := referred(v)
		if !ok || d.placeOf(to) == 0 {
			break
		}
		v = to
	}
	return v
}

// collect adds the literals that a value is put together from, but for those that stand in its own expression.
func (d *decoder) collect(v cue.Value, hops int, m *made) {
	if hops == 0 {
		return
	}
	op, parts := v.Expr()
	if op == cue.NoOp || op == cue.SelectorOp || op == cue.IndexOp {
		return
	}
	for _, part := range parts {
		if len(m.cells) == maxCells {
			return
		}
		end := d.follow(part)
		if !isWritten(exprOf(end)) {
			d.collect(end, hops-1, m)
		} else if d.placeOf(end) != d.placeOf(part) && !isCounter(part, end) {
			m.cells = append(m.cells, d.placeOf(end))
		}
	}
}

// isCounter reports whether a reference is to the number that a loop over a list of numbers is at: no row of a table.
func isCounter(reference, end cue.Value) bool {
	id, ok := reference.Source().(*ast.Ident)
	if !ok {
		return false
	}
	_, isLoop := id.Scope.(*ast.ForClause)
	number, isElement := end.Source().(*ast.BasicLit)
	return isLoop && isElement && number.Kind == token.INT
}

// referred returns the value that a reference leads to; false where CUE doesn't tell. CUE panics for some that are bound by a
// clause; to know less then is no harm.
func referred(v cue.Value) (to cue.Value, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	to = cue.Dereference(v)
	_, isClause := to.Source().(*ast.ForClause)
	return to, !isClause
}

// exprOf returns the expression that is written for a value; nil where there is none, or several.
func exprOf(v cue.Value) ast.Expr {
	switch x := v.Source().(type) {
	case *ast.Field:
		return x.Value
	case *ast.LetClause:
		return x.Expr
	case *ast.EmbedDecl:
		return x.Expr
	case ast.Expr:
		return x
	}
	return nil
}

// isWritten reports whether an expression says its value by itself.
func isWritten(x ast.Expr) bool {
	_, ok := x.(*ast.BasicLit)
	return ok
}

// isReference reports whether an expression only names another value.
func isReference(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		return true
	case *ast.ParenExpr:
		return isReference(x.X)
	}
	return false
}

// placeOf returns where the expression for a value is written, 0 where that is not in the user's files.
func (d *decoder) placeOf(v cue.Value) offset {
	if x := exprOf(v); x != nil {
		return d.locator.offset(x.Pos())
	}
	return 0
}

// again is the topology evaluated once more, for who asks how values came about: what decoding leaves behind doesn't tell, and
// most topologies are right, so that nobody asks.
type again struct {
	inputs  []*input // not parsed
	once    sync.Once
	mu      sync.Mutex // CUE evaluates as it is asked
	decoder *decoder
	root    cue.Value
}

func newAgain(inputs []*input) *again {
	a := &again{}
	for _, in := range inputs {
		text := *in
		text.file = nil
		a.inputs = append(a.inputs, &text)
	}
	return a
}

func (a *again) evaluate() {
	l := &locator{}
	a.decoder = &decoder{locator: l}
	for _, in := range a.inputs {
		in.source = l.add(in.name, in.data)
		in.parse(l)
	}
	root, _, _ := a.decoder.evaluated(a.inputs, a.decoder.instance(a.inputs))
	a.root, a.inputs = root.v, nil
}

// Made implements source.Tracer.
func (l *locator) Made(path source.Path) source.Made {
	if l.again == nil || isSecretPath(path) { // the line that a password is written in is never shown
		return source.Made{}
	}
	at, isWhole := l.find(path)
	if !isWhole || l.isLiteral(l.entries[at].pos) {
		return source.Made{}
	}
	return l.askAgain(path)
}

// askAgain evaluates the topology again, once, for how a value came about.
func (l *locator) askAgain(path source.Path) source.Made {
	l.again.mu.Lock()
	defer l.again.mu.Unlock()
	l.again.once.Do(l.again.evaluate)
	v := l.again.root
	for _, label := range path.Labels() {
		v = v.LookupPath(cue.MakePath(selectorOf(label)))
	}
	var result source.Made
	if m := l.again.decoder.trace(v); m != nil {
		result.From = l.pos(m.from)
		for _, cell := range m.cells {
			result.Of = append(result.Of, l.pos(cell))
		}
	}
	return result
}

// plainLiteral is a string, number or boolean of CUE with nothing behind it that it could be part of.
var plainLiteral = lazyregexp.New(`^(?:"[^"\\\n]*"|-?[0-9][0-9A-Za-z_.]*|true|false)[ \t]*(?:[,}\]\r\n]|//|$)`)

// isLiteral reports whether a value is plainly written at a place: nobody needs to evaluate anything to know how it came about.
func (l *locator) isLiteral(at offset) bool {
	f := l.fileAt(at)
	return f != nil && plainLiteral().Match(f.data[at-f.base:])
}

// selectorOf returns the selector for a label of a path.
func selectorOf(label string) cue.Selector {
	if inner, isIndex := strings.CutPrefix(label, "["); isIndex {
		if i, err := strconv.Atoi(strings.TrimSuffix(inner, "]")); err == nil {
			return cue.Index(i)
		}
	}
	return cue.Str(label)
}

// Standing implements source.Tracer. It goes through all values.
func (l *locator) Standing(at source.Pos) []source.Path {
	var found []source.Path
	l.each(func(e *entry, path source.Path) {
		if l.pos(e.pos) == at {
			found = append(found, path)
		}
	})
	return found
}

// each goes through all values, in the order of the entries.
func (l *locator) each(visit func(e *entry, path source.Path)) {
	var walk func(i int, path source.Path)
	walk = func(i int, path source.Path) {
		visit(&l.entries[i], path)
		index := 0
		for c := i + 1; c < int(l.entries[i].end); c = int(l.entries[c].end) {
			if l.entries[c].name == "" {
				walk(c, path.Index(index))
				index++
			} else {
				walk(c, path.Field(l.entries[c].name))
			}
		}
	}
	if len(l.entries) > 0 {
		walk(0, "")
	}
}
