package load

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cuelang.org/go/cue/token"

	"topoc/compiler/diag"
)

// kindNames are the kinds as messages name them. Scalars show their value as well.
var kindNames = map[kind]string{
	structKind: "a struct", listKind: "a list", stringKind: "a string", intKind: "an integer", floatKind: "a decimal number",
	boolKind: "a boolean", nullKind: "null", bytesKind: "bytes",
}

// wrongType reports a value of another kind than its type's.
func (d *decoder) wrongType(t *schemaType, v value, k kind, at offset) {
	found := kindNames[k]
	if k&(structKind|listKind|nullKind) == 0 {
		found = clip(v.describe()) + ", " + found
	}
	d.report(checkWrongType, at, "%s is %s: expected %s", d.name(), found, t.want()).Hint = typeHint(t, v, k)
}

func typeHint(t *schemaType, v value, k kind) string {
	switch {
	case k == nullKind:
		return "delete the field, or write a value"
	case t.form == listForm && k&(stringKind|intKind) != 0:
		return "put it in brackets: [" + clip(v.describe()) + "]"
	case t.form != scalarForm:
		return ""
	case t.scalar.kinds&stringKind != 0 && k&(intKind|floatKind|boolKind) != 0 && t.scalar.accepts(v.describe()):
		return "write it in quotes: " + strconv.Quote(clip(v.describe()))
	case k != stringKind:
		return ""
	case t.scalar.kinds == boolKind && (v.str() == "true" || v.str() == "false"),
		t.scalar.kinds == intKind && plainNumber.MatchString(v.str()):
		return "write it without quotes"
	}
	return ""
}

// numbers is a string of numbers that may be too large, as opposed to something else altogether.
var numbers = regexp.MustCompile(`^[0-9]+([.:][0-9]+)+$`)

// badString reports a string that its type refuses.
func (d *decoder) badString(t *schemaType, v value, str string, at offset) {
	f := t.scalar.format()
	check := f.check
	if check == checkOutOfRange && !numbers.MatchString(str) {
		check = checkWrongType
	}
	found := d.report(check, at, "%s is %q: expected %s", d.name(), clip(str), f.want)
	if f.hint != nil {
		found.Hint = f.hint(str)
	}
}

// badLabel reports a map label that is no name for what the map holds.
func (d *decoder) badLabel(t *schemaType, label string, pos token.Pos) {
	f := t.label.format()
	found := d.found.Add(checkBadName, diag.Error, d.where().Field(label), "%s is no name for %s: expected %s",
		shown(label), t.elem.title(), f.want)
	found.Pos = d.locator.at(pos)
	if f.hint != nil {
		found.Hint = f.hint(label)
	}
}

// unknownField reports a field that its struct doesn't have.
func (d *decoder) unknownField(p *plan, label string, pos token.Pos) {
	found := d.found.Add(checkUnknownField, diag.Error, d.where().Field(label), "%s has no field %s", p.typ.title(), shown(label))
	found.Pos = d.locator.at(pos)
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = f.name
	}
	if near := diag.Nearest(label, names); near != "" {
		found.Hint = "did you mean " + near + "?"
	} else {
		found.Hint = "its fields are " + strings.Join(names, ", ")
	}
}

// title returns how messages call a value of the type: the definition's name as words, "#StaticRoutes" as "static routes".
func (t *schemaType) title() string {
	if t.name == "" || t.form == scalarForm {
		return t.want()
	}
	var b strings.Builder
	name := []rune(strings.TrimPrefix(t.name, "#"))
	for i, r := range name {
		begins := unicode.IsUpper(r) && i > 0 && unicode.IsLower(name[i-1])
		if unicode.IsUpper(r) && i+1 < len(name) && unicode.IsLower(name[i+1]) {
			begins, r = i > 0, unicode.ToLower(r)
		}
		if begins {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	words := b.String()
	switch {
	case words == "topology":
		return "the topology"
	case strings.HasSuffix(words, "s"):
		return words
	case strings.ContainsRune("aeiouAEIO", rune(words[0])):
		return "an " + words
	}
	return "a " + words
}

// shown quotes a string unless it is a plain word, and clips it.
func shown(s string) string {
	plain := s != ""
	for _, r := range s {
		plain = plain && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
	}
	if plain {
		return clip(s)
	}
	return strconv.Quote(clip(s))
}

// clip shortens what would make a message unreadable.
func clip(s string) string {
	const most = 80
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
