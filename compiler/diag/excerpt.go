package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// excerptWidth is how many terminal columns of a source line are quoted. Generated topologies put everything on one line.
const excerptWidth = 120

// excerpt returns a source line as it is printed, and below it the line that marks the token at column (from 1, in bytes)
// with a caret and tildes. The mark is empty where the line has no such column. Tabs are kept in both, so that they stay
// aligned whatever the terminal makes of a tab; lines that are too long are cut around the token.
func excerpt(line string, column int) (text, mark string) {
	line = strings.TrimRight(line, "\r")
	start := column - 1
	if start < 0 || start >= len(line) {
		return clip(printable(line), excerptWidth), ""
	}
	end := start + tokenLength(line[start:])
	before, token, after := printable(line[:start]), printable(line[start:end]), printable(line[end:])
	if columns(before)+columns(token)+columns(after) > excerptWidth {
		before = clipLeft(before, excerptWidth/3)
		room := excerptWidth - columns(before)
		token, after = clip(token, room), clip(after, max(room-columns(token), 0))
	}
	return before + token + after, blank(before) + "^" + strings.Repeat("~", max(columns(token)-1, 0))
}

// clip keeps the first n columns of s.
func clip(s string, n int) string {
	for i, r := range s {
		if n -= runeColumns(r); n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// clipLeft keeps the last n columns of s.
func clipLeft(s string, n int) string {
	for i := len(s); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		if n -= runeColumns(r); n < 0 {
			return "…" + s[i:]
		}
		i -= size
	}
	return s
}

// blank returns white space as wide as s, with its tabs.
func blank(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteString(strings.Repeat(" ", runeColumns(r)))
		}
	}
	return b.String()
}

func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns returns how many columns of a terminal a rune takes (UAX #11). Tabs count as one.
func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x1100:
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// tokenLength returns the length in bytes of the CUE token, or of the list or struct, that s begins with; at least one rune,
// never more than s.
func tokenLength(s string) int {
	switch s[0] {
	case '"', '\'':
		return stringLength(s)
	case '[', '{', '(':
		return bracketLength(s)
	}
	for i, r := range s {
		if unicode.IsSpace(r) || strings.ContainsRune(`,:;"'[]{}()`, r) || strings.HasPrefix(s[i:], "//") {
			return max(i, 1) // the stop itself is ASCII where it comes first
		}
	}
	return len(s)
}

// stringLength is the length of a quoted string, quotes included; one that does not end on its line goes to its end.
func stringLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

// bracketLength is the length of a list or struct that closes on its line; of one that does not, the bracket alone.
func bracketLength(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '\'':
			i += stringLength(s[i:]) - 1
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 1
}

// printable replaces what could move the cursor or colour the terminal: a topology may come from a stranger.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return utf8.RuneError
		}
		return r
	}, s)
}
