package switchconf

import (
	"slices"

	"topoc/compiler/internal/cfgtext"
)

// yamlTree is a YAML mapping in the making. Keys keep the order in which they came.
type yamlTree struct{ entries []*yamlEntry }

// yamlEntry is one key, ready to print, with either a value, ready too, or a mapping below.
type yamlEntry struct {
	key, value string
	below      *yamlTree
}

// at returns the mapping below a path of keywords, and makes what of it is missing.
func (t *yamlTree) at(path ...string) *yamlTree {
	for _, key := range path {
		t = t.find(key)
	}
	return t
}

// named returns the mapping below a name, and makes it where it is missing.
func (t *yamlTree) named(name string) *yamlTree { return t.find(yamlQuoted(name)) }

// add returns a new mapping below a name that wasn't there.
func (t *yamlTree) add(name string) *yamlTree {
	e := &yamlEntry{key: yamlQuoted(name), below: &yamlTree{}}
	t.entries = append(t.entries, e)
	return e.below
}

func (t *yamlTree) find(key string) *yamlTree {
	i := slices.IndexFunc(t.entries, func(e *yamlEntry) bool { return e.key == key && e.below != nil })
	if i < 0 {
		i = len(t.entries)
		t.entries = append(t.entries, &yamlEntry{key: key, below: &yamlTree{}})
	}
	return t.entries[i].below
}

// set gives the end of a path of keywords a value.
func (t *yamlTree) set(value string, path ...string) {
	last := len(path) - 1
	t = t.at(path[:last]...)
	t.entries = append(t.entries, &yamlEntry{key: path[last], value: value})
}

func (t *yamlTree) write(w *cfgtext.Writer) {
	for _, e := range t.entries {
		switch {
		case e.below == nil:
			w.Line("%s: %s", e.key, e.value)
		case len(e.below.entries) == 0:
			w.Line("%s: {}", e.key)
		default:
			w.Block(e.key+":", func() { e.below.write(w) })
		}
	}
}

// yamlQuoted writes a string that a dialect's function has made harmless: it has no quotes.
func yamlQuoted(s string) string { return "'" + s + "'" }
