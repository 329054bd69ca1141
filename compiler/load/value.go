package load

import "cuelang.org/go/cue/token"

// value is one value of a topology as the decoder sees it: a literal syntax tree or an evaluated CUE value.
type value interface {
	kind() kind
	// pos is where the value is written; for a struct or list where it begins.
	pos() token.Pos
	// describe shows a scalar as its author wrote it, for messages.
	describe() string
	// str is the string of a stringKind.
	str() string
	// integer is the number of an intKind; false where it doesn't fit.
	integer() (int64, bool)
	// boolean is the truth of a boolKind.
	boolean() bool
	// fields yields the fields of a structKind in their order, each with the position of its label.
	fields(yield func(label string, at token.Pos, v value) bool)
	// elements yields the elements of a listKind in their order.
	elements(yield func(v value) bool)
}
