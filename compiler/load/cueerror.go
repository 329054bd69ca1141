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

// cueError reports an error of CUE's in words of ours. files are those that were evaluated.
func (d *decoder) cueError(e errors.Error, files []*ast.File) {
	path := errorPath(e)
	places := d.places(e)
	if len(places) == 0 {
		at := d.locator.offset(declaration(files, e.Path()))
		places = []offset{max(at, d.locator.files[0].base)}
	}
	last := len(places) - 1
	pos := d.locator.pos(places[last])
	if isSecretPath(path) || slices.ContainsFunc(places, d.locator.isHiddenAt) {
		d.secretError(e, path, pos)
		return
	}
	check, message := wordError(e, path)
	found := d.found.Add(check, diag.Error, path, "%s", message)
	found.Pos = pos
	if check != checkConflict {
		return
	}
	for _, at := range places[:last] {
		found.Notes = append(found.Notes, diag.Note{Message: "the other side is here", Pos: d.locator.pos(at)})
	}
}

// secretError reports an error of CUE's that may quote a password.
func (d *decoder) secretError(e errors.Error, path source.Path, pos source.Pos) {
	check, _ := wordError(e, path)
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
func (d *decoder) places(e errors.Error) []offset {
	var at []offset
	for _, p := range e.InputPositions() {
		if o := d.locator.offset(p); o != 0 {
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

// wordings are CUE's errors by the beginning of their format, with the check that they are and the message in our words. The
// message's verbs take the arguments in order; no verbs: the message stands as it is.
var wordings = []struct {
	format, check, message string
}{
	{"reference %q not found", checkUndefined, "%s is not defined: a string needs quotes, a name needs a declaration"},
	{"import %q not found", checkUndefined, "nothing is known of the import %q"},
	{"package %q imported but not defined", checkUndefined, "there is no package %q to import"},
	{"cannot find package", checkUndefined, ""},
	{"undefined field: %s", checkUndefined, "there is no field %s"},
	{"index out of range", checkUndefined, ""},
	{"import failed", checkUndefined, ""},
	{"imported and not used", checkSyntax, "%s is imported and not used"},
	{"unreferenced alias", checkSyntax, ""},
	{"conflicting values %s and %s", checkConflict, "two values that cannot both hold: %s and %s"},
	{"incompatible list lengths", checkConflict, "two lists of different lengths cannot both hold"},
	{"incompatible list lengths (%d and %d)", checkConflict, "two lists of %d and %d elements cannot both hold"},
	{"invalid value %v (", checkConflict, "%v is not what the file itself demands here"},
	{"%d errors in empty disjunction", checkConflict, "none of the alternatives fits"},
	{"field not allowed", checkUnknownField, "the file itself allows no such field here"},
	{"structural cycle", checkConflict, "a struct that contains itself"},
	{"cyclic reference", checkConflict, "a value that refers to itself"},
	{"cycle", checkConflict, "a value that refers to itself"},
	{"field is required but not present", checkMissingField, "a required field without a value"},
	{"cannot use value", checkWrongType, ""},
	{"invalid operand", checkWrongType, ""},
	{"error in call to", checkWrongType, ""},
	{"failed arithmetic", checkWrongType, ""},
	{"division by zero", checkWrongType, ""},
}

// wordError returns the check that an error of CUE's is, and its message.
func wordError(e errors.Error, path source.Path) (check, message string) {
	format, args := e.Msg()
	text := fmt.Sprintf(format, args...)
	if text == "" {
		text = e.Error()
	}
	check, message = checkConflict, text
	for _, w := range wordings {
		if !strings.HasPrefix(format, w.format) {
			continue
		}
		check = w.check
		if n := strings.Count(w.message, "%"); n > 0 && n <= len(args) {
			message = fmt.Sprintf(w.message, args[:n]...)
		} else if w.message != "" {
			message = w.message
		}
		break
	}
	if labels := path.Labels(); len(labels) > 0 {
		message = shown(labels[len(labels)-1]) + ": " + message
	}
	return check, clipLine(message)
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
