package compiler

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"sigs.k8s.io/yaml"

	"topoc/compiler/artifact"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/load"
	"topoc/compiler/source"
	"topoc/topologies/topogen"
)

// patience is how long one topology of a fuzz target may take: far above what one takes on a busy machine. A hang must fail.
const patience = 2 * time.Minute

// FuzzPipeline takes a topology, and what edits make of it, through all stages: none panics or hangs, every finding has a place in
// the input, and a topology without errors gives files that their readers can read, in which no string of the user's ends a line.
// The topology is text, or where that is empty one of those of the tests or a random one, by number.
func FuzzPipeline(f *testing.F) {
	known := topologiesOfTests(f)
	for i := range known {
		f.Add(uint16(i), []byte(nil), []byte(nil))
	}
	for i := range uint16(8) {
		f.Add(uint16(len(known))+i, []byte(nil), []byte{0, 0, byte(i), 3})
	}
	f.Fuzz(func(t *testing.T, number uint16, text, edits []byte) {
		switch n := int(number); {
		case len(text) == 0 && n < len(known):
			text = known[n]
		case len(text) == 0:
			text = topogen.Random(int64(n))
		}
		hang := time.AfterFunc(patience, func() { panic("a hang") })
		defer hang.Stop()
		text = edited(text, edits)
		opt := Options{
			Until: Simulated, Anyway: len(edits)%2 == 1, Check: check.Options{Today: "2026-01-01"},
			Load: load.Options{Stdin: bytes.NewReader(text), Timeout: 10 * time.Second, MaxMemory: 2 << 30, MaxValues: 20_000},
		}
		r, err := Run(t.Context(), []string{"-"}, opt)
		var limit *load.LimitError
		if errors.As(err, &limit) {
			return // which is an answer
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, d := range r.Diagnostics {
			findingIsPlaced(t, text, d)
		}
		if r.Artifacts != nil {
			for _, file := range r.Artifacts.Files() {
				fileIsReadable(t, file)
			}
		}
		if t.Failed() {
			t.Logf("%s", text)
		}
	})
}

// topologiesOfTests returns the examples, those of the checks' pages, and the smaller ones of the corpus.
func topologiesOfTests(t testing.TB) [][]byte {
	var texts [][]byte
	for _, pattern := range []string{"../topologies/*.cue", "check/testdata/corpus/*/*.cue", "check/examples/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(file) == ".txtar" {
				_, rest, _ := bytes.Cut(text, []byte("-- fires.cue --\n"))
				text, _, _ = bytes.Cut(rest, []byte("\n-- "))
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func findingIsPlaced(t *testing.T, text []byte, d *diag.Diagnostic) {
	t.Helper()
	if d.Check == "" || d.Message == "" || strings.ContainsFunc(d.Message+d.Hint, breaksLine) {
		t.Errorf("not one line: %q (%q) [%s]", d.Message, d.Hint, d.Check)
	}
	places := []source.Pos{d.Pos}
	for _, note := range d.Notes {
		places = append(places, note.Pos)
	}
	lines := bytes.Split(text, []byte("\n"))
	for i, p := range places {
		switch {
		case i > 0 && p == source.Pos{}: // a note without a place of its own
		case p.File != "-" || p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len(lines[p.Line-1])+1:
			t.Errorf("no such place: %v: %s [%s]", p, d.Message, d.Check)
		}
	}
}

// breaksLine reports whether a reader of text could take r for the end of a line.
func breaksLine(r rune) bool { return r == '\u2028' || r == '\u2029' || unicode.IsControl(r) }

// fileIsReadable holds a file to plain lines, and to its format where that is YAML or JSON.
func fileIsReadable(t *testing.T, file artifact.File) {
	t.Helper()
	if !utf8.Valid(file.Data) || !bytes.HasSuffix(file.Data, []byte("\n")) {
		t.Errorf("%s: not UTF-8, or without the end of a line", file.Path)
	}
	if i := bytes.IndexFunc(file.Data, func(r rune) bool { return r != '\n' && r != '\t' && breaksLine(r) }); i >= 0 {
		t.Errorf("%s: holds %q", file.Path, file.Data[i])
	}
	switch filepath.Ext(file.Path) {
	case ".yaml":
		for document := range bytes.SplitSeq(file.Data, []byte("\n---\n")) {
			var into any
			if err := yaml.UnmarshalStrict(document, &into); err != nil {
				t.Errorf("%s: %v\n%s", file.Path, err, document)
			}
		}
	case ".json":
		if !json.Valid(file.Data) {
			t.Errorf("%s: no JSON\n%s", file.Path, file.Data)
		}
	}
}

// tokens are what edits exchange: strings, numbers and words.
var tokens = regexp.MustCompile(`"[^"\n]*"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+`)

// oddTokens are values that mean something special in some field.
var oddTokens = []string{
	"0", "1", "-1", "65535", "4294967295", "1e9", "true", "false", "null", "_", "{}", "[]", "[[]]", `""`, `" "`, `"a"`, `"A"`,
	`"0.0.0.0/0"`, `"::/0"`, `"10.0.0.0/32"`, `"10.0.0.1/31"`, `"10.0.0.1/8"`, `"fd00::/128"`, `"fd00::1/64"`, `"10.0.0.1"`, `"fd00::1"`,
	`"::ffff:10.0.0.1"`, `"255.255.255.255"`, `"224.0.0.1/4"`, `"127.0.0.1/8"`, `"1.10"`, `"0.0"`, `"64512:1"`, `"1:2:3"`, `"0s"`, `"1ns"`,
	`"2562047h47m16.854775807s"`, `"all()"`, `"!has(x)"`, `"rack == 'a'"`, `"rack in {'a', 'b'}"`, `"has(a) && !(b == 'c')"`, `"global()"`,
	`"nodes"`, `"routeReflectors"`, `"fabric"`, `"loopback"`, `"none"`, `"default"`, `"Keep"`, `"Self"`, `"3.0"`, `"3.21"`, `"3.32"`, `"999.999.999"`,
	`"IPIP"`, `"VXLAN"`, `"VXLANCrossSubnet"`, `"None"`, `"Reject"`, `"Accept"`, `"NotIn"`, `"NotEqual"`, `"eBGP"`, `"iBGP"`, `"*"`, `"eth*"`,
	`"comware"`, `"vrp"`, `"frr"`, `"eos"`, `"nxos"`, `"iosxe"`, `"iosxr"`, `"junos"`, `"nvue"`, `"sonic"`, `"srlinux"`, `"os10"`, `"aoscx"`,
	`"routeros"`, `"vyos"`, `"bird2"`, `"openbgpd"`, `"gobgp"`, `"netplan"`, `"windows"`, `"bind"`, `"systemd-resolved"`, `"'; reboot #"`,
	`"$(id)"`, `"a\u2028b"`, `"\n"`, `"é"`, `"crd.projectcalico.org/v1"`, `"manifest"`,
}

// edited returns what edits make of a topology: each is four bytes, for what is done, where (two) and with what.
func edited(text, edits []byte) []byte {
	for ; len(edits) >= 4; edits = edits[4:] {
		at := tokens.FindAllIndex(text, -1)
		if len(at) == 0 {
			return text
		}
		here := at[(int(edits[1])<<8|int(edits[2]))%len(at)]
		what := []byte(oddTokens[int(edits[3])%len(oddTokens)])
		if edits[0]%4 == 1 { // that of another place
			there := at[(int(edits[2])<<8|int(edits[3]))%len(at)]
			what = text[there[0]:there[1]]
		}
		from := bytes.LastIndexByte(text[:here[0]], '\n') + 1
		end := here[1] + bytes.IndexByte(append(bytes.Clone(text[here[1]:]), '\n'), '\n')
		switch edits[0] % 4 {
		case 2: // the line goes
			text = slices.Concat(text[:from], text[end:])
		case 3: // the line again, with another value
			text = slices.Concat(text[:end], []byte("\n"), text[from:here[0]], what, text[here[1]:])
		default:
			text = slices.Concat(text[:here[0]], what, text[here[1]:])
		}
	}
	return text
}
