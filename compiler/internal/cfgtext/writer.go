// Package cfgtext writes configuration text line by line, indented, and refuses what could not have been meant as one line.
package cfgtext

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Writer collects lines of text that end in LF. The zero Writer is empty and indents by nothing; it must not be copied
// after first use, and is not for concurrent use.
//
// It is the last of the safeguards against a user's string that starts a line of its own in a device's configuration: what
// reaches it was quoted or refused before, so anything that is not one clean line is a mistake of topoc's, and panics.
type Writer struct {
	// Indent is what one level of nesting puts in front of a line. It may be a tab.
	Indent string

	buf   bytes.Buffer
	depth int
	line  []byte // room for one that is put together
}

// New returns an empty Writer that indents by indent.
func New(indent string) *Writer { return &Writer{Indent: indent} }

// Reset takes away what is written so far, and keeps the room for what comes.
func (w *Writer) Reset() { w.buf.Reset() }

// Line writes one line, indented by the blocks around it. An empty line is written without indentation.
//
// It panics where the text holds a control character (line ends and tabs among them), a line or paragraph separator or
// bytes that are no UTF-8, and where it ends in a blank: devices echo it, and reviewers never see it.
func (w *Writer) Line(format string, args ...any) {
	w.line = fmt.Appendf(w.line[:0], format, args...)
	write(w, w.line)
}

// Text writes one line as Line does, of parts without verbs in them.
func (w *Writer) Text(parts ...string) {
	w.line = w.line[:0]
	for _, part := range parts {
		w.line = append(w.line, part...)
	}
	write(w, w.line)
}

// Wrapped writes the words of texts as lines that begin with mark and are no longer than width, but for words that are.
func (w *Writer) Wrapped(mark string, width int, texts ...string) {
	w.line = append(w.line[:0], mark...)
	for _, text := range texts {
		for word := range strings.FieldsSeq(text) {
			if n := len(w.line); n > len(mark) && n+len(" ")+len(word) > width {
				write(w, w.line)
				w.line = w.line[:len(mark)]
			}
			if len(w.line) > 0 {
				w.line = append(w.line, ' ')
			}
			w.line = append(w.line, word...)
		}
	}
	write(w, w.line)
}

// Blank writes an empty line, unless nothing is written yet or the line before is empty too.
func (w *Writer) Blank() {
	if text := w.buf.Bytes(); len(text) > 0 && !bytes.HasSuffix(text, []byte("\n\n")) {
		w.buf.WriteByte('\n')
	}
}

// Block writes header as it is, and what body writes one level deeper.
func (w *Writer) Block(header string, body func()) {
	write(w, header)
	w.depth++
	body()
	w.depth--
}

// Enclose is a Block with a line behind it that ends it, indented like the header: a brace, an exit command.
func (w *Writer) Enclose(header, end string, body func()) {
	w.Block(header, body)
	write(w, end)
}

// Len returns the number of bytes written so far.
func (w *Writer) Len() int { return w.buf.Len() }

// Bytes returns a copy of the text: empty, or whole lines.
func (w *Writer) Bytes() []byte { return bytes.Clone(w.buf.Bytes()) }

// String returns the text.
func (w *Writer) String() string { return w.buf.String() }

func write[T string | []byte](w *Writer, line T) {
	if !isPlain(line) {
		if fault := faultOf(string(line)); fault != "" {
			panic(fmt.Sprintf("cfgtext: line %q %s", line, fault))
		}
	}
	if len(line) > 0 {
		for range w.depth {
			w.buf.WriteString(w.Indent)
		}
		w.buf.Write([]byte(line))
	}
	w.buf.WriteByte('\n')
}

// isPlain reports whether line is all printable ASCII, as nearly every one is, and ends in no blank.
func isPlain[T string | []byte](line T) bool {
	for i := range len(line) {
		if line[i] < ' ' || line[i] > '~' {
			return false
		}
	}
	return len(line) == 0 || line[len(line)-1] != ' '
}

// faultOf says what keeps line from being one clean line, "" where nothing does.
func faultOf(line string) string {
	for i, r := range line {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(line[i:], string(utf8.RuneError)):
			return "is not UTF-8"
		case unicode.IsControl(r):
			return fmt.Sprintf("holds the control character %U", r)
		case r == '\u2028' || r == '\u2029': // some editors and parsers end a line there
			return fmt.Sprintf("holds the line separator %U", r)
		}
	}
	if last, _ := utf8.DecodeLastRuneInString(line); unicode.IsSpace(last) {
		return "ends in a blank"
	}
	return ""
}
