package thirdparty

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	repo  = "../../.."
	table = "THIRD_PARTY_LICENSES.md"
)

// What is linked changes with a line of go.mod, on one system or on all: the table may not lag behind.
func TestTableListsWhatTopocIsMadeOf(t *testing.T) {
	linked, err := Linked(repo)
	if err != nil {
		t.Fatal(err)
	}
	tested, err := Tested(repo, linked)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := WriteTable(&want, linked, tested); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(repo, table)
	if os.Getenv("TOPOC_UPDATE") == "1" {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what topoc is made of: make licences writes\n%s", table, &want)
	}

	var texts strings.Builder
	if err := WriteTexts(&texts, linked); err != nil {
		t.Fatal(err)
	}
	for _, m := range linked {
		if !strings.Contains(texts.String(), m.Path+" "+m.Version) {
			t.Errorf("the texts leave out %s %s", m.Path, m.Version)
		}
	}
}

func TestLicence(t *testing.T) {
	mit, err := os.ReadFile("testdata/MIT.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string // the beginning of the expression, or part of the error
	}{
		{"known text", map[string]string{"LICENSE": string(mit)}, "MIT"},
		{"notice alone", map[string]string{"NOTICE": string(mit)}, "no licence beside its code"},
		{"nothing", nil, "no licence beside its code"},
		{"unknown text", map[string]string{"LICENSE": "Ask me, and you may use this on Tuesdays."}, "0 % of it is the text of known licences"},
		{"known text with terms of its own", map[string]string{"LICENSE": string(mit) + strings.Repeat("You owe the author a beer. ", 20)},
			"of it is the text of known licences"},
		{"not permitted", map[string]string{"LICENSE": "SPDX-License-Identifier: GPL-3.0-only\n\nThis program is free software: you can redistribute it and/or modify\nit under the terms of the GNU General Public License as published by\nthe Free Software Foundation, version 3.\n"},
			"GPL-3.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := Module{Path: "example.com/m", Version: "v1.0.0", Dir: t.TempDir()}
			for name, text := range test.files {
				if err := os.WriteFile(filepath.Join(m.Dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.addFiles(m.Dir); err != nil {
				t.Fatal(err)
			}
			got, err := m.Licence()
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, test.want) || err == nil && got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A module may hold code that somebody else wrote, below a licence of theirs.
func TestLicencesAboveAPackage(t *testing.T) {
	m := Module{Path: "example.com/m", Dir: t.TempDir()}
	for _, file := range []string{
		"LICENSE", "NOTICE.txt", "license.go", "LICENSE.docs", "a/COPYING", "a/b/c/Licence-MIT.md", "a/b/licensing/x.go", "other/LICENSE",
	} {
		file = filepath.Join(m.Dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.addFiles(filepath.Join(m.Dir, "a", "b", "c")); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(m.Files, " "), "a/b/c/Licence-MIT.md a/COPYING LICENSE NOTICE.txt"; got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}
