package load

import (
	"slices"
	"sync"
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

// schemaRow is a type in the table of the embedded schema: types and scalars by their index there, none where it is 0.
type schemaRow struct {
	name                string
	form                form
	scalar, label, elem int
	fields              []schemaRowField
}

// schemaRowField is a field in a schemaRow.
type schemaRowField struct {
	name     string
	required bool
	typ      int
}

// embeddedSchema returns the definitions of the schema that the binary carries, by name ("#Node"). They are made of a table at first
// use: to read the files each time would take a tenth of the time that a small topology is checked in.
var embeddedSchema = sync.OnceValue(readTable)

// readTable makes the types of the table.
func readTable() map[string]*schemaType {
	types := make([]schemaType, len(schemaRows))
	defs := map[string]*schemaType{}
	typeAt := func(i int) *schemaType {
		if i == 0 {
			return nil
		}
		return &types[i]
	}
	scalarAt := func(i int) *scalar {
		if i == 0 {
			return nil
		}
		return &schemaScalars[i]
	}
	for i := range types {
		row, t := &schemaRows[i], &types[i]
		*t = schemaType{name: row.name, form: row.form, scalar: scalarAt(row.scalar), label: scalarAt(row.label), elem: typeAt(row.elem)}
		if len(row.fields) > 0 {
			t.fields = make([]schemaField, len(row.fields))
		}
		for j, f := range row.fields {
			t.fields[j] = schemaField{name: f.name, required: f.required, typ: typeAt(f.typ)}
		}
		if row.name != "" {
			defs[row.name] = t
		}
	}
	return defs
}
