package load

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"topoc/topologies/topogen"
)

// isPlain reports whether a file is read without CUE's parser.
func isPlain(data []byte) bool {
	l := &locator{}
	in := &input{name: "x.cue", data: data}
	in.source = l.add(in.name, in.data)
	if in.unreadable(l) != nil {
		return false
	}
	_, ok := readPlain(data)
	return ok
}

// agreePlain fails where a file that is read plainly is another one to CUE's parser, or has a value at another place.
func agreePlain(t *testing.T, data []byte) {
	t.Helper()
	if !isPlain(data) {
		return
	}
	in := &input{name: "x.cue", data: data}
	in.source = (&locator{}).add(in.name, data)
	if found := in.parse(&locator{}); len(found) > 0 || !isLiteral(in.file) {
		t.Errorf("CUE takes it for more than it is: %s\n%q", dump(found), data)
		return
	}
	read := func(opt Options) (*Result, *locator) {
		opt.MaxValues = defaultMaxValues
		r, err := decodeInputs([]*input{{name: "x.cue", data: data}}, opt, false)
		if err != nil {
			t.Fatal(err)
		}
		return r, r.Locator.(*locator)
	}
	plain, plainPlaces := read(Options{})
	parsed, parsedPlaces := read(Options{notPlain: true})
	if !reflect.DeepEqual(plain.Diagnostics, parsed.Diagnostics) {
		t.Errorf("read plainly:\n%sparsed:\n%s\n%q", dump(plain.Diagnostics), dump(parsed.Diagnostics), data)
	}
	if !reflect.DeepEqual(plain.Topology, parsed.Topology) {
		t.Errorf("read plainly it is another topology than parsed\n%q", data)
	}
	if !slices.Equal(plainPlaces.entries, parsedPlaces.entries) {
		t.Errorf("read plainly:\n%v\nparsed:\n%v\n%q", plainPlaces.entries, parsedPlaces.entries, data)
	}
}

func TestWhatIsPlain(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"nothing", "", true},
		{"package and comments", "// a\n\npackage p // b\n// c\nname: \"a\" // d\n// e", true},
		{"structs", "a: {b: 1, c: {}\n\td: {\n\t\te: null}}\n\n", true},
		{"commas", "a: 1, b: {c: 1, d: 2,}, e: 3,", true},
		{"structs without braces", "a: b: \"c-1\": d: true\na2: {b: c: 1, d: 2}", true},
		{"lists", "a: [], b: [1, -2, \"x\", [true], {c: 1}, ]\nc: [ // c\n\t1, // d\n\t2,\n]", true},
		{"labels alike at other places", "a: {a: 1}, b: {a: 1}", true},
		{"many labels", "a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, l: 1", true},

		{"label twice", "a: 1, b: 2, \"a\": 3", false},
		{"label twice, without braces", "a: b: 1\na: c: 1", false},
		{"label twice among many", "a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, a: 1", false},
		{"empty label", `"": 1`, false},
		{"empty label that leads on", `a: "": 1`, false},
		{"keyword", "for: 1", false},
		{"import as a name", "import: \"\"", false},
		{"package as a name", "package: 1", false},
		{"package called so", "package import\na: 1", false},
		{"import further down", "a: import: 1", false},
		{"keyword that leads on", "a: true: 1", false},
		{"hidden label", "_a: 1", false},
		{"definition", "#a: 1", false},
		{"optional", "a?: 1", false},
		{"reference", "a: b", false},
		{"escape", `a: "\n"`, false},
		{"interpolation", `a: "\(1)"`, false},
		{"raw string", `a: #"b"#`, false},
		{"several lines", "a: \"\"\"\n\tb\n\t\"\"\"", false},
		{"bytes", "a: 'b'", false},
		{"other letters", `a: "é"`, false},
		{"other letters in a comment", "// é\na: 1", false},
		{"byte order mark", "\ufeffa: 1", false},
		{"tab in a string", "a: \"\t\"", false},
		{"carriage return", "a: 1\r\n", false},
		{"leading zero", "a: 01", false},
		{"float", "a: 1.5", false},
		{"multiplier", "a: 1K", false},
		{"separator", "a: 1_000", false},
		{"large", "a: 1234567890123456789", false},
		{"minus alone", "a: -", false},
		{"minus apart", "a: - 1", false},
		{"operator", "a: 1 + 1", false},
		{"operator on the next line", "a: 1\n+ 1", false},
		{"default", "a: *1 | int", false},
		{"embedding", "{a: 1}", false},
		{"import", "import \"list\"\na: 1", false},
		{"package behind a field", "a: 1\npackage p", false},
		{"two packages", "package p\npackage q", false},
		{"package without a name", "package \na: 1", false},
		{"let", "let a = 1", false},
		{"attribute", "a: 1 @b()", false},
		{"ellipsis", "a: {...}", false},
		{"comprehension", "if true {a: 1}", false},
		{"blank before the colon", "a : 1", false},
		{"line end behind the colon", "a:\n1", false},
		{"fields on one line", "a: 1 b: 2", false},
		{"two commas", "a: 1,, b: 2", false},
		{"comma on the next line", "a: 1\n, b: 2", false},
		{"comma first", "a: {, b: 1}", false},
		{"list without commas", "a: [1\n2]", false},
		{"list that ends a line", "a: [1\n]", false},
		{"field in a list", "a: [b: 1]", false},
		{"label in a list", `a: ["b": 1]`, false},
		{"open struct", "a: {b: 1", false},
		{"open list", "a: [1", false},
		{"open string", `a: "b`, false},
		{"struct closed twice", "a: {}}", false},
		{"bracket for a brace", "a: {b: 1]", false},
		{"slash", "a: 1 / 2", false},
		{"semicolon", "a: 1; b: 2", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := isPlain([]byte(tt.text)); got != tt.want {
				t.Errorf("isPlain = %v", got)
			}
			agreePlain(t, []byte(tt.text))
		})
	}
}

// What programs write is plain, or nothing is gained.
func TestGeneratedTopologiesArePlain(t *testing.T) {
	var text bytes.Buffer
	if err := topogen.Write(&text, 2); err != nil {
		t.Fatal(err)
	}
	if !isPlain(text.Bytes()) {
		t.Error("CUE's parser is asked for it")
	}
	agreePlain(t, text.Bytes())
}

// Topologies with random edits of single letters, lines and words: what is still plain is the same to CUE's parser.
func TestPlainFilesAreWhatCUEReads(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	texts := [][]byte{[]byte("package p\n\n// c\nname: \"a\"\nclusters: {\n\ta: {\n\t\tasNumber: 64512, podCIDRs: [\n\t\t\t\"10.0.0.0/8\", // d\n\t\t]\n\t\tnodes: \"n-1\": {address: \"10.1.0.1/24\"}\n\t}\n}\nimplied: false\n")}
	for _, f := range corpus(t) {
		if formatByName(f.file) == cueFormat && isPlain(f.data) {
			texts = append(texts, f.data)
		}
	}
	pieces := []string{"", "\n", " ", ",", ":", "{", "}", "[", "]", "\"", "//", "a", "1", "-", "0", "_", "#", "true", "null", "for", "\t", "\\", "a: 1", "b: ", ".", "|", "'", "é", "\"\"\""}
	plain, other := 0, 0
	for range 20_000 {
		text := bytes.Clone(texts[random.IntN(len(texts))])
		for range 1 + random.IntN(3) {
			if len(text) > 0 {
				at := random.IntN(len(text))
				text = slices.Replace(text, at, min(len(text), at+random.IntN(3)), []byte(pieces[random.IntN(len(pieces))])...)
			}
		}
		if isPlain(text) {
			plain++
		} else {
			other++
		}
		if agreePlain(t, text); t.Failed() {
			return
		}
	}
	if plain < 1000 || other < 1000 {
		t.Errorf("%d plain and %d other files: the test is blind", plain, other)
	}
}

// FuzzPlain holds that what is read plainly is the same to CUE's parser.
func FuzzPlain(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add(c.data)
	}
	f.Add([]byte("package p // c\na: {b: [1, \"x\",], \"c-1\": d: true}, e: -5\n"))
	f.Fuzz(func(t *testing.T, data []byte) { agreePlain(t, data) })
}
