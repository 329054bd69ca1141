package load

import (
	"bytes"
	"hash/maphash"
	"slices"

	"cuelang.org/go/cue/token"
)

// A large topology is written by a program, as literals in the plainest form. CUE's parser makes a syntax tree of that which takes
// twenty times the memory of its text, and half of the time that loading it takes. So a file is read here as long as there is no doubt
// what it says; at the first doubt, a mistake among them, CUE's parser reads it instead. A test and the fuzz target hold the two to
// each other.
//
// Plain are structs with braces or without, lists, and strings, integers, booleans and null as values, and names and strings as labels.
// A string is of printable ASCII without escapes, a field ends with its line, a comma or its struct, an element of a list with a
// comma or the list, and no label comes twice in its struct.

// plainNode is a value of a plain file. Its descendants are the nodes behind it, up to but without next.
type plainNode struct {
	label, labelEnd uint32 // the text of its label, in quotes perhaps; none of an element and the root
	start, end      uint32 // its own text
	next            uint32
	kind            kind
}

// plainReader makes the nodes of a file.
type plainReader struct {
	data   []byte
	at     int
	depth  int
	nodes  []plainNode
	hashes []uint64 // of the labels of one struct
	seed   maphash.Seed
}

// maxPlainDepth is how deep a plain file may nest, and maxPlainNodes how many values it may have: what goes beyond is for CUE's parser
// to judge. roomForNodes is for how many there is room from the start, as far as a file has so many colons and commas.
const (
	maxPlainDepth = 64
	maxPlainNodes = defaultMaxValues
	roomForNodes  = 4_000_000
)

// readPlain returns the nodes of a file, the whole of it first; false where it isn't plain. The file is no larger than maxInput.
func readPlain(data []byte) ([]plainNode, bool) {
	r := &plainReader{data: data, seed: maphash.MakeSeed()}
	r.nodes = make([]plainNode, 1, min(roomForNodes, 2+bytes.Count(data, []byte(":"))+bytes.Count(data, []byte(","))))
	r.nodes[0] = plainNode{kind: structKind}
	if !r.packageClause() || !r.fields(0, 0) {
		return nil, false
	}
	return r.nodes, true
}

// packageClause passes over a package clause, if there is one.
func (r *plainReader) packageClause() bool {
	r.space()
	if !bytes.HasPrefix(r.data[r.at:], []byte("package ")) {
		return true
	}
	r.at += len("package ")
	name := r.word()
	return isName(name) && r.isFieldOver(0)
}

// fields reads the fields of a struct, which is at nodes[owner], up to its closing brace; 0: up to the end of the file.
func (r *plainReader) fields(owner int, brace byte) bool {
	for {
		r.space()
		if r.peek() == brace {
			break
		}
		if !r.field() || !r.isFieldOver(brace) {
			return false
		}
	}
	r.nodes[owner].next = uint32(len(r.nodes))
	return r.labelsDiffer(owner) && (brace != 0 || r.at == len(r.data))
}

// field reads a label and its value.
func (r *plainReader) field() bool {
	label := r.at
	if r.peek() == '"' {
		return r.text() && r.at > label+len(`""`) && r.labelled(label)
	}
	return isName(r.word()) && r.labelled(label)
}

// isName reports whether a word is a name wherever it stands. CUE takes import and package for names too, but not at the beginning of a
// file.
func isName(word []byte) bool {
	return len(word) > 0 && token.Lookup(string(word)) == token.IDENT && string(word) != "import" && string(word) != "package"
}

// labelled reads the colon behind a label, and the value.
func (r *plainReader) labelled(label int) bool {
	i := len(r.nodes)
	r.nodes = append(r.nodes, plainNode{label: uint32(label), labelEnd: uint32(r.at)})
	if r.peek() != ':' {
		return false
	}
	r.at++
	r.blanks()
	return r.value(i, true)
}

// value reads a value into nodes[i], whose label is there already.
func (r *plainReader) value(i int, isField bool) bool {
	start, kind, isOK := r.at, structKind, false
	switch c := r.peek(); {
	case r.depth > maxPlainDepth || len(r.nodes) > maxPlainNodes:
	case c == '{':
		r.at++
		r.depth++
		isOK = r.fields(i, '}')
		r.depth--
		r.at++
	case c == '[':
		r.at++
		r.depth++
		kind, isOK = listKind, r.elements()
		r.depth--
		r.at++
	case c == '-' || isDecimal(c):
		kind, isOK = intKind, r.number()
	default:
		kind, isOK = r.textOrWord(isField)
	}
	n := &r.nodes[i]
	n.start, n.end, n.next, n.kind = uint32(start), uint32(r.at), uint32(len(r.nodes)), kind
	return isOK
}

// textOrWord reads a string, a boolean or null; of a field also a label that leads on, as in a: b: 1.
func (r *plainReader) textOrWord(isField bool) (kind, bool) {
	start, k, isLabel := r.at, badKind, false
	if r.peek() == '"' {
		if !r.text() {
			return badKind, false
		}
		k, isLabel = stringKind, r.at > start+len(`""`)
	} else {
		word := r.word()
		switch token.Lookup(string(word)) {
		case token.TRUE, token.FALSE:
			k = boolKind
		case token.NULL:
			k = nullKind
		default: // as a value, a reference
			isLabel = isName(word)
		}
	}
	if r.peek() != ':' {
		return k, k != badKind
	}
	if !isField || !isLabel {
		return badKind, false
	}
	r.depth++
	isOK := r.labelled(start)
	r.depth--
	return structKind, isOK
}

// elements reads the elements of a list up to its bracket.
func (r *plainReader) elements() bool {
	for {
		r.space()
		if r.peek() == ']' {
			return true
		}
		r.nodes = append(r.nodes, plainNode{})
		if !r.value(len(r.nodes)-1, false) {
			return false
		}
		r.blanks()
		switch r.peek() {
		case ',':
			r.at++
		case ']':
			return true
		default:
			return false
		}
	}
}

// isFieldOver reads what ends a field: a comma; a line's end, a comment or the end of its struct stay there.
func (r *plainReader) isFieldOver(brace byte) bool {
	r.blanks()
	switch r.peek() {
	case ',':
		r.at++
		return true
	case '\n', brace:
		return true
	}
	return bytes.HasPrefix(r.data[r.at:], []byte("//"))
}

// text reads a string.
func (r *plainReader) text() bool {
	for r.at++; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return r.peek() != '"' // three begin a string of several lines
		case c == '\\' || c < ' ' || c > '~':
			return false
		}
	}
	return false
}

// word reads a name, a keyword perhaps; none where there is none. Hidden names are not plain.
func (r *plainReader) word() []byte {
	start := r.at
	for r.at < len(r.data) {
		c := r.data[r.at]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || r.at > start && (c == '_' || isDecimal(c))) {
			break
		}
		r.at++
	}
	return r.data[start:r.at]
}

// number reads a decimal integer that fits an int64.
func (r *plainReader) number() bool {
	if r.peek() == '-' {
		r.at++
	}
	start := r.at
	for isDecimal(r.peek()) {
		r.at++
	}
	n := r.at - start
	return n == 1 || 1 < n && n <= 18 && r.data[start] != '0'
}

// space passes over blanks, line ends and comments. It stops before a comment with anything that may not be in one.
func (r *plainReader) space() {
	for {
		r.blanks()
		switch {
		case r.peek() == '\n':
			r.at++
		case bytes.HasPrefix(r.data[r.at:], []byte("//")):
			comment, _, _ := bytes.Cut(r.data[r.at:], []byte("\n"))
			if slices.ContainsFunc(comment, func(c byte) bool { return c < ' ' && c != '\t' || c > '~' }) {
				return
			}
			r.at += len(comment)
		default:
			return
		}
	}
}

// blanks passes over blanks.
func (r *plainReader) blanks() {
	for r.at < len(r.data) && (r.data[r.at] == ' ' || r.data[r.at] == '\t') {
		r.at++
	}
}

// peek returns the next byte; 0 at the end, which no byte of a file that can be read is.
func (r *plainReader) peek() byte {
	if r.at < len(r.data) {
		return r.data[r.at]
	}
	return 0
}

func isDecimal(c byte) bool { return '0' <= c && c <= '9' }

// labelsDiffer reports whether no two fields of a struct have the same label. Of labels that only may be the same it says that they
// are.
func (r *plainReader) labelsDiffer(owner int) bool {
	r.hashes = r.hashes[:0]
	for i := uint32(owner + 1); i < r.nodes[owner].next; i = r.nodes[i].next {
		r.hashes = append(r.hashes, maphash.Bytes(r.seed, r.nodes[i].labelIn(r.data)))
	}
	slices.Sort(r.hashes)
	return len(slices.Compact(r.hashes)) == len(r.hashes)
}

// labelIn returns the label of a node, without its quotes.
func (n *plainNode) labelIn(data []byte) []byte {
	label := data[n.label:n.labelEnd]
	if len(label) > 0 && label[0] == '"' {
		return label[1 : len(label)-1]
	}
	return label
}
