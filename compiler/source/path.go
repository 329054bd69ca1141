// Package source names where a value of a topology is declared: its path in the topology, and its place in a file.
package source

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Path is the path of a value as CUE writes it: clusters.prod.nodes."node-1".podCIDRs[0]. Labels that are no
// identifiers are quoted. The empty path is the topology itself.
type Path string

// Field returns the path of the field called name below p.
func (p Path) Field(name string) Path {
	dot := "."
	if p == "" {
		dot = ""
	}
	switch {
	case isIdentifier(name):
		return Path(string(p) + dot + name)
	case isPlain(name): // most names with a hyphen or a dot: strconv.Quote takes ten times as long
		return Path(string(p) + dot + `"` + name + `"`)
	}
	return Path(string(p) + dot + strconv.Quote(name))
}

// isPlain reports whether a name needs no escapes between its quotes.
func isPlain(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c >= utf8.RuneSelf-1 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Fields returns the path that a chain of fields leads to.
func (p Path) Fields(names ...string) Path {
	for _, name := range names {
		p = p.Field(name)
	}
	return p
}

// Index returns the path of element i, counted from 0, of the list at p.
func (p Path) Index(i int) Path { return p + Path("["+strconv.Itoa(i)+"]") }

// Labels splits p into its labels, unquoted; an index keeps its brackets, so that no field can be taken for it. A label may
// also be written without its quotes (clusters.my-cluster.nodes), as people do in a waiver.
func (p Path) Labels() []string {
	var labels []string
	rest := string(p)
	for rest != "" {
		switch rest[0] {
		case '.':
			rest = rest[1:]
		case '"':
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return append(labels, rest)
			}
			label, _ := strconv.Unquote(quoted)
			labels, rest = append(labels, label), rest[len(quoted):]
		case '[':
			end := strings.IndexByte(rest, ']') + 1
			if end == 0 {
				end = len(rest)
			}
			labels, rest = append(labels, rest[:end]), rest[end:]
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			labels, rest = append(labels, rest[:end]), rest[end:]
		}
	}
	return labels
}

// Has reports whether prefix is p or an ancestor of p, label by label.
func (p Path) Has(prefix Path) bool {
	have, want := p.Labels(), prefix.Labels()
	if len(want) > len(have) {
		return false
	}
	for i, label := range want {
		if have[i] != label {
			return false
		}
	}
	return true
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		r := s[i]
		switch {
		case r == '_' || r == '$' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		case i > 0 && r >= '0' && r <= '9':
		default:
			return false
		}
	}
	return s != ""
}
