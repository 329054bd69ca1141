package check

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/fabric"
)

// EditedOnly are the rules about objects that somebody has edited: no topology makes them find anything, so their fixtures have
// no bad*.cue, and a test of their own stands for it.
var EditedOnly = []string{"password-secret-rbac"}

// TestEveryRuleIsWhole holds every rule to what `topoc explain` and users of its name rely on.
func TestEveryRuleIsWhole(t *testing.T) {
	for _, r := range All() {
		t.Run(r.Name, func(t *testing.T) {
			if !Known(r.Name) {
				t.Error("the catalogue doesn't list the name")
			}
			wantDoc(t, r.Name, r.Doc)
			archive, err := txtar.ParseFile("testdata/" + r.Name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"bad", "ok"} {
				if kind == "bad" && slices.Contains(EditedOnly, r.Name) {
					continue
				}
				if !slices.ContainsFunc(archive.Files, func(f txtar.File) bool {
					return strings.HasPrefix(f.Name, kind) && strings.HasSuffix(f.Name, ".cue")
				}) {
					t.Errorf("the fixture has no %s*.cue", kind)
				}
			}
			for _, f := range archive.Files {
				if !strings.HasPrefix(f.Name, "bad") && !strings.HasPrefix(f.Name, "ok") {
					t.Errorf("the fixture's file %s is neither bad*.cue nor ok*.cue", f.Name)
				}
			}
		})
	}
}

// TestEveryMistakeOfShapeIsTold holds their docs to the form of those of rules.
func TestEveryMistakeOfShapeIsTold(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) { wantDoc(t, m.name, m.doc) })
	}
}

func wantDoc(t *testing.T, name, doc string) {
	t.Helper()
	first, rest, _ := strings.Cut(doc, "\n")
	if !regexp.MustCompile(`^`+regexp.QuoteMeta(name)+`: [a-z].*[^.]$`).MatchString(first) || strings.Contains(first, ". ") {
		t.Errorf("the doc's first line is not %q and one sentence without full stop: %q", name+": ", first)
	}
	if !strings.HasPrefix(rest, "\n") || strings.TrimSpace(rest) == "" {
		t.Error("the doc has no reasons, after a blank line")
	}
	if !strings.Contains(rest, "\n\nMend it ") {
		t.Error(`the doc has no paragraph "Mend it …"`)
	}
}

// TestEveryNameIsWhole lists the names of the catalogue that lack something.
func TestEveryNameIsWhole(t *testing.T) {
	exists := func(file string) bool { _, err := os.Stat(file); return err == nil }
	for _, part := range []struct {
		what  string
		names []string
		has   func(name string) bool
	}{
		{"rule", catalogue, func(name string) bool { return Lookup(name) != nil }},
		{"Doc", catalogue, func(name string) bool { return Lookup(name) != nil && Lookup(name).Doc != "" }},
		{"Source", catalogue, func(name string) bool { return Lookup(name) != nil && Lookup(name).Source != "" }},
		{"fixture in testdata", catalogue, func(name string) bool { return exists("testdata/" + name + ".txtar") }},
		{"example in examples", slices.Concat(catalogue, mistakeNames()), func(name string) bool {
			return exists("examples/"+name+".txtar") || slices.Contains(EditedOnly, name)
		}},
	} {
		missing := slices.DeleteFunc(slices.Clone(part.names), part.has)
		if len(missing) > 0 {
			t.Errorf("%d of %d names have no %s: %s", len(missing), len(part.names), part.what, strings.Join(missing, ", "))
		}
	}
}

// TestEveryExampleIsOfAName: an example whose name is gone goes too.
func TestEveryExampleIsOfAName(t *testing.T) {
	files, err := filepath.Glob("examples/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		if name, isExample := strings.CutSuffix(filepath.Base(file), ".txtar"); !isExample || !Known(name) && !IsMistake(name) {
			t.Errorf("%s is the example of no check and no mistake of shape", file)
		}
	}
}

func TestCatalogueIsSorted(t *testing.T) {
	lists := map[string][]string{"the catalogue": catalogue, "the list of mistakes of shape": mistakeNames()}
	for _, c := range chapters {
		lists[c.title] = c.names
	}
	for what, names := range lists {
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s is not sorted, or lists a name twice", what)
		}
	}
	if both := slices.DeleteFunc(mistakeNames(), func(name string) bool { return !Known(name) }); len(both) > 0 {
		t.Errorf("checks and mistakes of shape at once: %v", both)
	}
}

func mistakeNames() []string {
	var names []string
	for _, m := range mistakes {
		names = append(names, m.name)
	}
	return names
}

// TestEveryFeatureCanBeDoneWithout: the hint of switch-feature is an edit, whatever the dialect lacks.
func TestEveryFeatureCanBeDoneWithout(t *testing.T) {
	for f := fabric.Feature(1); f.String() != ""; f <<= 1 {
		if without[f] == "" {
			t.Errorf("nothing says how to do without %s", f)
		}
	}
}

func TestDuplicateRulePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a second rule of one name is accepted")
		}
	}()
	rule(Rule{Name: All()[0].Name})
}

func TestOnlyAndSkip(t *testing.T) {
	text := []byte(`name: "x"
clusters: a: {
	asNumber: 0
	podCIDRs: ["10.5.0.1/16"]
	nodes: n1: address: "192.168.0.1/24"
}
waivers: [{check: "docker-default-range", reason: "none"}]
`)
	f := linkText(t, text)
	for _, test := range []struct {
		name    string
		options Options
		want    []string
	}{
		{"all", Options{}, []string{"as-reserved", "host-bits", "waiver-unused"}},
		{"only", Options{Only: []string{"host-bits"}}, []string{"host-bits"}},
		{"skip", Options{Skip: []string{"host-bits"}}, []string{"as-reserved", "waiver-unused"}},
		{"a waiver of a check that is skipped is not unused", Options{Skip: []string{"docker-default-range"}}, []string{"as-reserved", "host-bits"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, d := range Run(f, test.options) {
				got = append(got, d.Check)
			}
			// Other rules may find something in it as well.
			got = slices.DeleteFunc(got, func(name string) bool {
				return !slices.Contains([]string{"as-reserved", "host-bits", "waiver-unused"}, name)
			})
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
