package load

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"topoc/compiler/diag"
	"topoc/compiler/internal/lazyregexp"
)

// lastHints are the edits for mistakes of which no better one is known.
var lastHints = map[string]string{
	checkUndefined: "declare it, or write the name of something that is declared", checkConflict: "make the two the same, or delete one",
	checkUnknownField: "correct its name, or delete it", checkMissingField: "write a value for it",
	checkWrongType: "write a value as it is expected", checkOutOfRange: "write a value as it is expected",
	checkBadAddress: "write an address as it is expected", checkBadPrefix: "write address and length as it is expected",
	checkBadName: "write a name as it is expected", checkSyntax: "correct what stands here, or right before it",
}

// kindNames are the kinds as messages name them. Scalars show their value as well.
var kindNames = map[kind]string{
	structKind: "a struct", listKind: "a list", stringKind: "a string", intKind: "an integer", floatKind: "a decimal number",
	boolKind: "a boolean", nullKind: "null", bytesKind: "bytes",
}

// wrongType reports a value of another kind than its type's.
func (d *decoder) wrongType(t *schemaType, v value, k kind, at offset) {
	found := kindNames[k]
	if d.secret {
		mistake := d.report(checkWrongType, at, "%s is %s, not shown as it may be a password: expected %s", d.name(), found, t.want())
		if t.name == secretRef {
			mistake.Hint = secretHint
		}
		return
	}
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
	case t.form == listForm && k == structKind && t.elem.form == structForm:
		return "put it in brackets: [{ … }]"
	case t.form == mapForm && k == listKind:
		return "there are no lists of named things: write { NAME: … }"
	case t.form != scalarForm:
		return ""
	case k == floatKind && t.scalar.kinds&intKind != 0 && wholeNumber().MatchString(v.describe()):
		whole, _, _ := strings.Cut(v.describe(), ".")
		return "write " + whole
	case t.scalar.kinds&stringKind != 0 && k&(intKind|floatKind|boolKind) != 0 && t.scalar.accepts(v.describe()):
		return "write it in quotes: " + strconv.Quote(clip(v.describe()))
	case k != stringKind:
		return ""
	case t.scalar.kinds == boolKind && yamlBooleans[strings.ToLower(v.str())] != "":
		return "write " + yamlBooleans[strings.ToLower(v.str())]
	case t.scalar.kinds == boolKind && (v.str() == "true" || v.str() == "false"),
		t.scalar.kinds == intKind && plainNumber().MatchString(v.str()):
		return "write it without quotes"
	}
	return ""
}

// wholeNumber is a decimal number that is an integer.
var wholeNumber = lazyregexp.New(`^-?[0-9]{1,18}\.0+$`)

// yamlBooleans are words that YAML 1.1 takes for booleans, and nothing since.
var yamlBooleans = map[string]string{"yes": "true", "on": "true", "no": "false", "off": "false"}

// numbers is a string of numbers that may be too large, as opposed to something else altogether.
var numbers = lazyregexp.New(`^[0-9]+([.:][0-9]+)+$`)

// badString reports a string that its type refuses.
func (d *decoder) badString(t *schemaType, v value, str string, at offset) {
	f := t.scalar.format()
	check := f.check
	if check == checkOutOfRange && !numbers().MatchString(str) {
		check = checkWrongType
	}
	if d.secret {
		d.report(check, at, "%s is not shown, as it may be a password: expected %s", d.name(), f.want)
		return
	}
	found := d.report(check, at, "%s is %q%s: expected %s", d.name(), clip(str), addressFault(str), f.want)
	if f.hint != nil {
		found.Hint = f.hint(str)
	}
}

// dotted is what is meant as an IPv4 address, with or without length.
var dotted = lazyregexp.New(`^[0-9]+(?:\.[0-9]+)+(?:/([0-9]+))?$`)

// addressFault says what is wrong with a string that is nearly an IPv4 address: ", and 302 is more than 255"; empty: nothing is, or
// it is something else.
func addressFault(s string) string {
	m := dotted().FindStringSubmatch(s)
	if m == nil || strings.Count(s, ".") == 1 {
		return ""
	}
	address, _, _ := strings.Cut(s, "/")
	numbers := strings.Split(address, ".")
	for _, n := range numbers {
		if v, err := strconv.Atoi(n); err != nil || v > 255 {
			return ", and " + clip(n) + " is more than 255"
		}
	}
	if len(numbers) != 4 {
		return fmt.Sprintf(", which has %d numbers and not 4", len(numbers))
	}
	if v, err := strconv.Atoi(m[1]); m[1] != "" && (err != nil || v > 32) {
		return ", and " + clip(m[1]) + " is more than 32"
	}
	return ""
}

// badLabel reports a map label that is no name for what the map holds.
func (d *decoder) badLabel(t *schemaType, label string, pos offset) {
	f := t.label.format()
	what := "here"
	if t.elem.form == structForm {
		what = "for " + t.elem.title()
	}
	found := d.found.Add(checkBadName, diag.Error, d.where().Field(label), "%s is no name %s: expected %s", shown(label), what, f.want)
	found.Pos = d.locator.pos(pos)
	if names := d.namesakes(label); len(names) == 1 && !d.spells(label, pos) {
		found.Notes = append(found.Notes, diag.Note{Message: "it is made a name here", Pos: found.Pos})
		found.Pos = d.locator.pos(names[0])
	}
	if f.hint != nil {
		found.Hint = f.hint(label)
	}
}

// unknownField reports a field that its struct doesn't have, and returns the one that it nearly is; empty: none.
func (d *decoder) unknownField(p *plan, label string, pos offset) (near string) {
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = f.name
	}
	near = diag.Nearest(label, names)
	if d.secret {
		found := d.report(checkUnknownField, pos, "%s has another field than secret and key", d.name())
		found.Hint = secretHint
		return near
	}
	found := d.found.Add(checkUnknownField, diag.Error, d.where().Field(label), "%s has no field %s", p.typ.title(), shown(label))
	found.Pos = d.locator.pos(pos)
	if hint := enterpriseHint(p.typ, label); hint != "" {
		found.Message += ": only Calico Enterprise has it"
		found.Hint = hint
		return ""
	}
	if near != "" {
		found.Hint = "did you mean " + near + "?"
		return near
	}
	found.Hint = "its fields are " + strings.Join(names, ", ")
	for _, f := range p.typ.fields {
		if f.typ.has(label) {
			found.Hint = "write it below " + f.name + ": " + f.name + ": { " + label + ": … }"
			return ""
		}
	}
	if owner := ownerOf(label); owner != "" {
		found.Hint = label + " is a field of " + owner + "; those of " + p.typ.title() + " are " + strings.Join(names, ", ")
	}
	return ""
}

// ownerOf returns the one definition that has a field, as messages call it; empty where none has it, or several.
func ownerOf(field string) string {
	owner := ""
	for _, t := range embeddedSchema() {
		switch has := t.has(field); {
		case has && owner != "":
			return ""
		case has:
			owner = t.title()
		}
	}
	return owner
}

// title returns how messages call a value of the type: the definition's name as words, "#StaticRoutes" as "static routes".
func (t *schemaType) title() string {
	switch {
	case t.name == "" || t.form == scalarForm:
		return t.want()
	case t.name == secretRef:
		return "a reference to a Secret"
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
