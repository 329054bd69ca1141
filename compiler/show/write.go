package show

import (
	"slices"
	"strings"

	"topoc/compiler/internal/lazyregexp"
)

// writer prints values. One printer per format; all three write the same literals.
type writer struct {
	strings.Builder
	indent string
}

// in runs print one level deeper; step is a level's indentation.
func (w *writer) in(step string, print func()) {
	outer := w.indent
	w.indent += step
	print()
	w.indent = outer
}

// put writes all of parts.
func (w *writer) put(parts ...string) {
	for _, part := range parts {
		w.WriteString(part)
	}
}

// cue prints v as `cue fmt` would: the fields of a struct without braces at the top, values that stand in a column aligned.
func (w *writer) cue(v Value) {
	if v.Kind == Struct {
		w.cueFields(v.Fields)
		return
	}
	w.cueValue(v)
	w.put("\n")
}

func (w *writer) cueFields(fields []Field) {
	for i := 0; i < len(fields); {
		run := scalarRun(fields[i:])
		column := 0
		for _, f := range fields[i : i+run] {
			column = max(column, len(cueLabel(f.Name)))
		}
		for _, f := range fields[i : i+run] {
			label := cueLabel(f.Name)
			w.put(w.indent, label, ":", strings.Repeat(" ", max(column-len(label), 0)+1))
			w.cueValue(f.Value)
			w.put("\n")
		}
		i += run
	}
}

// scalarRun returns how many fields at the start of fields are scalars, which stand aligned; at least 1.
func scalarRun(fields []Field) int {
	n := slices.IndexFunc(fields, func(f Field) bool { return f.Value.Kind != Scalar })
	if n < 0 {
		n = len(fields)
	}
	return max(n, 1)
}

func (w *writer) cueValue(v Value) {
	switch {
	case v.Kind == Struct && len(v.Fields) == 0:
		w.put("{}")
	case v.Kind == Struct:
		w.put("{\n")
		w.in("\t", func() { w.cueFields(v.Fields) })
		w.put(w.indent, "}")
	case v.Kind == List:
		w.list("\t", v, w.cueValue, ",")
	default:
		w.put(v.Literal)
	}
}

// list prints a list in brackets: on one line where that is short, else an item per line. last follows the last of these.
func (w *writer) list(step string, v Value, print func(Value), last string) {
	if line, ok := v.line(); ok {
		w.put(line)
		return
	}
	w.put("[\n")
	w.in(step, func() {
		for i, item := range v.Items {
			w.put(w.indent)
			print(item)
			if i < len(v.Items)-1 {
				w.put(",\n")
			} else {
				w.put(last, "\n")
			}
		}
	})
	w.put(w.indent, "]")
}

// lineWidth is how long a list on one line may be.
const lineWidth = 100

// line returns a list of scalars on one line.
func (v Value) line() (string, bool) {
	if !v.isFlat() {
		return "", false
	}
	var items []string
	for _, item := range v.Items {
		items = append(items, item.Literal)
	}
	line := "[" + strings.Join(items, ", ") + "]"
	return line, len(line) <= lineWidth
}

// json prints v indented by two.
func (w *writer) json(v Value) {
	w.jsonValue(v)
	w.put("\n")
}

func (w *writer) jsonValue(v Value) {
	switch {
	case v.Kind == Struct && len(v.Fields) == 0:
		w.put("{}")
	case v.Kind == Struct:
		w.put("{\n")
		w.in("  ", func() {
			for i, f := range v.Fields {
				w.put(w.indent, literal(f.Name).Literal, ": ")
				w.jsonValue(f.Value)
				if i < len(v.Fields)-1 {
					w.put(",")
				}
				w.put("\n")
			}
		})
		w.put(w.indent, "}")
	case v.Kind == List:
		w.list("  ", v, w.jsonValue, "")
	default:
		w.put(v.Literal)
	}
}

// yaml prints v in block style.
func (w *writer) yaml(v Value) {
	if v.Kind == Scalar || v.isFlat() && v.Kind == Struct {
		w.yamlInline(v)
		return
	}
	w.yamlBlock(v)
}

// yamlBlock prints a struct or list, each entry on its own line at the current indentation.
func (w *writer) yamlBlock(v Value) {
	if v.Kind == List && len(v.Items) == 0 {
		w.put(w.indent, "[]\n")
		return
	}
	for _, f := range v.Fields {
		w.put(w.indent, yamlString(literal(f.Name).Literal), ":")
		w.yamlNested(f.Value)
	}
	for _, item := range v.Items {
		w.put(w.indent, "-")
		w.yamlItem(item)
	}
}

// yamlNested prints the value of a field whose label has been printed.
func (w *writer) yamlNested(v Value) {
	if v.Kind == Scalar || len(v.Fields)+len(v.Items) == 0 {
		w.put(" ")
		w.yamlInline(v)
		return
	}
	w.put("\n")
	w.in("  ", func() { w.yamlBlock(v) })
}

// yamlItem prints an item of a list behind its dash: the first line of a struct or list stands on the line of the dash.
func (w *writer) yamlItem(v Value) {
	if v.Kind == Scalar || len(v.Fields)+len(v.Items) == 0 {
		w.put(" ")
		w.yamlInline(v)
		return
	}
	inner := &writer{indent: w.indent + "  "}
	inner.yamlBlock(v)
	w.put(" ", strings.TrimPrefix(inner.String(), inner.indent))
}

func (w *writer) yamlInline(v Value) {
	switch v.Kind {
	case Struct:
		w.put("{}\n")
	case List:
		w.put("[]\n")
	default:
		w.put(yamlString(v.Literal), "\n")
	}
}

// yamlPlain are the strings that no YAML 1.1 or 1.2 parser takes for anything else; the words of yamlWords aside.
var (
	yamlPlain = lazyregexp.New(`^[A-Za-z][A-Za-z0-9_./-]*$`)
	yamlWords = lazyregexp.New(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)
)

// yamlString strips the quotes of a JSON string that YAML reads as the same string without them.
func yamlString(literal string) string {
	if literal[0] != '"' {
		return literal
	}
	if bare := literal[1 : len(literal)-1]; yamlPlain().MatchString(bare) && !yamlWords().MatchString(bare) {
		return bare
	}
	return literal
}

var cueIdentifier = lazyregexp.New(`^[A-Za-z][A-Za-z0-9_]*$`)

// cueKeywords mean something as a bare label, or read as if they did.
var cueKeywords = []string{"false", "for", "if", "import", "in", "let", "null", "package", "true"}

// cueLabel returns a field's name as CUE writes it.
func cueLabel(name string) string {
	if cueIdentifier().MatchString(name) && !slices.Contains(cueKeywords, name) {
		return name
	}
	return literal(name).Literal
}
