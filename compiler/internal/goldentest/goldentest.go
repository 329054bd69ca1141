// Package goldentest runs tests whose inputs and wanted outputs stand together in one txtar file.
//
// Sections named want/NAME are what a run must put out as NAME; all others are its inputs. With TOPOC_UPDATE=1 in the
// environment the want sections are rewritten instead of compared. A package that calls [Main] from its TestMain also fails
// for a txtar file that no test read.
package goldentest

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"
)

// want is what the names of golden sections begin with.
const want = "want/"

// Run runs one subtest for each txtar file that pattern matches, named for the file without its extension. run gets the
// archive without its golden sections and returns the outputs by name, without the prefix want/; each must be empty or end
// in a newline, since that is all a txtar file can hold. A surplus and a missing output both fail, and so does a pattern
// that matches nothing.
func Run(t *testing.T, pattern string, run func(t *testing.T, input *txtar.Archive) map[string][]byte) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden file matches %s (%v)", pattern, err)
	}
	for _, file := range files {
		opened.add(file)
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, golden, err := split(text)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			got := run(t, input)
			if os.Getenv("TOPOC_UPDATE") == "1" {
				if !t.Failed() { // what a failed run puts out is not worth keeping
					update(t, file, text, got)
				}
				return
			}
			for _, fault := range compare(golden, got) {
				t.Errorf("%s: %s", file, fault)
			}
			if t.Failed() {
				t.Logf("TOPOC_UPDATE=1 go test rewrites %s; read the difference before you commit it", file)
			}
		})
	}
}

// Main runs the tests of a package and returns their exit code; afterwards, where all of them ran and passed, it fails for
// every txtar file below testdata that none of them read. Call it as os.Exit(goldentest.Main(m)).
func Main(m *testing.M) int {
	code := m.Run()
	if code != 0 || isPartial() {
		return code
	}
	unread, err := opened.unread("testdata")
	if err != nil {
		fmt.Fprintln(os.Stderr, "goldentest:", err)
		return 1
	}
	for _, file := range unread {
		fmt.Fprintf(os.Stderr, "goldentest: no test reads %s: delete it, or the test that read it is gone\n", file)
		code = 1
	}
	return code
}

// isPartial reports whether flags leave tests out.
func isPartial() bool {
	for name, whole := range map[string]string{
		"test.run": "", "test.skip": "", "test.list": "", "test.fuzz": "", "test.short": "false", "test.failfast": "false",
	} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != whole {
			return true
		}
	}
	return false
}

// split parses a golden file into its inputs and its golden sections by name.
func split(text []byte) (input *txtar.Archive, golden map[string][]byte, err error) {
	whole := txtar.Parse(text)
	input = &txtar.Archive{Comment: whole.Comment}
	golden = map[string][]byte{}
	seen := map[string]bool{}
	for _, file := range whole.Files {
		if seen[file.Name] {
			return nil, nil, fmt.Errorf("section %s stands twice", file.Name)
		}
		seen[file.Name] = true
		if name, ok := strings.CutPrefix(file.Name, want); ok {
			golden[name] = file.Data
		} else {
			input.Files = append(input.Files, file)
		}
	}
	return input, golden, nil
}

// compare returns what is wrong with got, sorted by name.
func compare(golden, got map[string][]byte) []string {
	var faults []string
	for _, name := range names(golden, got) {
		wanted, isWanted := golden[name]
		data, isMade := got[name]
		switch {
		case !isMade:
			faults = append(faults, fmt.Sprintf("the run puts out no %s, the golden file has one", name))
		case !isWanted:
			faults = append(faults, fmt.Sprintf("the run puts out %s, the golden file has no section %s%s:\n%s", name, want, name, data))
		case !bytes.Equal(wanted, data):
			faults = append(faults, fmt.Sprintf("%s differs:\n%s", name, diff.Diff(want+name, wanted, "got/"+name, data)))
		}
	}
	return faults
}

// update rewrites file, whose text is given, so that it wants what got has.
func update(t *testing.T, file string, text []byte, got map[string][]byte) {
	t.Helper()
	updated, err := replace(text, got)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if bytes.Equal(updated, text) {
		return
	}
	if err := os.WriteFile(file, updated, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Logf("rewrote %s", file)
}

// replace returns text with the outputs in its golden sections: those there are keep their places, new ones follow at the
// end by name, and those without an output go.
func replace(text []byte, got map[string][]byte) ([]byte, error) {
	for _, name := range names(got) {
		if data := got[name]; len(data) > 0 && data[len(data)-1] != '\n' {
			return nil, fmt.Errorf("output %s does not end in a newline: txtar cannot hold it", name)
		} else if txtar.NeedsQuote(data) {
			return nil, fmt.Errorf("output %s holds a txtar marker: txtar cannot hold it", name)
		}
	}
	whole := txtar.Parse(text)
	rest := maps.Clone(got)
	var files []txtar.File
	for _, file := range whole.Files {
		name, isGolden := strings.CutPrefix(file.Name, want)
		data, isMade := rest[name]
		switch {
		case !isGolden:
			files = append(files, file)
		case isMade:
			files = append(files, txtar.File{Name: file.Name, Data: data})
			delete(rest, name)
		}
	}
	for _, name := range names(rest) {
		files = append(files, txtar.File{Name: want + name, Data: rest[name]})
	}
	return txtar.Format(&txtar.Archive{Comment: whole.Comment, Files: files}), nil
}

// names returns the keys of all maps, sorted, each once.
func names(of ...map[string][]byte) []string {
	var all []string
	for _, m := range of {
		all = slices.AppendSeq(all, maps.Keys(m))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// opened is what the tests of this process read. Tests may run in parallel.
var opened = register{files: map[string]bool{}}

type register struct {
	mu    sync.Mutex
	files map[string]bool
}

func (r *register) add(file string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[filepath.Clean(file)] = true
}

// unread returns the txtar files below dir that were not added, sorted. There need be no dir.
func (r *register) unread(dir string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return nil, nil
	}
	var unread []string
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(file) == ".txtar" && !r.files[file] {
			unread = append(unread, file)
		}
		return err
	})
	return unread, err
}
