package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// cueError reports an error of CUE's in words of ours.
func (d *decoder) cueError(e errors.Error, l loops) {
	path, outer := errorPath(e), e
	e = innermost(e)
	places := d.places(e, l)
	if len(places) == 0 {
		places = d.places(outer, l)
	}
	if len(places) == 0 {
		at := d.locator.offset(declaration(d.files, outer.Path()))
		places = []offset{max(at, d.locator.files[0].base)}
	}
	last := len(places) - 1
	pos := d.locator.pos(places[last])
	if isSecretPath(path) || slices.ContainsFunc(places, d.locator.isHiddenAt) {
		d.secretError(e, path, pos)
		return
	}
	if d.saidAlready(e) || d.twice(e, path, l) {
		return
	}
	check, message, hint := wordError(e, path)
	found := d.found.Add(check, diag.Error, path, "%s", message)
	found.Pos, found.Hint = pos, hint
	d.explainName(found, e)
	if check != checkConflict {
		return
	}
	for _, at := range places[:last] {
		found.Notes = append(found.Notes, diag.Note{Message: "the other side is here", Pos: d.locator.pos(at)})
	}
}

// explainName adds what there is to say of a name that leads nowhere, or to something else than is meant.
func (d *decoder) explainName(found *diag.Diagnostic, e errors.Error) {
	format, args := e.Msg()
	if strings.HasPrefix(format, "field not allowed") {
		if labels := found.Path.Labels(); len(labels) > 0 {
			name := labels[len(labels)-1]
			others := slices.DeleteFunc(declaredNames(d.files), func(other string) bool { return other == name })
			if near := diag.Nearest(name, others); near != "" {
				found.Hint = "did you mean " + near + "?"
			}
		}
		return
	}
	if len(args) == 0 {
		return
	}
	name := fmt.Sprint(args[0])
	switch {
	case strings.HasPrefix(format, "reference %q not found") && slices.Contains(labels(d.files), name):
		found.Hint = fmt.Sprintf("write it in quotes: %q", name) // it is declared, but nowhere around
	case strings.HasPrefix(format, "reference %q not found") && slices.Contains(declaredNames(d.files), name):
		found.Hint = "declare it where it is used: it is the variable of another loop or struct"
	case strings.HasPrefix(format, "reference %q not found"), strings.HasPrefix(format, "undefined field"):
		if near := diag.Nearest(name, declaredNames(d.files)); near != "" {
			found.Hint = "did you mean " + near + "?"
		}
	case strings.HasPrefix(format, "invalid operand "):
		for _, p := range append(e.InputPositions(), e.Position()) {
			if name := hidden(d.files, p); name != "" {
				found.Message = fmt.Sprintf("%s is the field of that name here, which hides the loop's variable: %s", shown(name), found.Message)
				found.Hint = "call the loop's variable something else than " + name
				return
			}
		}
	}
}

// secretError reports an error of CUE's that may quote a password.
func (d *decoder) secretError(e errors.Error, path source.Path, pos source.Pos) {
	check, _, _ := wordError(e, path)
	what := "what stands here"
	if labels := path.Labels(); len(labels) > 0 {
		what = shown(labels[len(labels)-1])
	}
	found := d.found.Add(check, diag.Error, path, "%s: %s; what may be a password is not shown", what, secretErrors[check])
	found.Pos, found.Hint = pos, secretHint
	d.locator.hide(pos)
}

// secretErrors are the messages of secretError, by check.
var secretErrors = map[string]string{
	checkConflict:     "values that cannot all hold",
	checkMissingField: "a required field without a value",
	checkSyntax:       "not as CUE writes it",
	checkUndefined:    "a reference that leads to nothing",
	checkUnknownField: "a field that is not allowed here",
	checkWrongType:    "an operation that these values do not have",
}

// places returns where an error comes from, as far as it lies in the user's files, in the order of files and lines. Where the
// error names values, the expressions that join them are left out.
func (d *decoder) places(e errors.Error, l loops) []offset {
	var at []offset
	for _, p := range e.InputPositions() {
		switch o := d.locator.offset(p); {
		case o == 0:
		case l.isAside(p, e):
		default:
			at = append(at, o)
		}
	}
	if len(at) == 0 {
		if o := d.locator.offset(e.Position()); o != 0 {
			at = append(at, o)
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// declaration returns where a path is declared, as far as it is written out; for errors that come without a place.
func declaration(files []*ast.File, path []string) token.Pos {
	at := token.NoPos
	var scopes [][]ast.Decl
	for _, f := range files {
		scopes = append(scopes, f.Decls)
	}
	for _, part := range path {
		label, _ := selectorText(part)
		var inner [][]ast.Decl
		for _, decls := range scopes {
			for _, decl := range decls {
				f, ok := decl.(*ast.Field)
				if !ok {
					continue
				}
				if name, _, err := ast.LabelName(f.Label); err == nil && name == label {
					at = f.Label.Pos()
					inner = appendOrigins(inner, f.Value)
				}
			}
		}
		if scopes = inner; len(scopes) == 0 {
			break
		}
	}
	return at
}

func errorPath(e errors.Error) source.Path {
	var path source.Path
	for _, part := range e.Path() {
		label, isIndex := selectorText(part)
		if isIndex {
			if i, err := strconv.Atoi(label); err == nil {
				path = path.Index(i)
				continue
			}
		}
		path = path.Field(label)
	}
	return path
}

// wordings are CUE's errors by the beginning of their format, with the check that they are, the message in our words and an edit. The
// message's verbs take the arguments in order; no verbs: the message stands as it is.
var wordings = []struct {
	format, check, message, hint string
}{
	{"reference %q not found", checkUndefined, "%s is not defined", "put a string in quotes; declare what is a name"},
	{"import %q not found", checkUndefined, "nothing is known of the import %q", "import a package of CUE's library, or of a module that is here"},
	{"builtin package %q undefined", checkUndefined, "there is no package %q in CUE's library", "correct the name: packages are list, math, net, regexp, strconv, strings, struct, time and others"},
	{"package %q imported but not defined", checkUndefined, "there is no package %q to import", "correct the name of the package"},
	{"cannot find package", checkUndefined, "", "import a package of CUE's library, or of a module that is here"},
	{"undefined field: %s", checkUndefined, "there is no field %s", "write the name of a field that is there"},
	{"cannot call non-function %s", checkUndefined, "there is no function %s", "correct its name"},
	{"index out of range", checkUndefined, "", "elements are counted from 0: write a lower index, or give the list more elements"},
	{"invalid list index %v (out of bounds)", checkUndefined, "the list has no element %v", "elements are counted from 0: write a lower index, or give the list more elements"},
	{"import failed", checkUndefined, "", "correct the path of the import"},
	{"%q imported and not used", checkSyntax, "%q is imported and not used", "delete the import"},
	{"imported and not used", checkSyntax, "%s is imported and not used", "delete the import"},
	{"unreferenced alias or let clause %s", checkSyntax, "nothing refers to %s", "delete it, or use it"},
	{"unreferenced alias", checkSyntax, "", "delete it, or use it"},
	{"cannot have both alias and field", checkSyntax, "", "give the let another name than the field"},
	{"conflicting values %s and %s", checkConflict, "two values that cannot both hold: %s and %s", "delete one of the two, or make them the same"},
	{"incompatible list lengths", checkConflict, "two lists of different lengths cannot both hold", "write the list in one place"},
	{"incompatible list lengths (%d and %d)", checkConflict, "two lists of %d and %d elements cannot both hold", "write the list in one place"},
	{"invalid value %v (out of bound %s)", checkConflict, "%v does not fit %s, which the file itself demands", "write a value that fits, or change what is demanded"},
	{"invalid value %v (", checkConflict, "%v is not what the file itself demands here", "write a value that the other side allows, or change that"},
	{"%d errors in empty disjunction", checkConflict, "none of the alternatives fits", "write one of the alternatives"},
	{"field not allowed", checkUnknownField, "the file itself allows no such field here", "correct its name, or add the field to the definition"},
	{"structural cycle", checkConflict, "a struct that contains itself", "take the struct out of itself"},
	{"cyclic reference", checkConflict, "a value that refers to itself", "write a value, or refer to another one"},
	{"cycle", checkConflict, "a value that refers to itself", "write a value, or refer to another one"},
	{"field is required but not present", checkMissingField, "a required field without a value", "add the field"},
	{"required field missing: %s", checkMissingField, "%s has no value", "add the field"},
	{"invalid operand %s (found %s, want list or struct)", checkWrongType, "%s is a %s, of which there is no part", "write the name of a struct or list"},
	{"invalid operands %s and %s to '%s' (type %s and %s)", checkWrongType, "%s and %s do not go together with %s: they are %s and %s", "write numbers without quotes, and put a number into a string as \\(number)"},
	{"cannot use value", checkWrongType, "", "write a value of the type that is asked for"},
	{"invalid operand", checkWrongType, "", "write a value of the type that is asked for"},
	{"error in call to", checkWrongType, "", "correct what the function is called with"},
	{"failed arithmetic", checkWrongType, "", "correct the numbers"},
	{"division by zero", checkWrongType, "", "divide by another number"},
}

// wordError returns the check that an error of CUE's is, its message and an edit.
func wordError(e errors.Error, path source.Path) (check, message, hint string) {
	format, args := e.Msg()
	text := fmt.Sprintf(format, args...)
	if text == "" {
		text = e.Error()
	}
	check, message, hint = checkConflict, text, "correct what stands here"
	for _, w := range wordings {
		if !strings.HasPrefix(format, w.format) {
			continue
		}
		check, hint = w.check, w.hint
		if n := strings.Count(w.message, "%"); n > 0 && n <= len(args) {
			message = fmt.Sprintf(w.message, args[:n]...)
		} else if w.message != "" {
			message = w.message
		}
		break
	}
	if labels := path.Labels(); slices.ContainsFunc(labels, func(s string) bool { return s == "for[]" || s == "<unknown>" || s == "?" }) {
		message = shown(labels[len(labels)-1]) + ": " + message // within a comprehension that never ran
	} else if path != "" {
		message = clip(string(path)) + ": " + message
	}
	return check, clipLine(message), hint
}

// clipLine makes one line of a message that quotes values.
func clipLine(s string) string {
	const most = 240
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
