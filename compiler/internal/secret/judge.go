package secret

import (
	"slices"
	"strings"
	"unicode"

	"topoc/compiler/internal/lazyregexp"
)

// harmless are words that stand where a password would, and are none.
var harmless = []string{
	"", "-", "any", "cleartext", "configured", "default", "disabled", "empty", "enabled", "encrypted", "expired", "external", "false", "hidden", "in", "is", "manual",
	"managed", "md5", "missing", "n/a", "needed", "no", "none", "null", "off", "on", "optional", "present", "pending", "redacted", "removed", "required", "rotated",
	"same", "secret", "see", "set", "shared", "static", "tbd", "todo", "true", "unknown", "unset", "unused", "used", "vault", "yes",
}

// placeholder is what is written in the place of a secret: <password>, ${PASSWORD}, {{ password }}, ****, (not shown).
var placeholder = lazyregexp.New(`^(?:<.*|\$\{.*|\$\(.*|\$[A-Za-z_]+|\{\{.*|\{.*|\[.*|\(.*|%[a-z].*|[*x.X…]+)$`)

func isPlaceholder(value, _ string) bool { return placeholder().MatchString(value) }

// isHarmless reports whether value is no password, whatever its name promises.
func isHarmless(value string) bool {
	value = strings.TrimRight(value, ":.")
	if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return true
	}
	return placeholder().MatchString(value) || slices.Contains(harmless, strings.ToLower(strings.TrimSpace(value))) || isNumber().MatchString(value)
}

// isNumber is a small number, such as a version, a count of days or an order.
var isNumber = lazyregexp.New(`^v?[0-9]{1,3}(?:\.[0-9]{1,3})*[dhms]?$`)

// isProse reports whether what follows "password:" goes on in plain words, as in "password: see the handbook".
func isProse(value, rest string) bool {
	if isHarmless(value) {
		return true
	}
	return isLower(value) && strings.ContainsFunc(rest, unicode.IsLetter)
}

// isPlain reports whether a value could be an ordinary word or name, as in "secret: bgp-passwords" or "password rotation".
func isPlain(value, _ string) bool {
	if isHarmless(value) || len(value) < 6 || isHex().MatchString(value) {
		return true
	}
	letters, digits, others := 0, 0, 0
	for _, r := range value {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune("-._/()…", r):
			others++
		}
	}
	return others == 0 && (digits == 0 || letters == 0 || isDNSName().MatchString(value))
}

var (
	isHex = lazyregexp.New(`^(?:0x)?[0-9a-f-]{8,}$|^(?:0x)?[0-9A-F-]{8,}$`)

	// isDNSName is a name with parts, as those of objects of Kubernetes: one of letters and digits in one piece could be a password.
	isDNSName = lazyregexp.New(`^[a-z0-9]+(?:[-./][a-z0-9]+)+$`)

	// word is what names of devices and interfaces are made of, and random strings rarely have.
	word = lazyregexp.New(`[A-Z]?[a-z]{3,}[0-9]*`)
)

func isLower(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLower(r) && r != '-' && r != '.' })
}

// isRandom reports whether a long string of letters and digits looks drawn at random: of both cases and digits, which change all the
// time, and hardly any words. before is what stands before it: fingerprints and public keys are to be seen.
func isRandom(s, before string) bool {
	if strings.HasPrefix(s, "AAAA") || strings.HasSuffix(before, "SHA256:") {
		return false
	}
	var count [3]int
	changes, last := 0, -1
	for _, r := range strings.TrimRight(s, "=") {
		class := -1
		switch {
		case unicode.IsUpper(r):
			class = 0
		case unicode.IsLower(r):
			class = 1
		case unicode.IsDigit(r):
			class = 2
		}
		if class >= 0 {
			count[class]++
		}
		if class != last {
			changes++
		}
		last = class
	}
	covered := 0
	for _, w := range word().FindAllString(s, -1) {
		covered += len(w)
	}
	return min(count[0], count[1]) >= 2 && count[2] >= 1 && changes*100 >= len(s)*35 && covered*100 < len(s)*60
}
