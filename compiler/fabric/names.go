package fabric

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
)

// maxPolicyName is the longest name of a group, list or policy that every dialect takes (dialects with shorter limits have
// none of these names in their language).
const maxPolicyName = 31

// cidrName turns a prefix into a part of a Kubernetes object name: 10.210.0.0/16 → 10-210-0-0-16.
func cidrName(p netip.Prefix) string {
	return strings.Trim(strings.NewReplacer(".", "-", ":", "-", "/", "-").Replace(p.Masked().String()), "-")
}

// subnetLabel turns a subnet into a label's value: 172.20.0.0/24 → 172.20.0.0-24.
func subnetLabel(p netip.Prefix) string {
	return strings.Trim(strings.NewReplacer(":", "-", "/", "-").Replace(p.Masked().String()), "-")
}

// objectName joins words to the name of a Kubernetes object, a DNS subdomain of at most 253 characters (RFC 1123). A word
// with other characters, or too long a name, gets a hash of the words, so that different words keep different names.
func objectName(words ...string) string {
	joined := strings.Join(words, "-")
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, joined)
	name = strings.Trim(name, "-.")
	if name == joined && len(name) <= 253 {
		return name
	}
	return strings.Trim(name[:min(len(name), 240)], "-.") + "-" + hash(words)
}

// policyName joins words to a name that switches take: letters, digits, hyphens and underscores, at most maxPolicyName of
// them, upper case as is the custom for policies. Underscores stand between the words, so that words with hyphens make
// no two names alike; where folding lost something the name ends in a hash of the words.
func policyName(words ...string) string {
	joined := strings.ToUpper(strings.Join(words, "_"))
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, joined)
	isLossy := name != joined || strings.Count(name, "_") >= len(words)
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		name = "T-" + name
	}
	if len(name) <= maxPolicyName && !isLossy {
		return name
	}
	h := strings.ToUpper(hash(words))
	return name[:min(len(name), maxPolicyName-1-len(h))] + "-" + h
}

// unique makes a name of words that is not yet taken, and takes it.
func unique(taken map[string]bool, name func(...string) string, words ...string) string {
	made := name(words...)
	for taken[made] {
		words = append(words, hash(words))
		made = name(words...)
	}
	taken[made] = true
	return made
}

// hash is a short digest of words that starts with a letter that is no hexadecimal digit.
func hash(words []string) string {
	h := fnv.New32a()
	h.Write([]byte(strings.Join(words, "\x00")))
	return fmt.Sprintf("x%06x", h.Sum32()&0xffffff)
}

// equals is the selector for a label's value.
func equals(label, value string) string { return label + " == " + quote(value) }

// in is the selector for one of several values of a label.
func in(label string, values []string) string {
	if len(values) == 1 {
		return equals(label, values[0])
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return label + " in {" + strings.Join(quoted, ", ") + "}"
}

// quote writes a selector's string; the grammar has no escapes, so the quotes are chosen to fit.
func quote(s string) string {
	if strings.Contains(s, "'") {
		return `"` + s + `"`
	}
	return "'" + s + "'"
}
