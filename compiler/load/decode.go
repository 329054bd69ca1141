package load

import (
	"fmt"
	"reflect"
	"slices"

	"cuelang.org/go/cue/ast"

	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// decoder turns a value into the model, guided by a plan, and records where everything is written. It collects every mistake
// and never stops at one.
type decoder struct {
	locator *locator
	found   diag.List
	path    []step
	secret  bool // whether the value at hand is a reference to a Secret, or within one
	budget  int  // how many more values may be decoded
	inputs  Inputs

	accepted map[acceptance]bool

	files     []*ast.File   // that were evaluated
	said      []string      // what CUE's errors say, each once
	twiceMade []source.Path // structs that a loop makes twice, and differently
	placed    []placed
	lacks     []lack   // what values wait for, each once
	opened    []offset // values that are open themselves
}

// step is one label on the way to the value at hand: a field's name, or an element's index.
type step struct {
	name  string
	index int // -1 for a field
}

// root decodes a whole topology.
func (d *decoder) root(p *plan, v value, at offset, dst reflect.Value) {
	i := d.locator.open("", at)
	d.value(p, v, at, dst)
	d.locator.close(i)
}

// child decodes one field or element, below what is open.
func (d *decoder) child(p *plan, v value, s step, label offset, dst reflect.Value) {
	if d.budget--; d.budget < 0 {
		return
	}
	at := v.pos()
	if at == 0 || s.index < 0 && v.kind() == structKind {
		at = label
	}
	d.path = append(d.path, s)
	i := d.locator.open(s.name, at)
	d.value(p, v, at, dst)
	d.locator.close(i)
	d.path = d.path[:len(d.path)-1]
}

// value decodes the value at d.path, which is written at the given place.
func (d *decoder) value(p *plan, v value, at offset, dst reflect.Value) {
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(p.goType))
		dst = dst.Elem()
	}
	if p.typ.name == secretRef {
		d.secret = true
		defer func() { d.secret = false }()
	}
	k := v.kind()
	switch {
	case k == badKind:
	case k == noKind && d.secret:
		d.report(checkMissingField, at, "%s has no value yet: expected %s", d.name(), p.typ.want()).Hint = secretHint
	case k == noKind:
		d.noValue(p, v, at)
	case p.typ.form == scalarForm:
		d.scalar(p, v, k, at, dst)
	case p.typ.form == listForm && k == listKind:
		d.list(p, v, dst)
	case p.typ.form == mapForm && k == structKind:
		dst.Set(reflect.MakeMap(p.goType))
		v.fields(func(label string, pos offset, v value) bool {
			d.entry(p, label, pos, v, dst)
			return d.budget >= 0
		})
	case p.typ.form == structForm && k == structKind:
		d.structure(p, v, at, dst)
	default:
		d.wrongType(p.typ, v, k, at)
	}
}

func (d *decoder) list(p *plan, v value, dst reflect.Value) {
	slice := reflect.MakeSlice(p.goType, 0, 0) // not nil: the user wrote a list
	n := 0
	v.elements(func(v value) bool {
		elem := reflect.New(p.goType.Elem()).Elem()
		d.child(p.elem, v, step{index: n}, 0, elem)
		slice = reflect.Append(slice, elem)
		n++
		return d.budget >= 0
	})
	dst.Set(slice)
}

// entry decodes an entry of a map.
func (d *decoder) entry(p *plan, label string, pos offset, v value, dst reflect.Value) {
	if !d.accepts(p.typ.label, label) {
		d.badLabel(p.typ, label, pos)
	}
	elem := reflect.New(dst.Type().Elem()).Elem()
	d.child(p.elem, v, step{label, -1}, pos, elem)
	dst.SetMapIndex(reflect.ValueOf(label), elem)
}

func (d *decoder) structure(p *plan, v value, at offset, dst reflect.Value) {
	var seen uint64    // which of the fields are written: no struct of the schema has more than 64
	var meant []string // fields that unknown ones nearly are
	v.fields(func(label string, pos offset, v value) bool {
		i, known := p.byName[label]
		switch {
		case known:
			seen |= 1 << i
			f := &p.fields[i]
			d.child(f.plan, v, step{f.name, -1}, pos, dst.FieldByIndex(f.index))
		case p.rest != nil:
			ends := dst.FieldByIndex(p.rest)
			if ends.IsNil() {
				ends.Set(reflect.MakeMap(ends.Type()))
			}
			d.entry(p, label, pos, v, ends)
		default:
			meant = append(meant, d.unknownField(p, label, pos))
		}
		return d.budget >= 0
	})
	for i, f := range p.fields {
		if f.required && seen&(1<<i) == 0 && d.budget >= 0 {
			if slices.Contains(meant, f.name) {
				continue
			}
			found := d.report(checkMissingField, at, "%s has no %s, which is required: expected %s", d.name(), f.name, f.plan.typ.want())
			found.Path = found.Path.Field(f.name)
			found.Hint = "add " + f.name + ": …"
		}
	}
}

func (d *decoder) scalar(p *plan, v value, k kind, at offset, dst reflect.Value) {
	s := p.typ.scalar
	switch {
	case k&s.kinds == 0:
		d.wrongType(p.typ, v, k, at)
		return
	case k == intKind:
		if n, fits := v.integer(); !fits || !s.within(n) {
			d.report(checkOutOfRange, at, "%s is %s: expected %s", d.name(), clip(v.describe()), p.typ.want()).Hint = "write " + p.typ.want()
			return
		}
	case k == stringKind:
		if str := v.str(); !d.accepts(s, str) {
			d.badString(p.typ, v, str, at)
			return
		}
	}
	p.set(dst, v)
}

// report adds a mistake at the value at hand.
func (d *decoder) report(check string, at offset, format string, args ...any) *diag.Diagnostic {
	found := d.found.Add(check, diag.Error, d.where(), format, args...)
	found.Pos = d.locator.pos(at)
	if d.secret {
		d.locator.hide(found.Pos)
	}
	return found
}

// where returns the path of the value at hand.
func (d *decoder) where() source.Path {
	var p source.Path
	for _, s := range d.path {
		if s.index >= 0 {
			p = p.Index(s.index)
		} else {
			p = p.Field(s.name)
		}
	}
	return p
}

// name returns how messages call the value at hand: its last label, with what the label is an index of.
func (d *decoder) name() string {
	n := len(d.path)
	switch {
	case n == 0:
		return "the topology"
	case d.path[n-1].index >= 0 && n > 1:
		return fmt.Sprintf("%s[%d]", d.path[n-2].name, d.path[n-1].index)
	}
	return shown(d.path[n-1].name)
}
