package diag

import "strings"

// Nearest returns the candidate that is written most like name, whatever the case, or "" where none is near. The first of
// equals wins.
func Nearest(name string, candidates []string) string {
	best, least := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		d := distance(strings.ToLower(name), strings.ToLower(c))
		if len(name) > 2 && strings.HasPrefix(strings.ToLower(c), strings.ToLower(name)) {
			d = 0 // ios is rather iosxe than eos
		}
		if len(name) > 4 && strings.Contains(strings.ToLower(c), strings.ToLower(name)) {
			d = min(d, 1) // reflectors is a part of routeReflectors
		}
		if d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of insertions, deletions, replacements and swaps of neighbors that turn a into b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
