package load

import (
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// kind is the kind of a value, one bit each, so that a set of kinds is a kind too.
type kind uint16

const (
	structKind kind = 1 << iota
	listKind
	stringKind
	intKind
	floatKind
	boolKind
	nullKind
	bytesKind
	noKind  // nothing concrete: an open type, an unresolved choice
	badKind // an error that is reported already
)

// scalar is what the schema says of a scalar. Strings pass all conditions; integers lie within the bounds.
type scalar struct {
	name       string // of the definition it is, or narrows: "#CIDR"; empty where the schema gives it no name
	kinds      kind
	min, max   bound
	conditions []*condition
}

// bound is a bound of integers. The zero bound is none.
type bound struct {
	isSet bool
	n     int64
}

// condition is something that the schema asks of a string.
type condition struct {
	what conditionKind
	arg  string // a pattern, a word or a layout
	n    int    // a number of runes

	once  sync.Once
	match func(string) bool // for arg, once it was asked for
}

type conditionKind uint8

const (
	matches conditionKind = iota // =~ arg
	matchesNot
	differs // from arg
	isPrefix
	isIP
	isIPv4
	isIPv6
	isDuration
	isTime  // by the layout arg
	isShort // n runes at most
)

// accepts reports whether every condition for strings holds.
func (s *scalar) accepts(v string) bool {
	for _, c := range s.conditions {
		if !c.holds(v) {
			return false
		}
	}
	return true
}

// acceptance is that a scalar accepts a string.
type acceptance struct {
	of *scalar
	v  string
}

// mostAccepted is how many acceptances a decoder remembers.
const mostAccepted = 256

// accepts is scalar.accepts. Of a topology's many strings most are the same few: interfaces, racks, keys of labels and their values. To match
// a pattern takes far longer than to know them again.
func (d *decoder) accepts(s *scalar, v string) bool {
	if len(s.conditions) == 0 || s.conditions[0].what != matches {
		return s.accepts(v)
	}
	a := acceptance{s, v}
	if d.accepted[a] {
		return true
	}
	isAccepted := s.accepts(v)
	if isAccepted && len(d.accepted) < mostAccepted {
		if d.accepted == nil {
			d.accepted = map[acceptance]bool{}
		}
		d.accepted[a] = true
	}
	return isAccepted
}

// within reports whether n lies within the bounds.
func (s *scalar) within(n int64) bool {
	return (!s.min.isSet || n >= s.min.n) && (!s.max.isSet || n <= s.max.n)
}

// holds reports whether a string fulfils the condition. What CUE has a name for is the same call of the same Go package that CUE makes, so
// that both accept the same strings.
func (c *condition) holds(v string) bool {
	switch c.what {
	case matches:
		return c.matcher()(v)
	case matchesNot:
		return !c.matcher()(v)
	case differs:
		return v != c.arg
	case isPrefix:
		_, err := netip.ParsePrefix(v)
		return err == nil
	case isIP, isIPv4, isIPv6:
		a, err := netip.ParseAddr(v)
		return err == nil && (c.what == isIP || a.Is4() == (c.what == isIPv4))
	case isDuration:
		_, err := time.ParseDuration(v)
		return err == nil
	case isTime:
		_, err := time.Parse(c.arg, v)
		return err == nil
	case isShort:
		return utf8.RuneCountInString(v) <= c.n
	}
	panic("load: a condition of no kind")
}

// matcher returns what tells whether a string matches arg. A pattern is compiled when a string is first held to it: a topology asks for
// few. One without metacharacters, which is cheaper to search for, is not compiled.
func (c *condition) matcher() func(string) bool {
	c.once.Do(func() {
		if regexp.QuoteMeta(c.arg) == c.arg {
			c.match = func(v string) bool { return strings.Contains(v, c.arg) }
		} else {
			c.match = regexp.MustCompile(c.arg).MatchString
		}
	})
	return c.match
}
