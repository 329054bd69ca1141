package load

import "strconv"

// plainFile is a file that readPlain has read.
type plainFile struct {
	data  []byte
	base  offset
	nodes []plainNode
	texts [512]string // those last made, by a number made of each: a topology repeats its labels and most of its words
}

// root returns the file as a value.
func (f *plainFile) root() value { return &plainValue{f, 0} }

// text returns a part of the file as a string.
func (f *plainFile) text(part []byte) string {
	h := uint32(len(part))
	for _, c := range part {
		h = h*31 + uint32(c)
	}
	last := &f.texts[h%uint32(len(f.texts))]
	if *last != string(part) {
		*last = string(part)
	}
	return *last
}

// plainValue is a node of a plain file as a value.
type plainValue struct {
	file *plainFile
	node uint32
}

func (v *plainValue) at() *plainNode { return &v.file.nodes[v.node] }

func (v *plainValue) kind() kind { return v.at().kind }

func (v *plainValue) pos() offset { return v.file.base + v.at().start }

func (v *plainValue) describe() string {
	n := v.at()
	if n.kind == structKind || n.kind == listKind {
		return ""
	}
	return string(v.file.data[n.start:n.end])
}

func (v *plainValue) str() string {
	n := v.at()
	return v.file.text(v.file.data[n.start+1 : n.end-1])
}

func (v *plainValue) integer() (int64, bool) {
	n, err := strconv.ParseInt(v.describe(), 10, 64)
	return n, err == nil
}

func (v *plainValue) boolean() bool { return v.file.data[v.at().start] == 't' }

func (v *plainValue) fields(yield func(string, offset, value) bool) {
	field := &plainValue{file: v.file}
	end := v.at().next
	for i := v.node + 1; i < end; i = v.file.nodes[i].next {
		n := &v.file.nodes[i]
		field.node = i
		if !yield(v.file.text(n.labelIn(v.file.data)), v.file.base+n.label, field) {
			return
		}
	}
}

func (v *plainValue) elements(yield func(value) bool) {
	element := &plainValue{file: v.file}
	end := v.at().next
	for i := v.node + 1; i < end; i = v.file.nodes[i].next {
		element.node = i
		if !yield(element) {
			return
		}
	}
}
