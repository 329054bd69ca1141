package load

// value is one value of a topology as the decoder sees it: plain text, a literal syntax tree or an evaluated CUE value. One that fields
// or elements yield is valid until they yield the next.
type value interface {
	kind() kind
	// pos is where the value is written; for a struct or list where it begins.
	pos() offset
	// describe shows a scalar as its author wrote it, for messages.
	describe() string
	// str is the string of a stringKind.
	str() string
	// integer is the number of an intKind; false where it doesn't fit.
	integer() (int64, bool)
	// boolean is the truth of a boolKind.
	boolean() bool
	// fields yields the fields of a structKind in their order, each with the position of its label.
	fields(yield func(label string, at offset, v value) bool)
	// elements yields the elements of a listKind in their order.
	elements(yield func(v value) bool)
}
