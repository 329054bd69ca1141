package load

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"topoc/compiler/diag"
)

// unreadable finds what no parser should be given: bytes that are no text, and nesting so deep that a recursive parser would
// exhaust its stack, from which Go cannot recover.
func (in *input) unreadable(l *locator) *diag.Diagnostic {
	report := func(at int, hint, format string, args ...any) *diag.Diagnostic {
		return &diag.Diagnostic{
			Check: checkSyntax, Message: fmt.Sprintf(format, args...), Pos: l.pos(in.source.base + offset(at)), Hint: hint,
		}
	}
	if bytes.HasPrefix(in.data, []byte("\xff\xfe")) || bytes.HasPrefix(in.data, []byte("\xfe\xff")) {
		return report(0, hintUTF8, "this is UTF-16, not UTF-8")
	}
	if i := bytes.IndexByte(in.data, 0); i >= 0 {
		return report(i, hintUTF8, "a NUL byte: this is no text file")
	}
	if !utf8.Valid(in.data) {
		for i := 0; ; {
			r, size := utf8.DecodeRune(in.data[i:])
			if r == utf8.RuneError && size == 1 {
				return report(i, hintUTF8, "the byte 0x%02x is no UTF-8", in.data[i])
			}
			i += size
		}
	}
	if in.format == yamlFormat {
		if i := otherLineEnd(in.data); i >= 0 {
			r, _ := utf8.DecodeRune(in.data[i:])
			return report(i, `end lines as LF or CRLF do; within a text in double quotes write "\r" or "\u2028"`, "%U ends a line for YAML and for little else", r)
		}
	}
	if i := tooDeep(in.data); i >= 0 {
		return report(i, "write it less deep: no topology nests or joins so much", "nested too deeply")
	}
	return nil
}

// otherLineEnd returns where something ends a line of YAML but LF and CRLF do not: a carriage return alone, and what Unicode has for it.
// No other program counts the lines as YAML does then, and CUE's reader panics. -1: nowhere.
func otherLineEnd(data []byte) int {
	for i, b := range data {
		switch {
		case b == '\r' && !bytes.HasPrefix(data[i:], []byte("\r\n")),
			b == 0xc2 && bytes.HasPrefix(data[i:], []byte("\u0085")),
			b == 0xe2 && (bytes.HasPrefix(data[i:], []byte("\u2028")) || bytes.HasPrefix(data[i:], []byte("\u2029"))):
			return i
		}
	}
	return -1
}

const hintUTF8 = "name a text file, saved as UTF-8"

// maxDepth and maxChain are far above what a topology nests and joins, and far below what makes a parser's stack too large.
const (
	maxDepth = 2000
	maxChain = 50_000
)

// tooDeep returns where brackets nest deeper than maxDepth, or more than maxChain brackets, colons and operators follow each
// other within one bracket without a comma or an end of line; -1 where neither happens. It doesn't know strings and comments
// from structure: text that has so much of either is no topology. What else a parser or CUE takes too deep, the limit of stacks ends.
func tooDeep(data []byte) int {
	chains := make([]int, 1, maxDepth+1) // of each bracket that is open
	joined := false                      // the last character that is no space joins what follows to what was before
	for i, b := range data {
		top := len(chains) - 1
		switch b {
		case '{', '[', '(':
			if chains[top]++; chains[top] > maxChain || len(chains) > maxDepth {
				return i
			}
			chains = append(chains, 0)
			joined = false
		case '}', ']', ')':
			chains = chains[:max(1, top)]
			joined = false
		case ',':
			chains[top], joined = 0, false
		case '\n':
			if !joined {
				chains[top] = 0
			}
		case ' ', '\t', '\r':
		case ':', '+', '-', '*', '/', '&', '|', '!', '.', '<', '>', '=':
			if chains[top]++; chains[top] > maxChain {
				return i
			}
			joined = true
		default:
			joined = false
		}
	}
	return -1
}
