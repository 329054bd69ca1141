package calico

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// yamlWriter appends trees as YAML, in the form of sigs.k8s.io/yaml. That library parses an object's JSON and builds events of it, which
// for the nodes of a large topology takes longer than all stages before it. So what is beyond doubt is written here, and the library
// asked for the rest: for a scalar that may need quotes, and for an object whole where there is a string of several lines, one that is
// no ASCII, or keys that differ in a number. The zero yamlWriter is empty.
type yamlWriter struct {
	text    []byte
	scalars map[string]string // how the library writes those that it was asked for
}

// tree appends an object, with the end of its last line.
func (w *yamlWriter) tree(tree map[string]any) {
	start := len(w.text)
	if len(tree) > 0 && w.mapping(tree, 0) {
		return
	}
	w.text = append(w.text[:start], byLibrary(tree)...)
}

func byLibrary(value any) []byte {
	text, err := yaml.Marshal(value)
	if err != nil {
		panic("calico: marshal: " + err.Error())
	}
	return text
}

// mapping appends a mapping's lines, the first without its indentation. Like all methods below it returns false where it can't tell how
// the library would write it; what it has appended until then is void.
func (w *yamlWriter) mapping(m map[string]any, indent int) bool {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	if !sortKeys(keys) {
		return false
	}
	for i, key := range keys {
		if !w.key(key, i, indent) || !w.member(m[key], indent) {
			return false
		}
	}
	return true
}

// strings is mapping where all values are strings.
func (w *yamlWriter) strings(m map[string]string, indent int) bool {
	var few [8]string
	keys := few[:0]
	for key := range m {
		keys = append(keys, key)
	}
	if !sortKeys(keys) {
		return false
	}
	for i, key := range keys {
		if !w.key(key, i, indent) {
			return false
		}
		w.text = append(w.text, ' ')
		if !w.scalar(m[key]) {
			return false
		}
		w.text = append(w.text, '\n')
	}
	return true
}

// mostKey is the length up to which the library writes a key without a question mark.
const mostKey = 128

// key appends the i-th key of a mapping, and its colon.
func (w *yamlWriter) key(key string, i, indent int) bool {
	if i > 0 {
		w.indent(indent)
	}
	isSure := len(key) <= mostKey && w.scalar(key)
	w.text = append(w.text, ':')
	return isSure
}

// member appends what follows a key and its colon: lists are indented like the key.
func (w *yamlWriter) member(value any, indent int) bool {
	switch v := value.(type) {
	case map[string]any:
		if len(v) > 0 {
			w.indentLine(indent + 2)
			return w.mapping(v, indent+2)
		}
	case map[string]string:
		if len(v) > 0 {
			w.indentLine(indent + 2)
			return w.strings(v, indent+2)
		}
	case []any:
		if len(v) > 0 {
			w.indentLine(indent)
			return w.sequence(v, indent)
		}
	}
	w.text = append(w.text, ' ')
	return w.leaf(value)
}

// sequence appends a list's lines, the first without its indentation.
func (w *yamlWriter) sequence(list []any, indent int) bool {
	for i, element := range list {
		if i > 0 {
			w.indent(indent)
		}
		w.text = append(w.text, "- "...)
		isSure := false
		switch v := element.(type) {
		case map[string]any:
			isSure = len(v) > 0 && w.mapping(v, indent+2)
		case []any:
			isSure = len(v) > 0 && w.sequence(v, indent+2)
		default:
			isSure = w.leaf(v)
		}
		if !isSure {
			return false
		}
	}
	return true
}

// leaf appends a value without members, and the end of its line.
func (w *yamlWriter) leaf(value any) bool {
	isSure := true
	switch v := value.(type) {
	case map[string]any:
		w.text = append(w.text, "{}"...)
	case []any:
		w.text = append(w.text, "[]"...)
	case string:
		isSure = w.scalar(v)
	case bool:
		word := "false"
		if v {
			word = "true"
		}
		w.text = append(w.text, word...)
	case int64:
		w.text = strconv.AppendInt(w.text, v, 10)
	case uint64:
		w.text = strconv.AppendUint(w.text, v, 10)
	case float64:
		w.text = strconv.AppendInt(w.text, int64(v), 10)
		isSure = v == math.Trunc(v) && math.Abs(v) <= mostInteger
	default:
		return false
	}
	w.text = append(w.text, '\n')
	return isSure
}

// mostInteger is up to where a float64 holds every integer. The largest number of any object is an AS number.
const mostInteger = 1 << 53

// lineWidth is where the library breaks a line at the next blank of a string.
const lineWidth = 80

// scalar appends a string that needs one line.
func (w *yamlWriter) scalar(s string) bool {
	if strings.IndexByte(s, ' ') >= 0 {
		column := len(w.text) - (bytes.LastIndexByte(w.text, '\n') + 1)
		if column+len(s) >= lineWidth {
			return false
		}
	}
	if isPlain(s) {
		w.text = append(w.text, s...)
		return true
	}
	if !isPrintable(s) {
		return false
	}
	text, isKnown := w.scalars[s]
	if !isKnown {
		text = strings.TrimSuffix(string(byLibrary(s)), "\n")
		if w.scalars == nil {
			w.scalars = map[string]string{}
		}
		w.scalars[s] = text
	}
	w.text = append(w.text, text...)
	return true
}

func (w *yamlWriter) indentLine(indent int) {
	w.text = append(w.text, '\n')
	w.indent(indent)
}

func (w *yamlWriter) indent(indent int) {
	for range indent {
		w.text = append(w.text, ' ')
	}
}

// isPlain reports whether s certainly stands without quotes: it begins with a letter and is no word of YAML 1.1, or begins with a digit
// and is no number or time, having a slash or two dots; and nothing in it begins a comment or a value.
func isPlain(s string) bool {
	if s == "" || !isPrintable(s) {
		return false
	}
	first, last := s[0], s[len(s)-1]
	switch {
	case isLetter(first):
		if len(s) <= len("false") && slices.Contains(yamlWords, strings.ToLower(s)) {
			return false
		}
	case isDigit(first):
		if strings.IndexByte(s, '/') < 0 && strings.Count(s, ".") < 2 {
			return false
		}
	default:
		return false
	}
	return last != ' ' && last != ':' && !strings.Contains(s, ": ") && !strings.Contains(s, " #")
}

// yamlWords are the words that mean something else than a string to YAML 1.1, in small letters.
var yamlWords = []string{"y", "n", "on", "no", "yes", "off", "true", "null", "false"}

// isPrintable reports whether all of s is printable ASCII.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// sortKeys sorts keys as the library does; it returns false where it can't tell how. The library has no order for some keys, "1a" before
// "9" before "10a" before "1a", and there puts them differently each time: here the order is one of those it might choose.
func sortKeys(keys []string) bool {
	slices.Sort(keys)
	isSure := true
	slices.SortStableFunc(keys, func(a, b string) int {
		order, isKnown := compareKeys(a, b)
		isSure = isSure && isKnown
		return order
	})
	return isSure
}

// mostDigits is how many digits the library can compare as a number.
const mostDigits = 17

// compareKeys compares what follows the bytes that two keys begin with both: symbols come before digits, digits before letters, and
// numbers by value.
func compareKeys(a, b string) (order int, isKnown bool) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) {
		return len(a) - len(b), true
	}
	p, q := classOf(a[i]), classOf(b[i])
	if p != digit || q != digit {
		return cmp.Or(int(p)-int(q), int(a[i])-int(b[i])), true
	}
	m, n := digitsOf(a[i:]), digitsOf(b[i:])
	if max(m, n) > mostDigits {
		return 0, false
	}
	// Behind a digit other than zero further zeros count, as if the number began with a one.
	lead := ""
	if zeros := strings.TrimRight(a[:i], "0"); zeros != "" && isDigit(zeros[len(zeros)-1]) {
		lead = "1"
	}
	return cmp.Or(cmp.Compare(number(lead+a[i:i+m]), number(lead+b[i:i+n])), m-n, int(a[i])-int(b[i])), true
}

type class uint8

const (
	symbol class = iota
	digit
	letter
)

func classOf(b byte) class {
	switch {
	case isDigit(b):
		return digit
	case isLetter(b):
		return letter
	}
	return symbol
}

// digitsOf returns how many digits s begins with.
func digitsOf(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// number reads digits that fit an int64.
func number(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		panic("calico: " + err.Error())
	}
	return n
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
