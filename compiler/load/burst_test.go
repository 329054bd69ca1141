package load

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBurstsAreSeenBeforeTheyHappen(t *testing.T) {
	many := func(n int, before, each, after string) string { return before + strings.Repeat(each, n) + after }
	chain := func(format string) string {
		text := "_a0: \"xxxxxxxxxxxxxxxx\"\n"
		for i := range 40 {
			text += strings.NewReplacer("NEXT", fmt.Sprint("_a", i+1), "BEFORE", fmt.Sprint("_a", i)).Replace(format) + "\n"
		}
		return text + "description: _a40"
	}
	backwards := ""
	for i := range 40 {
		backwards += fmt.Sprintf("_b%d: _b%d + _b%d\n", i, i+1, i+1)
	}
	backwards += "_b40: \"x\"\ndescription: _b0"
	for _, tt := range []struct {
		name, topology string
		want           bool
	}{
		{"nothing to evaluate", "description: \"x\"", false},
		{"a plain interpolation", "for n in [1, 2] {clusters: \"c\\(n)\": podCIDRs: [\"10.\\(n).0.0/16\"]}", false},
		{"numbers of three loops", "for a in [1] for b in [2] for c in [3] {clusters: \"c\\(a)-\\(b)-\\(c)\": {}}", false},
		{"arithmetic", "_t: a: {n: 1}\nfor k, t in _t {clusters: (k): podCIDRs: [\"10.\\(2*t.n+1).\\(t.n*t.n).0/24\"]}", false},
		{"a table and what follows from it", "_t: {w: n: 1, e: n: 2}\nfor k, t in _t {clusters: \"\\(k)\": {}, switches: \"leaf-\\(k)-\\(t.n)\": {}}", false},
		{"a field called like the variable", "for name in [\"a\"] {clusters: \"\\(name)\": nodes: \"\\(name)-1\": {}}", false},
		{"a default", "_x: *\"a\" | string\ndescription: _x", false},
		{"net", "import \"net\"\nclusters: c: podCIDRs: [\"10.0.0.0/8\" & net.IPCIDR]", false},
		{"list.Range", "import \"list\"\nfor i in list.Range(0, 9, 1) {clusters: \"c\\(i)\": {}}", false},
		{"a prefix", "import \"strings\"\n_n: \"abc\"\nif strings.HasPrefix(_n, \"a\") {description: _n}", false},

		{"a function that is not known", "import \"strings\"\ndescription: strings.Repeat(\"x\", 2)", true},
		{"another name of its package", "import s \"strings\"\ndescription: s.Repeat(\"x\", 2)", true},
		{"a function that is not called", "import \"strings\"\n_f: strings.Repeat\ndescription: _f(\"x\", 2)", true},
		{"another one of a harmless package", "import \"list\"\n_x: list.Repeat([1], 2)", true},
		{"a text times a field", "_n: 1000000\n_s: \"" + strings.Repeat("x", 100) + "\"\ndescription: _s*_n", true},
		{"a text times a number", "_s: 1000000*\"xxxxxxxxxx\"\ndescription: 1000000*_s", true},
		{"doubling", chain("NEXT: \"\\(BEFORE)\\(BEFORE)\""), true},
		{"doubling without an interpolation", chain("NEXT: BEFORE + BEFORE"), true},
		{"doubling bytes", "_b: 'x'\n" + many(30, "_c: ", "(", "_b") + strings.Repeat("+'y')*2", 30), true},
		{"doubling, told backwards", "description: _b1\n_b1: \"\\(_b2)\\(_b2)\"\n" + many(1000, "_b2: \"", "\\(_b3)", "\"\n") +
			many(1000, "_b3: \"", "x", "\\(1)\""), true},
		{"doubling, told backwards without an interpolation", backwards, true},
		{"a hundred thousand copies", many(2000, "_a: \"x\"\n_b: \"", "\\(_a)", "\"\ndescription: _b"), true},
		{"a template", "#T: {in: string, out: \"\\(in)\\(in)\"}\n_a: (#T & {in: \"x\"}).out\n_b: (#T & {in: _a}).out\ndescription: _b", true},
		{"an element of the same list", "_x: [\"a\", \"\\(_x[0])\\(_x[0])\", \"\\(_x[1])\\(_x[1])\"]\ndescription: _x[2]", true},
		{"a let", "let a = \"\\(b)\\(b)\"\nlet b = \"\\(c)\\(c)\"\n_d: a\nlet c = \"\\(_d)x\"\ndescription: a", true},
		{"a label", "_x: {\"\\(_y)\\(_y)\": 1}\nfor k, v in _x {_y: k}", true},
		{"an alias of a label", "_x: [N=_]: {\"\\(N)\\(N)\": {}}", true},
		{"an alias of a field", "_x: X={a: \"\\(X.b)\\(X.b)\", b: \"\\(X.a)x\"}", true},
		{"a field that a pattern makes", "x: {[string]: \"\\(_y)\\(_y)\", a: _, _y: a}", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := "name: \"a\"\n" + tt.topology
			if strings.HasPrefix(tt.topology, "import") {
				text = strings.Replace(tt.topology, "\n", "\nname: \"a\"\n", 1)
			}
			heap, _ := memory() // of other tests
			opt := Options{Stdin: strings.NewReader(text), NoBursts: true, MaxMemory: heap + 1<<30, Timeout: time.Minute}
			_, err := Load(t.Context(), []string{"-"}, opt)
			if got := errors.Is(err, ErrBurst); got != tt.want || err != nil && !got {
				t.Errorf("%v, want a burst: %v\n%.2000s", err, tt.want, text)
			}
		})
	}
}

// What people write pays nothing for the guard.
func TestTopologiesDoNotBurst(t *testing.T) {
	files, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, "../../cmd/topoc/starter.cue") {
		if r, err := Load(t.Context(), []string{file}, Options{NoBursts: true}); err != nil || r.Topology == nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestWhatWasReadIsNotReadAgain(t *testing.T) {
	const topology = "import \"strings\"\nname: strings.Repeat(\"a\", 2)"
	read := Files{}
	opt := Options{Stdin: strings.NewReader(topology), Read: read, NoBursts: true}
	if _, err := Load(t.Context(), []string{"-"}, opt); !errors.Is(err, ErrBurst) {
		t.Fatal(err)
	}
	if !bytes.Equal(read["-"], []byte(topology)) {
		t.Errorf("read %q", read)
	}
	read["gone.cue"] = []byte("description: \"d\"")
	r, err := Load(t.Context(), []string{"-", "gone.cue"}, Options{Stdin: opt.Stdin, Read: read})
	if err != nil || r.Topology == nil || r.Topology.Name != "aa" || r.Topology.Description != "d" {
		t.Error(r, err)
	}
}
