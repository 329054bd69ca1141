package load

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"cuelang.org/go/cue/token"
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

// scalarKinds are the scalar types that the schema may name.
var scalarKinds = map[string]kind{"string": stringKind, "int": intKind, "bool": boolKind}

// scalar is what the schema says of a scalar. Strings pass all of tests; integers lie within the bounds.
type scalar struct {
	name     string // of the definition it is, or narrows: "#CIDR"; empty where the schema gives it no name
	kinds    kind
	min, max *int64
	tests    []func(string) bool
}

// add joins the conditions of another scalar.
func (s *scalar) add(o *scalar) {
	s.kinds |= o.kinds
	if s.name == "" {
		s.name = o.name
	}
	if o.min != nil {
		s.min = o.min
	}
	if o.max != nil {
		s.max = o.max
	}
	s.tests = append(s.tests, o.tests...)
}

// accepts reports whether every condition for strings holds.
func (s *scalar) accepts(v string) bool {
	for _, t := range s.tests {
		if !t(v) {
			return false
		}
	}
	return true
}

// within reports whether n lies within the bounds.
func (s *scalar) within(n int64) bool {
	return (s.min == nil || n >= *s.min) && (s.max == nil || n <= *s.max)
}

// addBound adds a unary condition: a bound for integers, a pattern or a forbidden value for strings.
func (s *scalar) addBound(op token.Token, lit string) error {
	switch op {
	case token.GEQ, token.LEQ:
		n, err := integerLiteral(lit)
		if err != nil {
			return err
		}
		if op == token.GEQ {
			s.min = &n
		} else {
			s.max = &n
		}
		return nil
	case token.MAT, token.NMAT:
		pattern, err := unquote(lit)
		if err != nil {
			return err
		}
		match, err := matcher(pattern)
		if err != nil {
			return err
		}
		want := op == token.MAT
		s.tests = append(s.tests, func(v string) bool { return match(v) == want })
		return nil
	case token.NEQ:
		forbidden, err := unquote(lit)
		if err != nil {
			return err
		}
		s.tests = append(s.tests, func(v string) bool { return v != forbidden })
		return nil
	}
	return fmt.Errorf("operator %v is not in the schema's vocabulary", op)
}

// matcher compiles a pattern; one without metacharacters, which is cheaper to search for, is not compiled.
func matcher(pattern string) (func(string) bool, error) {
	if regexp.QuoteMeta(pattern) == pattern {
		return func(v string) bool { return strings.Contains(v, pattern) }, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// addValidator adds one of CUE's own conditions for strings. Each is the same call of the same Go package that CUE makes, so
// that both accept the same strings.
func (s *scalar) addValidator(name, arg string) error {
	switch name {
	case "net.IPCIDR":
		s.test(func(v string) bool { _, err := netip.ParsePrefix(v); return err == nil })
	case "net.IP":
		s.test(func(v string) bool { _, err := netip.ParseAddr(v); return err == nil })
	case "net.IPv4":
		s.test(func(v string) bool { a, err := netip.ParseAddr(v); return err == nil && a.Is4() })
	case "net.IPv6":
		s.test(func(v string) bool { a, err := netip.ParseAddr(v); return err == nil && a.Is6() })
	case "time.Duration":
		s.test(func(v string) bool { _, err := time.ParseDuration(v); return err == nil })
	case "time.Format":
		layout, err := unquote(arg)
		if err != nil {
			return err
		}
		s.test(func(v string) bool { _, err := time.Parse(layout, v); return err == nil })
	case "strings.MaxRunes":
		n, err := integerLiteral(arg)
		if err != nil {
			return err
		}
		s.test(func(v string) bool { return utf8.RuneCountInString(v) <= int(n) })
	default:
		return fmt.Errorf("%s is not in the schema's vocabulary", name)
	}
	return nil
}

func (s *scalar) test(ok func(string) bool) { s.tests = append(s.tests, ok) }
