package check

import (
	"fmt"
	"maps"
	"slices"
)

// maxNotes bounds how many of many like places a finding points to.
const maxNotes = 4

// sorted returns the keys of a map, the only way this package walks one.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// andOthers counts what a message doesn't list: "", " and 1 other subnet", " and 3 other subnets".
func andOthers(n int, what string) string {
	switch {
	case n <= 0:
		return ""
	case n == 1:
		return " and 1 " + what
	}
	return fmt.Sprintf(" and %d %ss", n, what)
}
