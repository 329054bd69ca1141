package load

import (
	"bytes"
	"fmt"
	gofmt "go/format"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"topoc/schema"
)

// The table is what the schema says. TOPOC_UPDATE=1 writes it anew; the tests after that have to be run again, since the table is code.
func TestTableIsTheSchema(t *testing.T) {
	const file = "schematable.go"
	defs, err := readSchema(schema.Files)
	if err != nil {
		t.Fatal(err)
	}
	want := tableOf(t, defs)
	if os.Getenv("TOPOC_UPDATE") == "1" {
		if err := os.WriteFile(file, want, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what schema/*.cue says: TOPOC_UPDATE=1 go test ./compiler/load rewrites it", file)
	}
	if again := tableOf(t, embeddedSchema()); !bytes.Equal(got, again) {
		t.Errorf("the types that are made of %s are others than those it was made of", file)
	}
}

// tableOf returns the table of a schema as Go.
func tableOf(t *testing.T, defs map[string]*schemaType) []byte {
	t.Helper()
	b := &tableWriter{types: map[*schemaType]int{}, anonymous: map[string]int{}, scalars: map[string]int{}}
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		b.typ(defs[name])
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "// Code generated from schema/*.cue by TestTableIsTheSchema. DO NOT EDIT.\n\npackage load\n\n")
	fmt.Fprintf(&text, "// schemaRows are the types of the schema.\nvar schemaRows = [...]schemaRow{\n\t{}, // none\n%s}\n\n", numbered(b.rows))
	fmt.Fprintf(&text, "// schemaScalars are the scalars of the schema.\nvar schemaScalars = [...]scalar{\n\t{}, // none\n%s}\n", numbered(b.scalarRows))
	formatted, err := gofmt.Source(text.Bytes())
	if err != nil {
		t.Fatalf("%v in\n%s", err, text.Bytes())
	}
	return formatted
}

// numbered returns rows as lines with their indices.
func numbered(rows []string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "{%s}, // %d\n", row, i+1)
	}
	return b.String()
}

// tableWriter numbers types and scalars in the order in which it meets them. What has no name and says the same
// is one.
type tableWriter struct {
	types      map[*schemaType]int // those that have names, or fields
	anonymous  map[string]int      // the others, by their rows
	scalars    map[string]int      // by their rows
	rows       []string
	scalarRows []string
}

func (b *tableWriter) typ(t *schemaType) int {
	if t == nil {
		return 0
	}
	if i, isKnown := b.types[t]; isKnown {
		return i
	}
	if t.name == "" && t.form != structForm { // nothing below it leads back to it
		row := b.row(t)
		if b.anonymous[row] == 0 {
			b.rows = append(b.rows, row)
			b.anonymous[row] = len(b.rows)
		}
		return b.anonymous[row]
	}
	b.rows = append(b.rows, "")
	i := len(b.rows)
	b.types[t] = i
	b.rows[i-1] = b.row(t)
	return i
}

// row returns the row of a type.
func (b *tableWriter) row(t *schemaType) string {
	row := fmt.Sprintf("form: %s, ", [...]string{scalarForm: "scalarForm", listForm: "listForm", mapForm: "mapForm", structForm: "structForm"}[t.form])
	if t.name != "" {
		row = fmt.Sprintf("name: %q, ", t.name) + row
	}
	for _, part := range []struct {
		name string
		i    int
	}{{"scalar", b.scalar(t.scalar)}, {"label", b.scalar(t.label)}, {"elem", b.typ(t.elem)}} {
		if part.i != 0 {
			row += fmt.Sprintf("%s: %d, ", part.name, part.i)
		}
	}
	if len(t.fields) > 0 {
		row += "fields: []schemaRowField{\n"
		for i, f := range t.fields {
			row += fmt.Sprintf("{%q, %v, %d},%c", f.name, f.required, b.typ(f.typ), " \n"[i%3/2])
		}
		row = strings.TrimRight(row, " \n") + "\n}"
	}
	return strings.TrimSuffix(row, ", ")
}

func (b *tableWriter) scalar(s *scalar) int {
	if s == nil {
		return 0
	}
	var kinds []string
	for _, k := range []struct {
		kind kind
		name string
	}{{stringKind, "stringKind"}, {intKind, "intKind"}, {boolKind, "boolKind"}} {
		if s.kinds&k.kind != 0 {
			kinds = append(kinds, k.name)
		}
	}
	row := "kinds: " + strings.Join(kinds, "|")
	if s.name != "" {
		row = fmt.Sprintf("name: %q, ", s.name) + row
	}
	for _, end := range []struct {
		name string
		bound
	}{{"min", s.min}, {"max", s.max}} {
		if end.isSet {
			row += fmt.Sprintf(", %s: bound{true, %d}", end.name, end.n)
		}
	}
	if len(s.conditions) > 0 {
		row += ", conditions: []*condition{\n"
		for _, c := range s.conditions {
			row += "{what: " + conditionNames[c.what]
			if c.arg != "" {
				row += ", arg: `" + c.arg + "`" // a backquote in it would not be Go
			}
			if c.n != 0 {
				row += fmt.Sprintf(", n: %d", c.n)
			}
			row += "},\n"
		}
		row += "}"
	}
	if i, isKnown := b.scalars[row]; isKnown {
		return i
	}
	i := len(b.scalarRows) + 1
	b.scalars[row] = i
	b.scalarRows = append(b.scalarRows, row)
	return i
}

var conditionNames = map[conditionKind]string{
	matches: "matches", matchesNot: "matchesNot", differs: "differs", isPrefix: "isPrefix", isIP: "isIP", isIPv4: "isIPv4", isIPv6: "isIPv6",
	isDuration: "isDuration", isTime: "isTime", isShort: "isShort",
}
