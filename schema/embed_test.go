package schema

import (
	"os"
	"path"
	"regexp"
	"testing"
)

func TestImportPathIsTheModulesAndThisFolders(t *testing.T) {
	data, err := os.ReadFile("../cue.mod/module.cue")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^module: "([^"]+)"$`).FindSubmatch(data)
	if m == nil || path.Join(string(m[1]), "schema") != ImportPath {
		t.Errorf("cue.mod says module %q, ImportPath is %q", m, ImportPath)
	}
}

func TestEveryFileIsEmbeddedAndOfThePackage(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	clause := regexp.MustCompile(`(?m)^package schema$`)
	for _, f := range files {
		if path.Ext(f.Name()) != ".cue" {
			continue
		}
		data, err := Files.ReadFile(f.Name())
		if err != nil {
			t.Error(err)
		}
		if !clause.Match(data) {
			t.Errorf("%s is not of package schema", f.Name())
		}
	}
}
