package switchconf_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// kind is one kind of what a snippet defines, with the commands that define it, refer to it and remove it.
type kind struct {
	name                   string
	defined, used, removed named
}

// testOrder holds the goldens of a dialect to this: what a command refers to was defined by one before it, the undo removes exactly
// what the snippet defined, and a kind before those that precede it in kinds. It sees, too, that the grammar takes no command any
// more in which two words have changed places.
func (g *grammar) testOrder(t *testing.T, kinds ...kind) {
	t.Helper()
	g.testGoldens(t)
	goldens, err := filepath.Glob("testdata/" + g.dialect + "-*.txtar")
	if err != nil || len(goldens) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, golden := range goldens {
		a, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(a.Files); i += 2 {
			name := golden + ":" + a.Files[i].Name
			defined := g.orderOf(t, name, string(a.Files[i].Data), kinds)
			removed, last := map[string]bool{}, len(kinds)
			g.read(string(a.Files[i+1].Data), func(_, command string) {
				for rank, k := range kinds {
					n := k.removed.in(command)
					if n == "" {
						continue
					}
					removed[k.name+" "+n] = true
					if rank > last {
						t.Errorf("%s: the undo removes %s %s after a %s", name, k.name, n, kinds[last].name)
					}
					last = rank
				}
			})
			if d, r := slices.Sorted(maps.Keys(defined)), slices.Sorted(maps.Keys(removed)); !slices.Equal(d, r) {
				t.Errorf("%s defines\n%q, its undo removes\n%q", name, d, r)
			}
		}
	}
}

// orderOf reads a snippet and returns what it defines.
func (g *grammar) orderOf(t *testing.T, name, text string, kinds []kind) map[string]bool {
	t.Helper()
	defined := map[string]bool{}
	g.read(text, func(view, command string) {
		for _, wrong := range swapped(command) {
			if rule, _ := g.find(view, wrong); rule != nil {
				t.Errorf("%s: %s view takes %q", name, view, wrong)
			}
		}
		for _, k := range kinds {
			if n := k.used.in(command); n != "" && !defined[k.name+" "+n] {
				t.Errorf("%s: %q refers to %s %s, which is not defined yet", name, command, k.name, n)
			}
			if n := k.defined.in(command); n != "" {
				defined[k.name+" "+n] = true
			}
		}
	})
	return defined
}
