package birdcfg

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// position is a place in a file; lines and columns count from 1.
type position struct {
	file      string
	line, col int
}

func (p position) String() string { return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.col) }

// Error is something that is no configuration of BIRD's, or none that this package knows.
type Error struct {
	At   string // file:line:column
	What string
}

// Error implements error.
func (e *Error) Error() string { return e.At + ": " + e.What }

func (p position) errorf(format string, args ...any) error {
	return &Error{At: p.String(), What: fmt.Sprintf(format, args...)}
}

// tokenKind is what a token is.
type tokenKind uint8

const (
	endOfFile tokenKind = iota
	word                // a keyword or the name of something; names may stand in single quotes
	number
	address
	text // without its double quotes
	mark // punctuation
)

type token struct {
	kind    tokenKind
	text    string
	number  uint32
	address netip.Addr
	at      position
}

func (t token) String() string {
	switch t.kind {
	case endOfFile:
		return "the end of the file"
	case text:
		return strconv.Quote(t.text)
	}
	return "`" + t.text + "`"
}

// is reports whether a token is this keyword or mark.
func (t token) is(text string) bool { return (t.kind == word || t.kind == mark) && t.text == text }

// doubleMarks are marks of two characters.
var doubleMarks = []string{"!=", "!~", "<=", ">=", "&&", "||", "[=", "=]", ".."}

const singleMarks = "={}:;,.()+*/%<>~[]?!|-"

// lexer splits a file into tokens (conf/cf-lex.l).
type lexer struct {
	rest string
	at   position
}

func lex(file, content string) ([]token, error) {
	l := &lexer{rest: content, at: position{file, 1, 1}}
	var all []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		if t.kind == endOfFile {
			return all, nil
		}
	}
}

// take removes n bytes.
func (l *lexer) take(n int) string {
	taken := l.rest[:n]
	l.rest = l.rest[n:]
	for _, c := range taken {
		if c == '\n' {
			l.at.line, l.at.col = l.at.line+1, 1
		} else {
			l.at.col++
		}
	}
	return taken
}

// skip removes white space and comments.
func (l *lexer) skip() error {
	for {
		switch {
		case l.rest == "":
			return nil
		case strings.ContainsRune(" \t\n\r", rune(l.rest[0])):
			l.take(1)
		case l.rest[0] == '#':
			end := strings.IndexByte(l.rest, '\n')
			if end < 0 {
				end = len(l.rest)
			}
			l.take(end)
		case strings.HasPrefix(l.rest, "/*"):
			end := strings.Index(l.rest, "*/")
			if end < 0 {
				return l.at.errorf("a comment without its end")
			}
			l.take(end + len("*/"))
		default:
			return nil
		}
	}
}

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	t := token{at: l.at}
	if l.rest == "" {
		return t, nil
	}
	switch c := l.rest[0]; {
	case c == '"':
		end := strings.IndexAny(l.rest[1:], "\"\n")
		if end < 0 || l.rest[1+end] == '\n' {
			return t, t.at.errorf("a text without its closing quote")
		}
		t.kind, t.text = text, strings.Trim(l.take(end+2), `"`)
		return t, nil
	case c == '\'':
		return l.quotedName(t)
	case isAddressStart(l.rest):
		return l.address(t)
	case isDigit(c):
		return l.number(t)
	case isLetter(c):
		t.kind, t.text = word, l.take(span(l.rest, func(c byte) bool { return isLetter(c) || isDigit(c) }))
		return t, nil
	}
	for _, m := range doubleMarks {
		if strings.HasPrefix(l.rest, m) {
			t.kind, t.text = mark, l.take(len(m))
			return t, nil
		}
	}
	if !strings.Contains(singleMarks, l.rest[:1]) {
		return t, t.at.errorf("the character %q means nothing", l.rest[0])
	}
	t.kind, t.text = mark, l.take(1)
	return t, nil
}

// quotedName reads a name in single quotes: letters, digits, and -, . and : besides.
func (l *lexer) quotedName(t token) (token, error) {
	n := span(l.rest[1:], func(c byte) bool { return isLetter(c) || isDigit(c) || strings.IndexByte("-.:", c) >= 0 })
	if len(l.rest) < n+2 || l.rest[n+1] != '\'' {
		return t, t.at.errorf("a name in single quotes has a character that no name has, or no closing quote")
	}
	const longest = 64 // SYM_MAX_LEN
	if n > longest {
		return t, t.at.errorf("a name of %d characters, of which BIRD takes %d", n, longest)
	}
	taken := l.take(n + 2)
	t.kind, t.text = word, taken[1:n+1]
	return t, nil
}

func (l *lexer) address(t token) (token, error) {
	written := l.take(span(l.rest, isAddressByte))
	a, err := netip.ParseAddr(written)
	if err != nil {
		return t, t.at.errorf("%q is no address", written)
	}
	t.kind, t.text, t.address = address, written, a
	return t, nil
}

func (l *lexer) number(t token) (token, error) {
	t.text = l.take(span(l.rest, func(c byte) bool { return isDigit(c) || isLetter(c) }))
	base, digits := 10, t.text
	if strings.HasPrefix(digits, "0x") {
		base, digits = 16, digits[2:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return t, t.at.errorf("%q is no number of 32 bits", t.text)
	}
	t.kind, t.number = number, uint32(n)
	return t, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isAddressByte(c byte) bool {
	return isDigit(c) || c == ':' || c == '.' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// isAddressStart reports whether an address comes first: three dots between numbers, or colons, two of them or more. A range
// a..b is none, nor is a name before a single colon.
func isAddressStart(rest string) bool {
	written := rest[:span(rest, isAddressByte)]
	if strings.Count(written, ":") >= 2 {
		return true
	}
	return strings.Count(written, ".") == 3 && isDigit(written[0]) && !strings.Contains(written, "..")
}

// span counts the bytes at the beginning that belong.
func span(s string, belongs func(byte) bool) int {
	for i := range len(s) {
		if !belongs(s[i]) {
			return i
		}
	}
	return len(s)
}
