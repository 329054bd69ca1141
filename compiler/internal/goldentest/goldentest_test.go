package goldentest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestRunComparesOutputsWithTheGoldenSections(t *testing.T) {
	Run(t, "testdata/*.txtar", func(t *testing.T, input *txtar.Archive) map[string][]byte {
		if len(input.Files) != 1 || !strings.HasPrefix(string(input.Comment), "The run") {
			t.Errorf("the run gets %+v, want the inputs alone", input)
		}
		return map[string][]byte{"greeting": bytes.ToUpper(input.Files[0].Data), "empty": nil}
	})
}

func TestCompare(t *testing.T) {
	golden := map[string][]byte{"a": []byte("1\n"), "b": []byte("1\n")}
	tests := []struct {
		name string
		got  map[string][]byte
		want []string // the faults, in part
	}{
		{"same", golden, nil},
		{"different", map[string][]byte{"a": []byte("1\n"), "b": []byte("2\n")}, []string{"b differs:\n"}},
		{"missing", map[string][]byte{"b": []byte("1\n")}, []string{"the run puts out no a"}},
		{"surplus", map[string][]byte{"a": []byte("1\n"), "b": []byte("1\n"), "c": nil}, []string{"the golden file has no section want/c"}},
		{"all at once", map[string][]byte{"b": nil, "c": nil}, []string{"the run puts out no a", "b differs", "the run puts out c"}},
		{"no newline at the end", map[string][]byte{"a": []byte("1"), "b": []byte("1\n")}, []string{"a differs"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			faults := compare(golden, test.got)
			if !slices.EqualFunc(faults, test.want, strings.Contains) {
				t.Errorf("faults are %q, want %q", faults, test.want)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	const text = "comment\n-- in --\nx\n-- want/b --\nold\n-- want/gone --\nold\n-- in2 --\ny\n"
	tests := []struct {
		name  string
		got   map[string][]byte
		want  string
		fault string
	}{
		{"places are kept, new ones follow", map[string][]byte{"b": []byte("new\n"), "a": []byte("new\n")},
			"comment\n-- in --\nx\n-- want/b --\nnew\n-- in2 --\ny\n-- want/a --\nnew\n", ""},
		{"output without a newline", map[string][]byte{"b": []byte("x")}, "", "does not end in a newline"},
		{"output with a marker", map[string][]byte{"b": []byte("-- x --\n")}, "", "holds a txtar marker"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := replace([]byte(text), test.got)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Errorf("replace = %v, want an error that says %q", err, test.fault)
				}
				return
			}
			if err != nil || string(got) != test.want {
				t.Errorf("replace = %v\n%s\nwant\n%s", err, got, test.want)
			}
		})
	}
}

func TestUpdateRewritesTheFile(t *testing.T) {
	t.Setenv("TOPOC_UPDATE", "1")
	file := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(file, []byte("-- in --\nx\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, input *txtar.Archive) map[string][]byte {
		return map[string][]byte{"out": input.Files[0].Data}
	}
	Run(t, file, run)
	want := "-- in --\nx\n-- want/out --\nx\n"
	if got, _ := os.ReadFile(file); string(got) != want {
		t.Errorf("the file is now\n%s\nwant\n%s", got, want)
	}
	t.Setenv("TOPOC_UPDATE", "")
	Run(t, file, run)
}

func TestSplitRefusesASectionThatStandsTwice(t *testing.T) {
	if _, _, err := split([]byte("-- a --\n-- a --\n")); err == nil {
		t.Error("split = nil, want an error")
	}
}

func TestUnreadFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"read.txtar", "unread.txtar", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r := register{files: map[string]bool{}}
	r.add(dir + "/./read.txtar")
	unread, err := r.unread(dir)
	if want := []string{filepath.Join(dir, "unread.txtar")}; err != nil || !slices.Equal(unread, want) {
		t.Errorf("unread = %q, %v, want %q", unread, err, want)
	}
	if unread, err := r.unread(filepath.Join(dir, "none")); len(unread) > 0 || err != nil {
		t.Errorf("unread = %q, %v, where there is no directory", unread, err)
	}
}
