package load

import (
	"strings"

	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"
)

// bracket is an opening brace, bracket or parenthesis.
type bracket struct {
	kind      token.Token
	at        offset // in the file
	indent    int    // of the line it stands on
	isInQuote bool   // it begins a part of a string
}

// misplaced finds the brace or bracket that is one too few or one too many, which a parser notices at the end of the file only: the
// first that is closed at another depth of indentation than it was opened on. isExtra tells a closing one that nothing opens from an
// opening one that nothing closes. Where the file isn't indented so, it finds none.
func misplaced(data []byte) (at offset, isExtra, ok bool) {
	file := token.NewFile("", -1, len(data))
	var s scanner.Scanner
	s.Init(file, data, nil, 0)
	var open []bracket
	line := lineStarts(data)
	isInQuote := false
	for {
		pos, tok, _ := s.Scan()
		switch here := offset(pos.Offset()); tok {
		case token.INTERPOLATION:
			isInQuote = true
		case token.EOF:
			if len(open) > 0 {
				return open[len(open)-1].at, false, true
			}
			return 0, false, false
		case token.LBRACE, token.LBRACK, token.LPAREN:
			open = append(open, bracket{tok, here, indentAt(data, line, here), isInQuote})
			isInQuote = false
		case token.RBRACE, token.RBRACK, token.RPAREN:
			if len(open) == 0 {
				return here, true, true
			}
			top := open[len(open)-1]
			indent, isFirst := indentAt(data, line, here), isFirstOnLine(data, line, here)
			switch {
			case closing[top.kind] != tok, isFirst && indent < top.indent:
				return top.at, false, true
			case isFirst && indent > top.indent:
				return here, true, true
			}
			open = open[:len(open)-1]
			if top.isInQuote {
				isInQuote = strings.HasSuffix(s.ResumeInterpolation(), "(")
			}
		}
	}
}

var closing = map[token.Token]token.Token{token.LBRACE: token.RBRACE, token.LBRACK: token.RBRACK, token.LPAREN: token.RPAREN}

// indentAt returns how many blanks the line of a place begins with.
func indentAt(data []byte, lines []int, at offset) int {
	from := lineStart(lines, at)
	n := 0
	for from+n < len(data) && (data[from+n] == ' ' || data[from+n] == '\t') {
		n++
	}
	return n
}

func isFirstOnLine(data []byte, lines []int, at offset) bool {
	return lineStart(lines, at)+indentAt(data, lines, at) == int(at)
}

// lineStart returns where the line of a place begins.
func lineStart(lines []int, at offset) int {
	from := 0
	for _, start := range lines {
		if start > int(at) {
			break
		}
		from = start
	}
	return from
}
