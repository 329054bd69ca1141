// Package show is a topology as topoc understands it: what the user wrote with every default filled in, and beside it what
// is derived and has no field in the language; printed as CUE, YAML or JSON.
package show

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// derivedField is the field at the top that holds what has no field in the language.
const derivedField = "derived"

// Topology returns a fabric as a value of the language, in the order of its fields, with the struct "derived" at its end. What looks
// like a secret, and no waiver says that it is none, is not shown.
func Topology(f *fabric.Fabric) Value {
	t := effective(f)
	fillDerived(t, f)
	v := encode(t)
	v.Fields = append(v.Fields, Field{derivedField, encode(derive(f))})
	return discreet(v, f.Model.Waivers)
}

// Input returns a fabric as a value of the language only: a topology that compiles to the same as the one it came from.
func Input(f *fabric.Fabric) Value { return discreet(encode(effective(f)), f.Model.Waivers) }

// Value is a struct, a list or a scalar. It is immutable.
type Value struct {
	Kind    Kind
	Fields  []Field // of a struct, in the order they are printed
	Items   []Value // of a list
	Literal string  // of a scalar: as JSON writes it
}

// Kind is the kind of a Value.
type Kind uint8

const (
	Scalar Kind = iota
	Struct
	List
)

// Field is a field of a struct.
type Field struct {
	Name  string
	Value Value
}

// Lookup returns the value at path. Where there is none, the error says how far the path leads and what is there.
func (v Value) Lookup(path source.Path) (Value, error) {
	at := source.Path("")
	for _, label := range path.Labels() {
		next, names := v.child(label)
		if next == nil {
			return Value{}, &NotFoundError{Path: path, At: at, Label: label, Known: names}
		}
		v = *next
		if strings.HasPrefix(label, "[") {
			at += source.Path(label)
		} else {
			at = at.Field(label)
		}
	}
	return v, nil
}

// child returns what stands at label in v, or nil and the labels that v has.
func (v Value) child(label string) (*Value, []string) {
	var names []string
	for i, item := range v.Items {
		if names = append(names, fmt.Sprintf("[%d]", i)); names[i] == label {
			return &item, nil
		}
	}
	for _, f := range v.Fields {
		if f.Name == label {
			return &f.Value, nil
		}
		names = append(names, f.Name)
	}
	return nil, names
}

// NotFoundError says that a path leads nowhere.
type NotFoundError struct {
	Path  source.Path
	At    source.Path // the part of it that does lead somewhere
	Label string      // the first label that does not
	Known []string    // the labels that At has instead; none below a scalar
}

func (e *NotFoundError) Error() string {
	where := "the topology"
	if e.At != "" {
		where = string(e.At)
	}
	if len(e.Known) == 0 {
		return fmt.Sprintf("nothing is at %s: %s has no fields", e.Path, where)
	}
	return fmt.Sprintf("nothing is at %s: %s has no %q", e.Path, where, e.Label)
}

// formats are the printed forms, each with its printer.
var formats = map[string]func(*writer, Value){"cue": (*writer).cue, "json": (*writer).json, "yaml": (*writer).yaml}

// Formats returns the names of the printed forms, the default first.
func Formats() []string { return []string{"cue", "yaml", "json"} }

// Write prints v in one of Formats; another format panics. In each, a struct's fields keep their order.
func (v Value) Write(w io.Writer, format string) error {
	print, ok := formats[format]
	if !ok {
		panic("show: no format " + format)
	}
	out := &writer{}
	print(out, v)
	_, err := io.WriteString(w, out.String())
	return err
}

// isFlat reports whether v is a scalar, or a list of scalars or nothing: what fits on one line.
func (v Value) isFlat() bool {
	if v.Kind == Struct {
		return len(v.Fields) == 0
	}
	return !slices.ContainsFunc(v.Items, func(item Value) bool { return item.Kind != Scalar })
}
