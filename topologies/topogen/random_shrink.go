package topogen

import (
	"slices"
	"strconv"
	"strings"
)

// Shrink makes a text of Random, or of Shrink itself, smaller while fails holds: it takes out fields and items, large ones first,
// each with the references to its name where that keeps fails true, until no more can go. Where the text is of another form, or
// fails doesn't hold for it, it comes back as it is.
func Shrink(text []byte, fails func([]byte) bool) []byte {
	root, err := readValue(text)
	if err != nil || !fails(text) {
		return text
	}
	for {
		isSmaller := false
		for _, at := range removable(root) {
			isSmaller = root.without(at, fails) || isSmaller
		}
		if !isSmaller {
			return root.text()
		}
	}
}

// place is a child and what it is a child of.
type place struct{ parent, child *value }

// removable returns everything below a value, what is less deep first.
func removable(root *value) []place {
	var all []place
	queue := []*value{root}
	for i := 0; i < len(queue); i++ {
		for _, c := range queue[i].children {
			all = append(all, place{queue[i], c})
			queue = append(queue, c)
		}
	}
	return all
}

// without takes a child out where fails still holds then, and reports whether it did. Children that went with an earlier one are
// left alone.
func (v *value) without(at place, fails func([]byte) bool) bool {
	i := slices.Index(at.parent.children, at.child)
	if i < 0 || !v.holds(at.parent) {
		return false
	}
	first := edit{at.parent, at.parent.children}
	at.parent.children = slices.Delete(slices.Clone(first.before), i, i+1)
	references := v.removeReferences(at.child.label)
	if fails(v.text()) {
		return true
	}
	undo(references)
	if len(references) > 0 && fails(v.text()) {
		return true
	}
	undo([]edit{first})
	return false
}

// holds reports whether part is v or below it.
func (v *value) holds(part *value) bool {
	return v == part || slices.ContainsFunc(v.children, func(c *value) bool { return c.holds(part) })
}

// edit is a value and the children it had.
type edit struct {
	of     *value
	before []*value
}

func undo(edits []edit) {
	for _, e := range slices.Backward(edits) {
		e.of.children = e.before
	}
}

// removeReferences takes out the literals that are a name, also as that of a node: "cluster/name".
func (v *value) removeReferences(name string) []edit {
	if name == "" {
		return nil
	}
	var edits []edit
	kept := slices.DeleteFunc(slices.Clone(v.children), func(c *value) bool {
		text, err := strconv.Unquote(c.literal)
		return err == nil && (text == name || strings.HasSuffix(text, "/"+name))
	})
	if len(kept) < len(v.children) {
		edits = append(edits, edit{v, v.children})
		v.children = kept
	}
	for _, c := range v.children {
		edits = append(edits, c.removeReferences(name)...)
	}
	return edits
}
