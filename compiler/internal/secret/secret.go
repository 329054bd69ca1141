// Package secret tells what looks like a password, a key or a token from ordinary text, so that no output holds one.
//
// It knows the forms that such things have: private keys in PEM, tokens of well-known services, hashes and reversible forms of
// switches, words like "password" before a value, and long strings that look drawn at random. Hexadecimal digits are none of it:
// digests, UUIDs, commits and MAC addresses are everywhere. It can miss a secret, and take something harmless for one.
package secret

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"topoc/compiler/internal/lazyregexp"
)

// Hidden stands in the place of what is not shown.
const Hidden = "(not shown)"

// span is a part of a text that looks like a secret.
type span struct {
	from, to int
	kind     string
}

// form is a form that secrets have. Group 1 of the pattern is the secret, all of the match where there is none.
type form struct {
	kind       string
	isIn       func(lower string) bool // whether it can be in a text of ASCII, given in small letters: far cheaper to ask than the pattern
	pattern    func() *regexp.Regexp
	isHarmless func(value, rest string) bool // whether a match is harmless; nil: none is. rest is what stands behind it
}

// forms are looked for in this order; the first one says what it is.
var forms = []form{
	{"a private key", anyOf("-----begin", "ls0tls1crudjti", "putty-user-key-file"), lazyregexp.New(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY[^"]*|LS0tLS1CRUdJTi[A-Za-z0-9+/=]+|PuTTY-User-Key-File[^"]*`), nil},
	{"an access key of AWS", anyOf("akia", "asia", "abia", "acca"), lazyregexp.New(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b`), nil},
	{"a token of GitHub", anyOf("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"), lazyregexp.New(`\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{22,}`), nil},
	{"a token of GitLab", anyOf("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-"), lazyregexp.New(`\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{20,}`), nil},
	{"a token of Slack", anyOf("xox"), lazyregexp.New(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`), nil},
	{"an API key of Google", anyOf("aiza"), lazyregexp.New(`\bAIza[A-Za-z0-9_-]{35}`), nil},
	{"a token of a cloud service", anyOf("dop_v1_", "npm_", "hvs.", "hvb.", "k_live_", "pypi-", "age-secret-key-1"), lazyregexp.New(
		`\b(?:dop_v1_[a-f0-9]{64}|npm_[A-Za-z0-9]{36}|hv[sb]\.[A-Za-z0-9_-]{20,}|[rs]k_live_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{50,}|AGE-SECRET-KEY-1[A-Z0-9]{50,})`), nil},
	{"a JSON web token", anyOf("eyj"), lazyregexp.New(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`), nil},
	{"a password's hash", anyOf("$"), lazyregexp.New(`\$(?:1|2[abxy]?|5|6|7|8|14|y|gy|apr1|sha1|pbkdf2[a-z0-9-]*|scrypt|argon2(?:id?|d)|[ch]\$[0-9])\$[A-Za-z0-9./,=+$-]{8,}|\$9\$[A-Za-z0-9./]{8,}\$[A-Za-z0-9./]{20,}`), nil},
	{"an enciphered password", anyOf("$9$", "%^%#", "%@%@", "%$%$", "%@%$", "%$%@"), lazyregexp.New(`\$9\$[A-Za-z0-9./-]{4,}|%\^%#[^"]{8,}%\^%#|%[@$]%[@$][^"]{8,}%[@$]%[@$]`), nil},
	{"an enciphered password", anyOf("password", "secret", "key", "md5"), lazyregexp.New(`(?i)\b(?:password|secret|key|md5)\s+(?:7|type\s*7)\s+"?((?:[01][0-9])(?:[0-9A-F]{2}){3,})\b`), nil},
	{"a password in a URL", anyOf("://"), lazyregexp.New(`\b[a-z][a-z0-9+.-]*://[^/\s:@"]+:([^/\s@"]+)@`), isPlaceholder},
	{"a password", anyOf("pass", "pwd", "psk", "pre-shared", "community"), lazyregexp.New(`(?i)(?:\b|_)(?:pass(?:word|wd|phrase|code)?|pwd|psk|pre-shared[ -]key|community[ -]string)["']?\s*[:=]+\s*["']?([^\s"',;]+)`), isProse},
	{"a secret", anyOf("secret", "token", "key", "credential", "md5"), lazyregexp.New(`(?i)(?:\b|_)(?:secret|token|(?:api|access|auth|private|encryption|shared)[ _-]?(?:key|token|secret)|credentials?|md5)["']?\s*[:=]+\s*["']?([^\s"',;{}]+)`), isPlain},
	{"a password", anyOf("pass", "secret", "key"), lazyregexp.New(`(?i)\b(?:password|passwd|passphrase|secret|key-string|authentication-key|auth-password)\s+(?:[0-9]\s+|(?:cipher|simple|plaintext|ciphertext|clear|encrypted)\s+)?["']?([^\s"',;:=]+)`), isPlain},
	{"a key or token, drawn at random", hasRun, lazyregexp.New(`[A-Za-z0-9+/]{20,}={0,2}`), nil},
}

// anyOf tells whether a text has one of the words that a form begins with.
func anyOf(words ...string) func(lower string) bool {
	return func(lower string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(lower, word) })
	}
}

// hasRun reports whether so many characters of keys and tokens follow one another that they may be drawn at random.
func hasRun(lower string) bool {
	const least = 20
	n := 0
	for i := range len(lower) {
		switch c := lower[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
			if n++; n == least {
				return true
			}
		default:
			n = 0
		}
	}
	return false
}

// random is the last of forms, whose matches isRandom judges.
var random = len(forms) - 1

// Kind returns what a part of text looks like, such as "a private key"; empty: like nothing that must be hidden.
func Kind(text string) string {
	if found := spans(text, 1); len(found) > 0 {
		return found[0].kind
	}
	return ""
}

// KindOf is Kind for the value of something that has a name, which may promise a password.
func KindOf(name, value string) string {
	if kind := Kind(value); kind != "" {
		return kind
	}
	if mayPromise(name) && promising().MatchString(name) && !isHarmless(value) {
		return "a password"
	}
	return ""
}

// mayPromise reports whether a name has what promising looks for in it, far faster: there are as many names as labels of nodes.
func mayPromise(name string) bool {
	if name == "" {
		return false
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(promises, func(word string) bool { return strings.Contains(name, word) })
}

var promises = []string{"pass", "pwd", "psk", "secret", "token", "key", "md5", "credential"}

// promising is the end of a name whose value is a password, a key or a token.
var promising = lazyregexp.New(`(?i)(?:^|[-_./ ])(?:password|passwd|passphrase|passcode|pwd|psk|secret|token|(?:api|access|private|shared|secret)[-_.]?key|md5|credentials?)$|[a-z0-9](?:Password|Passphrase|Secret|Token|ApiKey)$`)

// Masked returns text with Hidden in the place of every part that looks like a secret.
func Masked(text string) string {
	found := spans(text, -1)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, s := range found {
		if s.from < at {
			continue
		}
		b.WriteString(text[at:s.from] + Hidden)
		at = s.to
	}
	return b.String() + text[at:]
}

// spans returns the parts of text that look like secrets, by place; at most so many, or with -1 all.
func spans(text string, most int) []span {
	if isName(text) {
		return nil
	}
	isASCII := !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
	lower := text
	if isASCII {
		lower = strings.ToLower(text)
	}
	var found []span
	for i, f := range forms {
		if isASCII && !f.isIn(lower) { // elsewhere small letters are not as simple: patterns take the long s for an s
			continue
		}
		for _, m := range f.pattern().FindAllStringSubmatchIndex(text, -1) {
			from, to := m[0], m[1]
			if len(m) > 2 && m[2] >= 0 {
				from, to = m[2], m[3]
			}
			value := text[from:to]
			if f.isHarmless != nil && f.isHarmless(value, text[to:]) || i == random && !isRandom(value, text[:from]) {
				continue
			}
			if found = append(found, span{from, to, f.kind}); len(found) == most {
				return found
			}
		}
	}
	slices.SortStableFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return found
}

// isName reports whether text has only what ordinary names and addresses have: nothing else needs to look further.
func isName(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == '/':
		default:
			return false
		}
	}
	return !strings.HasPrefix(text, "glpat-") && !strings.HasPrefix(text, "xox")
}
