package source

import "fmt"

// Pos is a place in a file. The zero Pos is nowhere.
type Pos struct {
	File   string // as the user named it; "-" is standard input
	Line   int    // from 1
	Column int    // from 1, in bytes
}

// IsValid reports whether p is a place.
func (p Pos) IsValid() bool { return p.Line > 0 }

func (p Pos) String() string {
	if !p.IsValid() {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Less orders by file, line, column.
func (p Pos) Less(q Pos) bool {
	if p.File != q.File {
		return p.File < q.File
	}
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Column < q.Column
}

// Locator finds where the value at a path is written. For a path that nobody wrote (a default, something derived) it
// answers with the nearest ancestor that somebody did. Scalars and lists stand at their value, structs at their label.
type Locator interface {
	Locate(Path) Pos
	// Line returns a line of a file, counted from 1, without its end; false where the file has no such line.
	Line(file string, line int) (string, bool)
}

// Made is how a value came about that is not written where it stands. The zero Made is a value that is.
type Made struct {
	From Pos   // where the value is written that stands there by reference; not valid: it is put together where it stands
	Of   []Pos // where the literals are written that references brought into it; in the order of files and lines
}

// Tracer is a Locator that knows how values came about. It is safe for concurrent use.
type Tracer interface {
	Locator
	Made(Path) Made
	// Standing returns the paths of all values that stand at a place, in the order of the topology: one line may stand for many
	// values, as a default or a comprehension does.
	Standing(Pos) []Path
}
