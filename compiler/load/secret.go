package load

import (
	"slices"
	"strings"

	"topoc/compiler/internal/lazyregexp"
	"topoc/compiler/internal/secret"
	"topoc/compiler/source"
)

// A topology has no place for passwords, so people write them where a reference to a Secret belongs. Findings land in the logs
// of CI: what may be a password is never in a message, a path or a hint, and its line is not quoted.

// secretRef is the definition in the schema of which nothing is printed that its author wrote.
const secretRef = "#SecretRef"

// secretHint is the edit for a password in the place of a reference.
const secretHint = `put it into a Secret of Kubernetes and name that: {secret: "NAME", key: "KEY"}`

var (
	// secretLabel is a field whose name promises a password, up to its colon.
	secretLabel = lazyregexp.New(`(?i)(?:` + secretWords + `)[\w-]*["']?[ \t]*[?!]?[ \t]*:`)
	// reference is what may follow secretLabel on its line: a reference to a Secret, or the beginning of one.
	reference = lazyregexp.New(`^[ \t]*(?:\{?[ \t]*["']?(?:secret|key)["']?[ \t]*:|\{?[ \t]*(?:$|//|#))`)
	secretish = lazyregexp.New(`(?i)` + secretWords)
)

const secretWords = `pass|pwd|psk|md5|_pw|token|(?:api|access|private|shared)[-_.]?key|[-_./]secret|credential`

// mayHoldPassword reports whether a line of a topology shows what may be a password, as far as the line alone can tell.
func mayHoldPassword(line string) bool {
	for _, at := range secretLabel().FindAllStringIndex(line, -1) {
		if !reference().MatchString(line[at[1]:]) {
			return true
		}
	}
	return false
}

// isSecretPath reports whether a path leads to or into what its names say is a password.
func isSecretPath(p source.Path) bool {
	return slices.ContainsFunc(p.Labels(), secretish().MatchString)
}

// lineOf is a line of a file.
type lineOf struct {
	file string
	line int
}

// hide keeps the line at a place from being quoted. For use while decoding.
func (l *locator) hide(p source.Pos) { l.hidden.Store(lineOf{p.File, p.Line}, true) }

// isHiddenAt reports whether the line of a place may show a password.
func (l *locator) isHiddenAt(at offset) bool {
	p := l.pos(at)
	_, isShown := l.Line(p.File, p.Line)
	return !isShown
}

// isHidden reports whether a line may show a password. The answer is kept: a file of JSON may be one long line.
func (l *locator) isHidden(file string, line int, text string) bool {
	at := lineOf{file, line}
	if hidden, known := l.hidden.Load(at); known {
		return hidden.(bool)
	}
	hidden := mayHoldPassword(text) || secret.Kind(text) != ""
	l.hidden.Store(at, hidden)
	return hidden
}

// parserFound is the end of a parser's message that quotes a literal of the file.
var parserFound = lazyregexp.New(`(found '[A-Z]+').*`)

// withoutLiteral strips the literal of a parser's message where its line may show a password.
func (l *locator) withoutLiteral(message string, p source.Pos) string {
	if _, shown := l.Line(p.File, p.Line); shown || !strings.Contains(message, "found") {
		return message
	}
	return parserFound().ReplaceAllString(message, "$1")
}
