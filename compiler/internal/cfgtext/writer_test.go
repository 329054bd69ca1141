package cfgtext

import (
	"strings"
	"testing"
)

func TestWriterIndentsBlocks(t *testing.T) {
	w := New("  ")
	w.Blank()
	w.Line("hostname %s", "tor-1")
	w.Enclose("protocol bgp n1 {", "}", func() {
		w.Line("local as %d;", 64512)
		w.Enclose("ipv4 {", "};", func() { w.Line("import none;") })
		w.Line("")
		w.Line("description %q;", "50% äö")
	})
	w.Blank()
	w.Blank()
	w.Block("router bgp 1", func() { w.Line("no shutdown") })
	want := `hostname tor-1
protocol bgp n1 {
  local as 64512;
  ipv4 {
    import none;
  };

  description "50% äö";
}

router bgp 1
  no shutdown
`
	if got := w.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if string(w.Bytes()) != want || w.Len() != len(want) {
		t.Error("Bytes and Len do not agree with String")
	}
}

func TestWrapped(t *testing.T) {
	for _, tt := range []struct{ name, mark, texts, want string }{
		{"fits", "#", "a b|c", "# a b c\n"},
		{"breaks where the next word has no room", "#", "aaa bbb cc|dd", "# aaa bbb\n# cc dd\n"},
		{"fills the width", "#", "aaa bbbb cccccc d", "# aaa bbbb\n# cccccc d\n"},
		{"a long word has a line of its own", "#", "a bbbbbbbbbbbbbbb c", "# a\n# bbbbbbbbbbbbbbb\n# c\n"},
		{"without mark", "", "10.0.0.1, 10.0.0.2,", "10.0.0.1,\n10.0.0.2,\n"},
		{"no word", "#", " | ", "#\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := New(" ")
			w.Wrapped(tt.mark, 10, strings.Split(tt.texts, "|")...)
			if got := w.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPartsAreOneLine(t *testing.T) {
	w := New(" ")
	w.Block("a", func() { w.Text("b", "", " c") })
	if want := "a\n b c\n"; w.String() != want {
		t.Errorf("got %q, want %q", w.String(), want)
	}
}

func TestHeadersAreNoFormats(t *testing.T) {
	w := New(" ")
	w.Enclose("100%d {", "}%s", func() {})
	if want := "100%d {\n}%s\n"; w.String() != want {
		t.Errorf("got %q, want %q", w.String(), want)
	}
}

func TestIndentMayBeATab(t *testing.T) {
	w := New("\t")
	w.Block("a", func() { w.Line("b") })
	if want := "a\n\tb\n"; w.String() != want {
		t.Errorf("got %q, want %q", w.String(), want)
	}
}

func TestBytesAreACopy(t *testing.T) {
	var w Writer
	w.Line("a")
	w.Bytes()[0] = 'b'
	if w.String() != "a\n" {
		t.Error("a caller changed the text")
	}
}

func TestWriterPanicsForWhatIsNotOneCleanLine(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // a part of the panic
	}{
		{"newline", "a\nno router bgp", "U+000A"},
		{"newline at the end", "a\n", "U+000A"},
		{"carriage return", "a\rb", "U+000D"},
		{"tab", "a\tb", "U+0009"},
		{"NUL", "a\x00", "U+0000"},
		{"escape", "a\x1b[2J", "U+001B"},
		{"delete", "a\x7f", "U+007F"},
		{"next line", "a\u0085b", "U+0085"},
		{"line separator", "a\u2028b", "U+2028"},
		{"paragraph separator", "a\u2029b", "U+2029"},
		{"broken UTF-8", "a\xffb", "not UTF-8"},
		{"blank at the end", "a ", "ends in a blank"},
		{"only blanks", "  ", "ends in a blank"},
		{"no-break space at the end", "a\u00a0", "ends in a blank"},
	}
	for _, test := range tests {
		for way, write := range map[string]func(*Writer){
			"Line":    func(w *Writer) { w.Line("%s", test.text) },
			"Text":    func(w *Writer) { w.Text(test.text[:1], test.text[1:]) },
			"Block":   func(w *Writer) { w.Block(test.text, func() {}) },
			"Enclose": func(w *Writer) { w.Enclose("a", test.text, func() {}) },
		} {
			t.Run(test.name+" in "+way, func(t *testing.T) {
				defer func() {
					said, _ := recover().(string)
					if !strings.HasPrefix(said, "cfgtext: ") || !strings.Contains(said, test.want) {
						t.Errorf("panic is %q, want one that says %q", said, test.want)
					}
				}()
				write(New(" "))
			})
		}
	}
}

func TestTheReplacementCharacterIsNoFault(t *testing.T) {
	w := New(" ")
	w.Line("a\uFFFDb")
}

func FuzzLineIsOneLineOrPanics(f *testing.F) {
	f.Add("a")
	f.Add("a\nb")
	f.Fuzz(func(t *testing.T, text string) {
		defer func() { recover() }()
		w := New(" ")
		w.Block("x", func() { w.Line("%s", text) })
		if strings.Count(w.String(), "\n") != 2 || strings.ContainsAny(w.String(), "\r\x00\u2028\u0085") {
			t.Errorf("%q became %q", text, w.String())
		}
	})
}
