package load

import (
	"bytes"
	"slices"
	"sort"
	"sync"

	"cuelang.org/go/cue/token"

	"topoc/compiler/source"
)

// sourceFile is a file that was read, and the part of the offsets that it occupies: from base to base+len(data).
type sourceFile struct {
	name  string
	data  []byte
	base  offset
	lines func() []int // offsets of the lines' beginnings; made at first use
}

// offset is a place in one of the files: the file's base and the bytes before it. The zero offset is nowhere.
type offset = uint32

// locator implements source.Locator. It is what the decoder saw, flat and in preorder: 24 bytes for each value. Once decoding
// is done it is safe for concurrent use.
type locator struct {
	files   []*sourceFile // sorted by base
	entries []entry
	byToken map[*token.File]*sourceFile // while decoding only
	again   *again                      // how values came about; nil where all are written where they stand
	hidden  sync.Map                    // lineOf to bool: whether it may show a password
	many    sync.Map                    // int to *children: of the entries with many descendants that were asked
}

// entry is a value that was written. Its descendants are the entries behind it, up to but without end.
type entry struct {
	name string // of a field; empty for elements of lists, whose order is their index
	pos  offset
	end  uint32
}

// add makes a file known. The first base is 1, so that no place has offset 0.
func (l *locator) add(name string, data []byte) *sourceFile {
	base := offset(1)
	if n := len(l.files); n > 0 {
		last := l.files[n-1]
		base = last.base + offset(len(last.data)) + 1
	}
	f := &sourceFile{name: name, data: data, base: base, lines: sync.OnceValue(func() []int { return lineStarts(data) })}
	l.files = append(l.files, f)
	return f
}

// file returns the file called name.
func (l *locator) file(name string) *sourceFile {
	for _, f := range l.files {
		if f.name == name {
			return f
		}
	}
	return nil
}

// offset returns the place of a token, 0 where it isn't in one of the files.
func (l *locator) offset(p token.Pos) offset {
	tf := p.File()
	if tf == nil {
		return 0
	}
	f, ok := l.byToken[tf]
	if !ok {
		if l.byToken == nil {
			l.byToken = map[*token.File]*sourceFile{}
		}
		f = l.file(tf.Name())
		l.byToken[tf] = f
	}
	if f == nil {
		return 0
	}
	return f.base + offset(min(p.Offset(), len(f.data)))
}

// fileAt returns the file that a place is in; nil where it is in none.
func (l *locator) fileAt(at offset) *sourceFile {
	i := sort.Search(len(l.files), func(i int) bool { return l.files[i].base > at }) - 1
	if at == 0 || i < 0 {
		return nil
	}
	return l.files[i]
}

// pos returns the line and column of a place.
func (l *locator) pos(at offset) source.Pos {
	f := l.fileAt(at)
	if f == nil {
		return source.Pos{}
	}
	lines, in := f.lines(), int(at-f.base)
	line, found := slices.BinarySearch(lines, in)
	if !found {
		line--
	}
	return source.Pos{File: f.name, Line: line + 1, Column: in - lines[line] + 1}
}

// at returns the line and column of a token.
func (l *locator) at(p token.Pos) source.Pos { return l.pos(l.offset(p)) }

func lineStarts(data []byte) []int {
	lines := append(make([]int, 0, bytes.Count(data, []byte("\n"))+1), 0)
	for i, b := range data {
		if b == '\n' {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// open records a value and returns its index, for close.
func (l *locator) open(name string, at offset) int {
	l.entries = append(l.entries, entry{name: name, pos: at})
	return len(l.entries) - 1
}

// close ends the value of open: all that was opened since lies below it.
func (l *locator) close(i int) { l.entries[i].end = uint32(len(l.entries)) }

// done drops what only decoding needs.
func (l *locator) done() {
	l.byToken = nil
	if len(l.entries) < cap(l.entries)*3/4 {
		l.entries = slices.Clone(l.entries)
	}
}

// Locate implements source.Locator. The first time it takes time in proportion to the number of siblings on the way.
func (l *locator) Locate(path source.Path) source.Pos {
	if len(l.entries) == 0 {
		if len(l.files) == 0 {
			return source.Pos{}
		}
		return l.pos(l.files[0].base)
	}
	at, _ := l.find(path)
	return l.pos(l.entries[at].pos)
}

// find returns the index of the entry at a path; where nobody wrote it, of its nearest ancestor, and false.
func (l *locator) find(path source.Path) (at int, whole bool) {
	for _, label := range path.Labels() {
		child := l.child(at, label)
		if child < 0 {
			return at, false
		}
		at = child
	}
	return at, true
}

// manyEntries is from how many descendants on the children of an entry are remembered.
const manyEntries = 64

// children are the indexes of the entries right below one.
type children struct {
	byName map[string]int // of fields
	all    []int
}

// childrenOf returns the children of an entry that has many descendants.
func (l *locator) childrenOf(i int) *children {
	if known, ok := l.many.Load(i); ok {
		return known.(*children)
	}
	found := &children{byName: map[string]int{}}
	for c := i + 1; c < int(l.entries[i].end); c = int(l.entries[c].end) {
		found.all = append(found.all, c)
		if name := l.entries[c].name; name != "" {
			if _, isKnown := found.byName[name]; !isKnown {
				found.byName[name] = c
			}
		}
	}
	l.many.Store(i, found)
	return found
}

// child returns the index of the entry that label leads to from entry i; -1 where there is none.
func (l *locator) child(i int, label string) int {
	index := -1
	if len(label) > 2 && label[0] == '[' {
		index = 0
		for _, c := range label[1 : len(label)-1] {
			if c < '0' || c > '9' || index > len(l.entries) {
				return -1
			}
			index = index*10 + int(c-'0')
		}
	}
	if int(l.entries[i].end)-i > manyEntries {
		below := l.childrenOf(i)
		if index >= 0 && index < len(below.all) && l.entries[below.all[index]].name == "" {
			return below.all[index]
		}
		if c, ok := below.byName[label]; ok && index < 0 {
			return c
		}
		return -1
	}
	for c := i + 1; c < int(l.entries[i].end); c = int(l.entries[c].end) {
		if index == 0 && l.entries[c].name == "" || index < 0 && l.entries[c].name == label {
			return c
		}
		index--
	}
	return -1
}

// maxLine is the most bytes of a line that anybody wants to see a part of.
const maxLine = 1 << 20

// Line implements source.Locator. A line that may show a password is not there, nor is one that is too long.
func (l *locator) Line(file string, line int) (string, bool) {
	f := l.file(file)
	if f == nil || line < 1 {
		return "", false
	}
	lines := f.lines()
	if line > len(lines) {
		return "", false
	}
	end := len(f.data)
	if line < len(lines) {
		end = lines[line] - 1
	}
	if end-lines[line-1] > maxLine {
		return "", false
	}
	text := string(bytes.TrimSuffix(f.data[lines[line-1]:end], []byte("\r")))
	if l.isHidden(file, line, text) {
		return "", false
	}
	return text, true
}
