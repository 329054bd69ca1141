package load

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzLoad holds that no input panics or hangs, that every diagnostic has a place, that a topology comes without diagnostics,
// that both ways of reading give the same, and that CUE accepts just what topoc accepts (but for imports: see openSchema).
func FuzzLoad(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add(c.data, uint8(formatByName(c.file)))
	}
	f.Add([]byte("\xef\xbb\xbfname: \"a\"\r\n"), uint8(0))
	f.Add([]byte("name: \"\xff\""), uint8(0))
	f.Add([]byte("a: b: c: d: e: \x00"), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, format uint8) {
		read := func(force bool) *Result {
			in := &input{name: "fuzz", data: data, format: inputFormat(format % 3)}
			opt := Options{MaxValues: 10_000, MaxMemory: 1 << 30, Timeout: time.Second}
			r, err := Watch(t.Context(), opt, func() (*Result, error) { return decodeInputs([]*input{in}, opt, force) })
			var limit *LimitError
			if errors.As(err, &limit) {
				return nil // which is an answer
			}
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if format%3 == uint8(cueFormat) {
			agreePlain(t, data)
		}
		a, b := read(false), read(true)
		if a == nil || b == nil {
			return
		}
		if x, y := dump(a.Diagnostics), dump(b.Diagnostics); x != y {
			t.Errorf("read as it stands:\n%sevaluated:\n%s", x, y)
		}
		if (a.Topology != nil) != (len(a.Diagnostics) == 0) {
			t.Errorf("Topology set: %v, with %d diagnostics", a.Topology != nil, len(a.Diagnostics))
		}
		// What is open (clusters: c: _) becomes an empty struct in CUE's eyes, and is a value that is missing in ours.
		isOpen := strings.Contains(dump(a.Diagnostics), "only an open value")
		isRefused := format%3 == uint8(yamlFormat) && otherLineEnd(data) >= 0 // which CUE accepts, or panics at
		if name := [...]string{"x.cue", "x.yaml", "x.json"}[format%3]; !isOpen && !isRefused && !bytes.Contains(data, []byte("import")) {
			if want := accepted(t, name, data); want != (a.Topology != nil) {
				t.Errorf("topoc accepts it: %v; CUE accepts it: %v\n%s", !want, want, dump(a.Diagnostics))
			}
		}
		for _, d := range a.Diagnostics {
			if d.Pos.Line < 1 || d.Pos.Line > bytes.Count(data, []byte("\n"))+1 || d.Pos.Column < 1 {
				t.Errorf("no such place: %v: %s", d.Pos, d.Message)
			}
		}
	})
}
