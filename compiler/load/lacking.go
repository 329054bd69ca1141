package load

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"topoc/compiler/diag"
)

// lack is a value that is missing, and that others wait for.
type lack struct {
	at    offset
	label string
}

// isOpen is the label of a lack that is a value without a concrete one, where it stands.
const isOpen = ""

// noValue reports a value that is not concrete: what it waits for, once for all that wait for it.
func (d *decoder) noValue(p *plan, v value, at offset) {
	if e, ok := v.(*evaluated); ok {
		for _, err := range errors.Errors(e.v.Err()) {
			if d.waits(e, at, innermost(err)) {
				return
			}
		}
	}
	if slices.Contains(d.lacks, lack{at, isOpen}) {
		return
	}
	if e, ok := v.(*evaluated); ok {
		if id, ok := exprOf(e.written).(*ast.Ident); ok && hidden(d.files, id.Pos()) != "" {
			d.refersToItself(at, id.Pos())
			return
		}
	}
	d.opened = append(d.opened, at)
	d.report(checkMissingField, at, "%s has no value yet, only %s: expected %s", d.name(), clip(v.describe()), p.typ.want()).Hint =
		"write " + p.typ.want()
}

// waits reports what a value waits for as far as an error of CUE's tells; false where it doesn't.
func (d *decoder) waits(e *evaluated, at offset, because errors.Error) bool {
	format, args := because.Msg()
	place := max(d.locator.offset(because.Position()), at)
	switch {
	case strings.HasPrefix(format, "undefined field") && len(args) > 0:
		if label := fmt.Sprint(args[0]); d.isNew(lack{place, label}) {
			d.report(checkUndefined, place, "%s: there is no field %s", d.name(), shown(label)).Hint =
				fieldHint(label, d.culprit(e.written, maxHops))
		}
		return true
	case strings.HasPrefix(format, "cycle with field"), strings.HasPrefix(format, "cyclic reference"):
		d.refersToItself(place, because.Position())
		return true
	}
	if c := d.culprit(e.written, maxHops); c != nil && c.at != 0 {
		d.reportCulprit(c)
		return true
	}
	if !strings.HasPrefix(format, "non-concrete value") || len(args) == 0 {
		return false
	}
	found := d.report(checkMissingField, at, "%s is made of a value that is still open, only %v", d.name(), args[0])
	found.Hint = "write a value in its place"
	for _, p := range because.InputPositions() {
		if o := d.locator.offset(p); o != 0 && o != at {
			found.Notes = append(found.Notes, diag.Note{Message: "it is declared here", Pos: d.locator.pos(o)})
		}
	}
	return true
}

func (d *decoder) refersToItself(at offset, place token.Pos) {
	found := d.report(checkConflict, at, "%s refers to itself", d.name())
	found.Hint = "write a value, or call what is meant something else"
	if name := hidden(d.files, place); name != "" {
		found.Message += fmt.Sprintf(": %s is the field of that name here, which hides the loop's variable", shown(name))
		found.Hint = "call the loop's variable something else than " + name
	}
}

// reportCulprit reports a struct without a value that others are made of, unless the value itself has been told to be open.
func (d *decoder) reportCulprit(c *culprit) {
	if slices.Contains(d.opened, c.field) || !d.isNew(lack{c.at, c.label}) {
		return
	}
	d.isNew(lack{c.field, isOpen})
	found := d.report(checkMissingField, c.at, "%s has no value here, and %s is made of it", shown(c.label), d.name())
	found.Hint = "add " + c.label + ": …"
	if near := diag.Nearest(c.label, c.written); near != "" && near != c.label {
		found.Hint = fmt.Sprintf("write %s in the place of %s", c.label, near)
	}
}

func (d *decoder) isNew(l lack) bool {
	if slices.Contains(d.lacks, l) {
		return false
	}
	d.lacks = append(d.lacks, l)
	return true
}

// fieldHint proposes a field of a struct that lacks the one that is asked for.
func fieldHint(label string, c *culprit) string {
	if c == nil || len(c.fields) == 0 {
		return "declare it, or write the name of a field that is there"
	}
	if near := diag.Nearest(label, c.fields); near != "" {
		return "did you mean " + near + "?"
	}
	return "the fields there are " + strings.Join(c.fields[:min(len(c.fields), maxCells)], ", ")
}

// culprit is a struct without a field, or with one that has no value, of which another value is made.
type culprit struct {
	at      offset // where the struct is written
	label   string
	field   offset   // where the field is declared; 0: nowhere
	fields  []string // that the struct has
	written []string // those that are written at its place
}

// culprit finds what a value waits for; nil where that cannot be told.
func (d *decoder) culprit(v cue.Value, hops int) *culprit {
	if hops == 0 {
		return nil
	}
	op, parts := v.Expr()
	if op != cue.SelectorOp && op != cue.IndexOp {
		for _, part := range parts {
			if op == cue.NoOp {
				break
			}
			if c := d.culprit(part, hops-1); c != nil {
				return c
			}
		}
		return nil
	}
	if len(parts) != 2 {
		return nil
	}
	label, err := parts[1].String()
	if err != nil {
		return nil
	}
	row, ok := referred(parts[0])
	if !ok {
		row = parts[0]
	}
	if row.Err() != nil {
		return d.culprit(parts[0], hops-1)
	}
	field := row.LookupPath(cue.MakePath(cue.Str(label)))
	switch {
	case field.Exists() && field.IsConcrete():
		return nil
	case field.Exists():
		if c := d.culprit(field, hops-1); c != nil {
			return c
		}
	}
	c := &culprit{label: label, field: d.placeOf(field)}
	var literal *ast.StructLit
	if c.at, literal = d.literalStruct(row, hops); literal != nil {
		for _, decl := range literal.Elts {
			if f, ok := decl.(*ast.Field); ok {
				if name, ok := plainLabel(f.Label); ok {
					c.written = append(c.written, name)
				}
			}
		}
	}
	if all, err := row.Fields(cue.Optional(true)); err == nil {
		for all.Next() {
			c.fields = append(c.fields, strings.TrimRight(all.Selector().String(), "?!"))
		}
	}
	return c
}

// literalStruct returns the struct that is written in the user's files for a value, the last one where several are joined.
func (d *decoder) literalStruct(v cue.Value, hops int) (offset, *ast.StructLit) {
	if hops == 0 {
		return 0, nil
	}
	end := d.follow(v)
	op, parts := end.Expr()
	if op == cue.AndOp {
		for _, part := range slices.Backward(parts) {
			if at, literal := d.literalStruct(part, hops-1); at != 0 {
				return at, literal
			}
		}
	}
	if literal, ok := exprOf(end).(*ast.StructLit); ok {
		return d.placeOf(end), literal
	}
	return 0, nil
}
