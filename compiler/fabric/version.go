package fabric

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a Calico release. A patch of -1 is "the newest of that minor": what "3.31" without a patch means.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads "3.31", "3.30.2" or "v3.30.2".
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(strings.TrimPrefix(s, "v"), ".")
	if len(parts) < 2 || len(parts) > 3 {
		return Version{}, fmt.Errorf("version %q is not of the form 3.31 or 3.31.2", s)
	}
	numbers := [3]int{2: -1}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return Version{}, fmt.Errorf("version %q is not of the form 3.31 or 3.31.2", s)
		}
		numbers[i] = n
	}
	return Version{numbers[0], numbers[1], numbers[2]}, nil
}

// AtLeast reports whether v has what appeared in want.
func (v Version) AtLeast(want Version) bool {
	if v.Major != want.Major {
		return v.Major > want.Major
	}
	if v.Minor != want.Minor {
		return v.Minor > want.Minor
	}
	return v.Patch < 0 || v.Patch >= want.Patch
}

func (v Version) String() string {
	if v.Patch < 0 {
		return fmt.Sprintf("%d.%d", v.Major, v.Minor)
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}
