package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"topoc/compiler/diag"
	"topoc/compiler/load"
	"topoc/compiler/source"
)

// foundOf returns findings in lab.cue: "check message" each.
func foundOf(all ...string) diag.List {
	var l diag.List
	for _, one := range all {
		name, message, _ := strings.Cut(one, " ")
		l.Add(name, diag.Error, "", "%s", message).Pos = source.Pos{File: "lab.cue", Line: 1, Column: 1}
	}
	return l
}

func TestWhatNobodyLookedForHasNotGone(t *testing.T) {
	checks := []string{"host-bits", "waiver-unused"}
	for _, test := range []struct {
		name          string
		first, second topologyOutcome
		kept          []string
	}{
		{"mended", topologyOutcome{Found: foundOf("host-bits a"), Ran: checks, Depth: compiled}, topologyOutcome{Ran: checks, Depth: compiled}, nil},
		{"the check did not run", topologyOutcome{Found: foundOf("host-bits a"), Ran: checks, Depth: compiled}, topologyOutcome{Depth: decoded}, []string{"a"}},
		{"a waiver is judged when its check is", topologyOutcome{Found: foundOf("waiver-unused a"), Ran: checks, Depth: compiled},
			topologyOutcome{Ran: checks, Depth: linked}, []string{"a"}},
		{"a name behind a mistake of shape", topologyOutcome{Found: foundOf("unknown-reference a"), Depth: linked}, topologyOutcome{Depth: decoded}, []string{"a"}},
		{"a mistake of shape behind one of syntax", topologyOutcome{Found: foundOf("unknown-field a"), Depth: decoded}, topologyOutcome{Depth: parsed}, []string{"a"}},
		{"a mistake of shape before names", topologyOutcome{Found: foundOf("unknown-field a"), Depth: decoded}, topologyOutcome{Depth: linked}, nil},
		{"could not be read", topologyOutcome{Found: foundOf("syntax a"), Depth: parsed}, topologyOutcome{Unread: "gone"}, []string{"a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &watched{}
			if kept := w.update(&test.first); len(kept) > 0 {
				t.Errorf("the first run keeps %d", len(kept))
			}
			if got := messages(w.update(&test.second)); !slices.Equal(got, test.kept) {
				t.Errorf("kept %q, want %q", got, test.kept)
			}
			if got := messages(w.found); !slices.Equal(got, test.kept) {
				t.Errorf("known then %q, want %q", got, test.kept)
			}
			if kept := w.update(&topologyOutcome{Ran: checks, Depth: compiled}); len(kept)+len(w.found) > 0 {
				t.Errorf("a clean run keeps %q", messages(kept))
			}
		})
	}
}

func messages(l diag.List) []string {
	var all []string
	for _, d := range l {
		all = append(all, d.Message)
	}
	return all
}

func TestWatchTellsAMistakeOfASharedFileOnce(t *testing.T) {
	var out, errs bytes.Buffer
	e := &env{stdout: &out, stderr: &errs, getenv: func(string) string { return "" }, now: func() time.Time { return time.Date(2026, 3, 1, 12, 4, 5, 0, time.UTC) }}
	w := &watch{checking: &checking{}, env: e, topologies: []*watched{{}, {}}}
	both := func(first, second topologyOutcome) *outcome {
		return &outcome{Topologies: []topologyOutcome{first, second}}
	}
	broken := topologyOutcome{Found: foundOf("unknown-field no field x"), Depth: decoded}
	clean := topologyOutcome{Depth: compiled}
	if err := w.first(both(clean, clean)); err != nil {
		t.Fatal(err)
	}
	for _, o := range []*outcome{both(broken, broken), both(broken, clean), both(clean, clean)} {
		if err := w.again(o, []string{"a", "b", "c", "d", "lab.cue"}); err != nil {
			t.Fatal(err)
		}
	}
	want := `12:04:05 a, b, c and 2 more
new: lab.cue:1:1: error: no field x [unknown-field]
1 new: 1 error
12:04:05 a, b, c and 2 more: no finding changed: 1 error
12:04:05 a, b, c and 2 more
gone: lab.cue:1:1: error: no field x [unknown-field]
1 gone: nothing found
`
	if out.String() != want || errs.Len() > 0 {
		t.Errorf("got\n%s%swant\n%s", out.String(), errs.String(), want)
	}
}

func TestOutcomePassesBetweenProcesses(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("lab.cue", []byte("name: \"lab\"\nclustes: {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e := &env{
		stdout: &out, stderr: &out, now: time.Now,
		getenv: func(name string) string { return map[string]string{outcomeVariable: "1"}[name] },
	}
	if code := run(e, []string{"check", "--watch", "lab.cue", "gone.cue"}); code != exitOK {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	var got outcome
	if err := gob.NewDecoder(&out).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Topologies) != 2 || len(got.Topologies[0].Found) != 1 {
		t.Fatalf("got %+v", got)
	}
	found := got.Topologies[0].Found[0]
	if text, _ := got.Lines.Line("lab.cue", 2); text != "clustes: {}" || found.Pos.Line != 2 || found.Hint == "" {
		t.Errorf("got %q and %+v", text, found)
	}
	if want := (load.Inputs{Files: []string{"lab.cue"}}); !reflect.DeepEqual(got.Topologies[0].Inputs, want) {
		t.Errorf("inputs: got %+v, want %+v", got.Topologies[0].Inputs, want)
	}
	if got.Topologies[1].Unread == "" {
		t.Error("gone.cue was read")
	}
}

// A file system need not tell of changes, and a run takes time in which more may change.
func TestWatcherSeesWhatItIsNotTold(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("lab.cue", "1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := newWatcher([]string{"lab.cue"})
	w.close()
	w.system = nil
	expect := func(want ...string) {
		t.Helper()
		if got := w.wait(ctx); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	write("lab.cue", "12")
	expect("lab.cue")
	began := time.Now()
	write("lab.cue", "123") // during the run
	write("read.cue", "1")
	if err := os.Chtimes("read.cue", time.Time{}, began.Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	inputs := load.Inputs{Files: []string{"lab.cue", "read.cue"}, Dirs: []string{filepath.Join("parts", "gone")}}
	w.watch(inputs, began)
	expect("lab.cue", "read.cue")
	if err := os.MkdirAll(filepath.Join("parts", "gone"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join("parts", "gone", "x.txt"), "")
	write(filepath.Join("parts", "gone", "x.cue"), "")
	expect(filepath.Join("parts", "gone", "x.cue"))
	if err := os.Remove("read.cue"); err != nil {
		t.Fatal(err)
	}
	w.watch(inputs, time.Now()) // gone during the run
	expect("read.cue")
	write("lab.cue", "1")
	w.watch(load.Inputs{Files: []string{"read.cue"}}, time.Now()) // no longer read
	cancel()
	if got := w.wait(ctx); got != nil {
		t.Errorf("got %q after the end", got)
	}
}
