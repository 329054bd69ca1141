package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"topoc/compiler/internal/lazyregexp"
	"topoc/compiler/source"
)

// manifestFormat is the version of MANIFEST.json that this code writes and reads. Another one is a change that older code
// would misread.
const manifestFormat = 1

// manifest is what MANIFEST.json says about the directory it stands in.
//
// A build writes it twice: before it changes any other file, with what it is about to do, and after it changed the last one,
// with that done. In between the manifest is unfinished: it lists in Files, as pending, what the build puts in place, and in
// Replaced what may still stand there from before. A file whose hash is in either list is topoc's, whole, and not edited.
type manifest struct {
	Files    []entry // sorted by path
	Replaced []entry // sorted by path; a path may be in both
}

// entry is one file in a manifest.
type entry struct {
	Path       string        `json:"path"`
	SHA256     string        `json:"sha256"` // of its content, in lower-case hexadecimal
	Executable bool          `json:"executable,omitempty"`
	Pending    bool          `json:"pending,omitempty"`  // in Files: may not be in place yet
	Declared   []source.Path `json:"declared,omitempty"` // in Files
}

// isFinished reports whether no build is under way, nor was interrupted.
func (m *manifest) isFinished() bool {
	return len(m.Replaced) == 0 && !slices.ContainsFunc(m.Files, func(e entry) bool { return e.Pending })
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// encode returns the one form in which m is written: an entry per line, so that version control shows and merges it by file.
func (m *manifest) encode() []byte {
	size := 100
	for _, entries := range [][]entry{m.Files, m.Replaced} {
		for i := range entries {
			size += entries[i].size()
		}
	}
	b := fmt.Appendf(make([]byte, 0, size), "{\n  \"format\": %d,\n  \"finished\": %v,\n", manifestFormat, m.isFinished())
	b = appendEntries(b, "files", m.Files)
	if len(m.Replaced) > 0 {
		b = appendEntries(append(b, ",\n"...), "replaced", m.Replaced)
	}
	return append(b, "\n}\n"...)
}

func appendEntries(b []byte, name string, entries []entry) []byte {
	b = fmt.Appendf(b, "  %q: [", name)
	for i := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = entries[i].appendTo(append(b, "\n    "...))
	}
	if len(entries) > 0 {
		b = append(b, "\n  "...)
	}
	return append(b, ']')
}

// size is about how many bytes e takes once it is encoded.
func (e *entry) size() int {
	n := 150 + len(e.Path)
	for _, p := range e.Declared {
		n += len(p) + len(`"",`) + strings.Count(string(p), `"`)
	}
	return n
}

// appendTo appends what encoding/json would write of e, and takes a tenth of the time: nearly all of it is plain strings.
func (e *entry) appendTo(b []byte) []byte {
	b = appendString(append(b, `{"path":`...), e.Path)
	b = appendString(append(b, `,"sha256":`...), e.SHA256)
	if e.Executable {
		b = append(b, `,"executable":true`...)
	}
	if e.Pending {
		b = append(b, `,"pending":true`...)
	}
	for i, p := range e.Declared {
		separator := ","
		if i == 0 {
			separator = `,"declared":[`
		}
		b = appendString(append(b, separator...), string(p))
	}
	if len(e.Declared) > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendString appends a JSON string, HTML unescaped. Paths of declarations have quotes in them.
func appendString(b []byte, s string) []byte {
	start := len(b)
	b = append(b, '"')
	done := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(append(b, s[done:i]...), '\\')
			done = i
		case c < ' ' || c > '~':
			return appendAnyString(b[:start], s)
		}
	}
	return append(append(b, s[done:]...), '"')
}

// appendAnyString is appendString for what is rare.
func appendAnyString(b []byte, s string) []byte {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic("artifact: " + err.Error())
	}
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}

// errNewer is what decode wraps for a manifest of a later format than this code knows.
var errNewer = errors.New("written by a newer topoc")

// manifestBody is the JSON of a manifest.
type manifestBody struct {
	Format   int     `json:"format"`
	Finished bool    `json:"finished"`
	Files    []entry `json:"files"`
	Replaced []entry `json:"replaced"`
}

// decode reads a manifest. It trusts none of it: a path that leaves the directory is an error, as is anything encode would
// not write, but for layout.
func decode(text []byte) (*manifest, error) {
	body, err := decodeBody(text)
	if err != nil || body.Format != manifestFormat {
		if err := checkFormat(text); err != nil { // what a newer one holds may be no body of this one
			return nil, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("not a manifest: %w", err)
	}
	if body.Format != manifestFormat {
		return nil, fmt.Errorf("not a manifest: format %d", body.Format)
	}
	for _, list := range [][]entry{body.Files, body.Replaced} {
		if err := checkEntries(list); err != nil {
			return nil, fmt.Errorf("not a manifest: %w", err)
		}
	}
	m := &manifest{Files: body.Files, Replaced: body.Replaced}
	if m.isFinished() != body.Finished {
		return nil, fmt.Errorf("not a manifest: finished is %v, and its files say otherwise", body.Finished)
	}
	return m, nil
}

func decodeBody(text []byte) (*manifestBody, error) {
	body := &manifestBody{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(body); err != nil {
		return nil, err
	}
	if behind := bytes.TrimLeft(text[decoder.InputOffset():], " \t\r\n"); len(behind) > 0 {
		return nil, fmt.Errorf("invalid character %q after top-level value", behind[0])
	}
	return body, nil
}

// checkFormat returns an error where text is no JSON, or of a later format.
func checkFormat(text []byte) error {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("not a manifest: %w", err)
	}
	if head.Format > manifestFormat {
		return fmt.Errorf("%w: format %d, this one knows %d", errNewer, head.Format, manifestFormat)
	}
	return nil
}

var isHash = lazyregexp.New(`^[0-9a-f]{64}$`)

func checkEntries(entries []entry) error {
	for i, e := range entries {
		if err := CheckPath(e.Path); err != nil {
			return err
		}
		if !isHash().MatchString(e.SHA256) {
			return fmt.Errorf("file %q: %q is no SHA-256", e.Path, e.SHA256)
		}
		if i > 0 && entries[i-1].Path >= e.Path {
			return fmt.Errorf("file %q: not sorted by path", e.Path)
		}
	}
	return nil
}

// all returns every entry of m: what it lists, and what an interrupted build left to be replaced.
func (m *manifest) all() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for _, entries := range [][]entry{m.Files, m.Replaced} {
			for i := range entries {
				if !yield(&entries[i]) {
					return
				}
			}
		}
	}
}

func byPath(a, b entry) int { return strings.Compare(a.Path, b.Path) }
