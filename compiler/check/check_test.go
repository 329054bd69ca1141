package check

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/fabric"
)

// editedOnly are the rules about objects that somebody has edited: no topology makes them find anything, so their fixtures have
// no bad*.cue, and a test of their own stands for it.
var editedOnly = []string{"password-secret-rbac"}

// TestEveryRuleIsWhole holds every rule to what `topoc explain` and users of its name rely on.
func TestEveryRuleIsWhole(t *testing.T) {
	for _, r := range All() {
		t.Run(r.Name, func(t *testing.T) {
			if !Known(r.Name) {
				t.Error("the catalogue doesn't list the name")
			}
			first, rest, _ := strings.Cut(r.Doc, "\n")
			if !regexp.MustCompile(`^`+regexp.QuoteMeta(r.Name)+`: [a-z].*[^.]$`).MatchString(first) || strings.Contains(first, ". ") {
				t.Errorf("the doc's first line is not %q and one sentence without full stop: %q", r.Name+": ", first)
			}
			if !strings.HasPrefix(rest, "\n") || strings.TrimSpace(rest) == "" {
				t.Error("the doc has no reasons, after a blank line")
			}
			if !strings.Contains(rest, "\n\nMend it ") {
				t.Error(`the doc has no paragraph "Mend it …"`)
			}
			archive, err := txtar.ParseFile("testdata/" + r.Name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"bad", "ok"} {
				if kind == "bad" && slices.Contains(editedOnly, r.Name) {
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

func TestCatalogueIsSorted(t *testing.T) {
	for what, names := range map[string][]string{"the catalogue": catalogue, "the list of mistakes of shape": mistakes} {
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s is not sorted, or lists a name twice", what)
		}
	}
	if both := slices.DeleteFunc(slices.Clone(mistakes), func(name string) bool { return !Known(name) }); len(both) > 0 {
		t.Errorf("checks and mistakes of shape at once: %v", both)
	}
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
