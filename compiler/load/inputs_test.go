package load

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestInputsAreWhatATopologyIsMadeOf(t *testing.T) {
	dir := write(t, map[string]string{
		"alone.cue":              `name: "alone"`,
		"more.yaml":              "clusters: {}",
		"broken.cue":             `name: "broken`,
		"package/name.cue":       "package lab\nname: \"lab\"",
		"package/other.cue":      "package lab",
		"package/notes.txt":      "",
		"m/cue.mod/module.cue":   "module: \"example.com/net@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"m/top.cue":              "package site\nclusters: {}",
		"m/site/lab.cue":         "package site\nimport \"example.com/net/racks\"\nname: racks.name",
		"m/site/schema.cue":      "package site\nimport \"topoc.internal/schema\"\nschema.#Topology",
		"m/racks/name.cue":       "package racks\nimport \"example.org/names\"\nname: names.lab",
		"m/deep/lab.cue":         "import \"example.com/net/parts/gone\"\nname: gone.name",
		"m/cue.mod/pkg/other":    "",
		"m/unrelated/x.cue":      "package x",
		"m/cue.mod/usr/x/x.cue":  "package x",
		"m/racks/inner/name.cue": "package racks",
	})
	const registry = "m/cue.mod/gen/example.org/names m/cue.mod/pkg/example.org/names m/cue.mod/usr/example.org/names"
	t.Chdir(dir)
	for _, test := range []struct {
		name, arguments string
		files, dirs     string
	}{
		{"a file", "alone.cue", "alone.cue", ""},
		{"a file of mistakes", "broken.cue", "broken.cue", ""},
		{"files, as they were named", "./alone.cue more.yaml", "./alone.cue more.yaml", ""},
		{"a directory", "package more.yaml", "more.yaml package/name.cue package/other.cue", "package"},
		{"a package with imports", "m/site",
			"m/cue.mod/module.cue m/racks/name.cue m/site/lab.cue m/site/schema.cue m/top.cue", "m " + registry + " m/racks m/site"},
		{"a file that imports", "m/site/lab.cue",
			"m/cue.mod/module.cue m/racks/name.cue m/site/lab.cue m/top.cue", "m " + registry + " m/racks"},
		{"an import of nothing", "m/deep/lab.cue", "m/cue.mod/module.cue m/deep/lab.cue", "m m/parts m/parts/gone"},
		{"standard input", "-", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Load(t.Context(), strings.Fields(test.arguments), Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, names := range []struct{ got, want []string }{
				{r.Inputs.Files, strings.Fields(test.files)}, {r.Inputs.Dirs, strings.Fields(test.dirs)},
			} {
				for i, name := range names.got {
					names.got[i] = filepath.ToSlash(name)
				}
				if filepath.Separator != '/' { // sorted by another character
					slices.Sort(names.got)
				}
				if !slices.Equal(names.got, names.want) {
					t.Errorf("got %q, want %q", names.got, names.want)
				}
			}
		})
	}
}
