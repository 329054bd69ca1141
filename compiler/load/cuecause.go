package load

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// innermost returns the error that another one only passes on: what an interpolation, a call or a label is made of is wrong.
func innermost(e errors.Error) errors.Error {
	for {
		switch format, _ := e.Msg(); {
		case strings.HasPrefix(format, "invalid interpolation"), strings.HasPrefix(format, "error in call to"),
			strings.HasPrefix(format, "key value of dynamic field"):
		default:
			return e
		}
		inner, ok := errors.Unwrap(e).(errors.Error)
		if !ok {
			return e
		}
		e = inner
	}
}

// saidAlready reports whether an error says the same as one before it did, of the same place: CUE passes errors on to whatever is
// made of what is wrong.
func (d *decoder) saidAlready(e errors.Error) bool {
	format, args := e.Msg()
	if strings.HasPrefix(format, "conflicting values") {
		return false // of one value there may be several, which sorted knows
	}
	said := fmt.Sprintf(format, args...) + "\n" + e.Position().String()
	if slices.Contains(d.said, said) {
		return true
	}
	d.said = append(d.said, said)
	return false
}

// loops is where the clauses of comprehensions are written, names of other values, and the structs around values: CUE lists them
// among the places of an error, which is about none of them.
type loops struct {
	clauses, names, structs map[token.Pos]bool
}

func loopsOf(files []*ast.File) loops {
	l := loops{map[token.Pos]bool{}, map[token.Pos]bool{}, map[token.Pos]bool{}}
	for _, f := range files {
		ast.Walk(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.ForClause:
				l.clauses[barePos(x.Pos())], l.clauses[barePos(x.Source.Pos())] = true, true
			case *ast.StructLit:
				l.structs[barePos(x.Pos())] = true
			case *ast.Ident:
				if x.Node != nil {
					l.names[barePos(x.Pos())] = true
				}
			}
			return true
		}, nil)
	}
	return l
}

// hasClause reports whether an error comes from a loop.
func (l loops) hasClause(e errors.Error) bool {
	return slices.ContainsFunc(e.InputPositions(), func(p token.Pos) bool { return l.clauses[barePos(p)] })
}

// isAside reports whether a place that an error lists is none that it is about.
func (l loops) isAside(p token.Pos, e errors.Error) bool {
	at := barePos(p)
	return l.clauses[at] || l.names[at] || l.structs[at] && l.hasClause(e)
}

// twice reports a struct that a loop makes twice, with different values in it: at the last of the strings that it is called after,
// where the file has several. Of the conflicts in one struct the first is enough. It returns false where the error is no such one.
func (d *decoder) twice(e errors.Error, path source.Path, l loops) bool {
	if slices.ContainsFunc(d.twiceMade, path.Has) {
		return true
	}
	format, args := e.Msg()
	labels := path.Labels()
	if !strings.HasPrefix(format, "conflicting values") || len(args) < 2 || !l.hasClause(e) || len(labels) < 2 || len(d.places(e, l)) > 1 {
		return false // or two values that are written, in whatever loop
	}
	field, made := labels[len(labels)-1], labels[len(labels)-2]
	var within source.Path
	for _, label := range labels[:len(labels)-1] {
		within = within.Field(label)
	}
	d.twiceMade = append(d.twiceMade, within)
	_, message, _ := wordError(e, "")
	found := d.found.Add(checkConflict, diag.Error, path, "%s is made twice, and differently: %s: %s", shown(made), shown(field), message)
	names := d.namesakes(made)
	if len(names) < 2 {
		d.placed = append(d.placed, placed{found, within})
		found.Hint = "let the loop make different names, or make " + shown(made) + " once"
		return true
	}
	found.Pos = d.locator.pos(names[len(names)-1])
	found.Notes = append(found.Notes, diag.Note{Message: "the name is written here too", Pos: d.locator.pos(names[len(names)-2])})
	found.Hint = "take " + shown(made) + " out of one of the two"
	return true
}

// placed is a finding that belongs where a path leads, which is known once all is decoded.
type placed struct {
	*diag.Diagnostic
	at source.Path
}

// namesakes returns where the files have a string as an element of a list, in their order.
func (d *decoder) namesakes(text string) []offset {
	var at []offset
	for _, f := range d.files {
		ast.Walk(f, func(n ast.Node) bool {
			if list, ok := n.(*ast.ListLit); ok {
				for _, elem := range list.Elts {
					if lit, ok := elem.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						if s, err := unquote(lit.Value); err == nil && s == text {
							at = append(at, d.locator.offset(lit.Pos()))
						}
					}
				}
			}
			return true
		}, nil)
	}
	slices.Sort(at)
	return at
}

// spells reports whether a field at a place is written with that label, which nothing else makes then.
func (d *decoder) spells(label string, at offset) bool {
	found := false
	for _, f := range d.files {
		ast.Walk(f, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && d.locator.offset(field.Label.Pos()) == at {
				name, isPlain := plainLabel(field.Label)
				found = found || isPlain && name == label
			}
			return !found
		}, nil)
	}
	return found
}

// hidden returns the name of a loop's variable that a field of a struct within the loop hides, at a place that refers to it; empty:
// the place refers to nothing of that kind.
func hidden(files []*ast.File, at token.Pos) string {
	name := ""
	for _, f := range files {
		astutil.Apply(f, func(c astutil.Cursor) bool {
			id, ok := c.Node().(*ast.Ident)
			if !ok || barePos(id.Pos()) != barePos(at) {
				return name == ""
			}
			if _, isLoop := id.Scope.(*ast.ForClause); isLoop {
				return false
			}
			for up := c.Parent(); up != nil; up = up.Parent() {
				if in, ok := up.Node().(*ast.Comprehension); ok && bindsName(in, id.Name) {
					name = id.Name
				}
			}
			return false
		}, nil)
	}
	return name
}

// bindsName reports whether a loop has a variable of that name.
func bindsName(c *ast.Comprehension, name string) bool {
	return slices.ContainsFunc(c.Clauses, func(clause ast.Clause) bool {
		loop, ok := clause.(*ast.ForClause)
		return ok && (loop.Key != nil && loop.Key.Name == name || loop.Value != nil && loop.Value.Name == name)
	})
}

// labels returns the names of the fields that the files declare, each once.
func labels(files []*ast.File) []string {
	var names []string
	for _, f := range files {
		ast.Walk(f, func(n ast.Node) bool {
			if x, ok := n.(*ast.Field); ok {
				if name, _, err := ast.LabelName(x.Label); err == nil {
					names = append(names, name)
				}
			}
			return true
		}, nil)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// declaredNames returns what the files declare: fields, lets, and the variables of loops, each once.
func declaredNames(files []*ast.File) []string {
	names := labels(files)
	for _, f := range files {
		ast.Walk(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.LetClause:
				names = append(names, x.Ident.Name)
			case *ast.ForClause:
				for _, id := range []*ast.Ident{x.Key, x.Value} {
					if id != nil {
						names = append(names, id.Name)
					}
				}
			}
			return true
		}, nil)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
