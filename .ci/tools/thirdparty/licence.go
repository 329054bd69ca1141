package thirdparty

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// permitted are the licences, by their SPDX identifiers, under which code may come into the binary or its tests: all of them allow to
// pass it on as part of something else, and ask for no more than that their texts and notices come with it.
var permitted = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"}

// enough is how much of a file must be the text of known licences, in percent. The rest is names, years and introductions.
const enough = 75

// isNotice matches files that are no licence: what has to be passed on with one, and grants of patents.
var isNotice = regexp.MustCompile(`(?i)^(notice|patents|copyright)s?\b`).MatchString

// Licence returns the licences of the module's code as an SPDX expression. An error says that a text is no known licence, that it is
// not permitted, or that there is none.
func (m *Module) Licence() (string, error) {
	var found []string
	for _, file := range m.Files {
		if isNotice(path.Base(file)) {
			continue
		}
		text, err := m.read(file)
		if err != nil {
			return "", err
		}
		ids, err := identify(text)
		if err != nil {
			return "", fmt.Errorf("%s %s: %s: %w", m.Path, m.Version, file, err)
		}
		found = append(found, ids...)
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%s %s: no licence beside its code, %q", m.Path, m.Version, m.Files)
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " AND "), nil
}

// identify returns the SPDX identifiers of the licences in a text.
func identify(text []byte) ([]string, error) {
	coverage := licensecheck.Scan(text)
	var ids []string
	for _, match := range coverage.Match {
		if match.IsURL {
			continue
		}
		if !slices.Contains(permitted, match.ID) {
			return nil, fmt.Errorf("%s is not among the licences that may be used", match.ID)
		}
		ids = append(ids, match.ID)
	}
	if coverage.Percent < enough || len(ids) == 0 {
		return nil, fmt.Errorf("%.0f %% of it is the text of known licences", coverage.Percent)
	}
	return ids, nil
}
