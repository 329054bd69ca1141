// Package lazyregexp compiles regular expressions at their first use. Of all that the packages declare a run needs few, and to compile
// them all takes a good part of what it takes to check a small topology.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that returns the expression, compiled when it is first called. It is safe for concurrent use, and panics where
// pattern is no regular expression.
func New(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
