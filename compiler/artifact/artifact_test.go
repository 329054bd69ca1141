package artifact

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/source"
)

func TestCheckPath(t *testing.T) {
	tests := []struct {
		name string
		path string
		want string // a part of the error; "" is none
	}{
		{"file at the top", "a.yaml", ""},
		{"file in directories", "calico/prod/nodes/apply.sh", ""},
		{"file with a dot in front", "switches/.x", ""},
		{"name that begins like a device", "switches/console.cfg", ""},
		{"name that begins like a port", "switches/com10.cfg", ""},
		{"manifest of somebody else", "calico/MANIFEST.json", ""},
		{"empty", "", "is empty"},
		{"absolute", "/etc/passwd", "is absolute"},
		{"parent", "..", `the name ".."`},
		{"parent in front", "../a", `the name ".."`},
		{"parent inside", "a/../../b", `the name ".."`},
		{"self", "./a", `the name "."`},
		{"empty name", "a//b", "empty name"},
		{"slash at the end", "a/", "empty name"},
		{"backslash", `a\b`, `character '\\'`},
		{"backslash that climbs", `..\..\a`, `character '\\'`},
		{"NUL", "a\x00b", "character '\\x00'"},
		{"newline", "a\nb", "character '\\n'"},
		{"drive", "c:/a", "character ':'"},
		{"alternate data stream", "a:b", "character ':'"},
		{"wildcard", "a*", "character '*'"},
		{"letter outside ASCII", "é", "character 'é'"},
		{"no UTF-8", "a\xff", "character '\uFFFD'"},
		{"dot at the end", "a./b", "Windows drops"},
		{"blank at the end", "a /b", "Windows drops"},
		{"device", "switches/NUL", "device"},
		{"device with an extension", "switches/aux.conf", "device"},
		{"port with an extension", "switches/Com1.tar.gz", "device"},
		{"name too long", "a/" + strings.Repeat("b", 256), "256 bytes"},
		{"name just short enough", "a/" + strings.Repeat("b", 255), ""},
		{"manifest", "MANIFEST.json", "topoc's own"},
		{"manifest in another case", "manifest.JSON", "topoc's own"},
		{"below the stage", ".topoc-stage/a", "topoc's own"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := CheckPath(test.path)
			if test.want == "" {
				if err != nil {
					t.Errorf("CheckPath(%q) = %v, want nil", test.path, err)
				}
				return
			}
			var bad *PathError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("CheckPath(%q) = %v, want a PathError that says %q", test.path, err, test.want)
			}
			if err := new(Set).Add(File{Path: test.path, Mode: Plain}); err == nil {
				t.Errorf("Add(%q) = nil, want what CheckPath returns", test.path)
			}
		})
	}
}

func TestAddRefusesWhatClashes(t *testing.T) {
	tests := []struct {
		name        string
		have, added string
		want        string // a part of the error; "" is none
	}{
		{"two files of a directory", "a/b", "a/c", ""},
		{"same name in two directories", "a/b", "c/b", ""},
		{"same path", "a/b", "a/b", "two files have this path"},
		{"case of a file", "a/b", "a/B", "ignores case"},
		{"case of a directory", "a/b", "A/c", "ignores case"},
		{"directory of another file", "a/b", "a", "both a file and a directory"},
		{"below another file", "a", "a/b/c", "both a file and a directory"},
		{"directory in another case", "a/b", "A", "ignores case"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := setOf(t, test.have, "")
			err := set.Add(File{Path: test.added, Mode: Plain})
			if test.want == "" {
				if err != nil || set.Len() != 2 {
					t.Errorf("Add = %v, %d files, want both", err, set.Len())
				}
				return
			}
			var bad *PathError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), test.want) || bad.Other != test.have {
				t.Errorf("Add = %v, want a PathError about %s that says %q", err, test.have, test.want)
			}
			if set.Len() != 1 {
				t.Errorf("set has %d files, want the first alone", set.Len())
			}
		})
	}
}

func TestAddPanicsForAModeNoFileHas(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Add did not panic")
		}
	}()
	new(Set).Add(File{Path: "a", Mode: 0o600})
}

func TestSetIsSorted(t *testing.T) {
	set := setOf(t, "b", "", "a/b", "", "a-b", "", "a.b", "")
	var paths []string
	for _, f := range set.Files() {
		paths = append(paths, f.Path)
	}
	if want := []string{"a-b", "a.b", "a/b", "b"}; !slices.Equal(paths, want) {
		t.Errorf("Files are %q, want %q", paths, want)
	}
	if f, ok := set.Lookup("a/b"); !ok || f.Path != "a/b" {
		t.Errorf("Lookup(a/b) = %v, %v", f, ok)
	}
	if _, ok := set.Lookup("a"); ok {
		t.Error("Lookup finds a directory")
	}
}

func TestAddSortsDeclarationsOfItsOwn(t *testing.T) {
	declared := []source.Path{"b", "a", "b"}
	var set Set
	if err := set.Add(File{Path: "x", Mode: Plain, Declared: declared}); err != nil {
		t.Fatal(err)
	}
	f, _ := set.Lookup("x")
	if want := []source.Path{"a", "b"}; !slices.Equal(f.Declared, want) {
		t.Errorf("Declared = %q, want %q", f.Declared, want)
	}
	if declared[0] != "b" {
		t.Error("Add sorted the caller's slice")
	}
}
