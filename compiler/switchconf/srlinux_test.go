package switchconf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// srlRequest is a request of JSON-RPC.
type srlRequest struct {
	Version string `json:"jsonrpc"`
	ID      *int   `json:"id"`
	Method  string `json:"method"`
	Params  struct {
		Commands []struct {
			Action string `json:"action"`
			Path   string `json:"path"`
			Value  any    `json:"value"`
		} `json:"commands"`
	} `json:"params"`
}

func parseSRL(t *testing.T, name string, data []byte) *srlRequest {
	t.Helper()
	var request srlRequest
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&request); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if request.Version != "2.0" || request.ID == nil || request.Method != "set" || len(request.Params.Commands) == 0 {
		t.Errorf("%s is no request to set something", name)
	}
	return &request
}

// TestSRLinuxSchema reads every golden as a switch would: each member must be one of the models', each value of its kind, and what is
// referred to must have been written by a command before. The undo deletes what was replaced, the last first.
func TestSRLinuxSchema(t *testing.T) {
	goldens, err := filepath.Glob("testdata/srlinux-*.txtar")
	if err != nil || len(goldens) == 0 {
		t.Fatal("no goldens", err)
	}
	mutated := 0
	for _, golden := range goldens {
		a, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(a.Files); i += 2 {
			name := golden + ":" + a.Files[i].Name
			r := &srlReader{root: srlRules(), defined: map[string]bool{}}
			var replaced, deleted []string
			for _, c := range parseSRL(t, name, a.Files[i].Data).Params.Commands {
				for _, m := range srlMutants(c.Action, c.Path, c.Value) {
					mutated++
					if r.command(m.action, m.path, m.value) == nil {
						t.Errorf("%s: %s %s is taken with %s", name, m.action, m.path, m.about)
					}
				}
				if err := r.command(c.Action, c.Path, c.Value); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if c.Action == "replace" {
					replaced = append(replaced, c.Path)
				}
			}
			for _, c := range parseSRL(t, name, a.Files[i+1].Data).Params.Commands {
				if err := r.command(c.Action, c.Path, c.Value); err != nil || c.Action != "delete" {
					t.Errorf("%s: undo: %s: %v", name, c.Action, err)
				}
				deleted = append(deleted, c.Path)
			}
			if slices.Reverse(deleted); !slices.Equal(replaced, deleted) {
				t.Errorf("%s replaces\n%q, its undo deletes\n%q", name, replaced, deleted)
			}
		}
	}
	t.Logf("%d goldens, %d mutants refused", len(goldens), mutated)
}

// srlMutant is a command with a mistake.
type srlMutant struct {
	action, path string
	value        any
	about        string
}

// srlMutants returns a command with mistakes: in the action, in each word of the path, and in the value each name without its last
// letter, each number beyond all ranges, each word that is a choice without its last letter, and each value of another type.
func srlMutants(action, path string, value any) []srlMutant {
	all := []srlMutant{{action[1:], path, value, "its action"}, {action, path + "x", value, "its path"}, {action, path[1:], value, "its path"}}
	for _, word := range regexp.MustCompile(`[/\[][a-z0-9-]+`).FindAllStringIndex(path, -1) {
		if path[word[0]] == '[' || !strings.Contains(path[:word[0]], "=") || strings.Count(path[:word[0]], "[") == strings.Count(path[:word[0]], "]") {
			all = append(all, srlMutant{action, path[:word[1]-1] + path[word[1]:], value, "its path"})
		}
	}
	for _, m := range srlValues(value) {
		all = append(all, srlMutant{action, path, m.value, m.about})
	}
	return all
}

// srlChoice is a word of which there are few, and none is another without its last letter.
var srlChoice = regexp.MustCompile(`^(enable|disable|accept|reject|bgp|static|ge|self|exact|ipv[46]-unicast)$`)

// srlValues returns a value with one mistake each.
func srlValues(value any) []srlMutant {
	var all []srlMutant
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if !strings.HasPrefix(name, "_") {
				wrong := maps.Clone(v)
				wrong[name[:len(name)-1]] = wrong[name]
				delete(wrong, name)
				all = append(all, srlMutant{value: wrong, about: name + " misspelled"})
			}
			for _, m := range srlValues(v[name]) {
				wrong := maps.Clone(v)
				wrong[name] = m.value
				all = append(all, srlMutant{value: wrong, about: name + ": " + m.about})
			}
		}
	case []any:
		all = append(all, srlMutant{value: []any{}, about: "nothing"})
		for i, item := range v {
			for _, m := range srlValues(item) {
				wrong := slices.Clone(v)
				wrong[i] = m.value
				all = append(all, srlMutant{value: wrong, about: m.about})
			}
		}
	case json.Number:
		n, _ := strconv.ParseUint(string(v), 10, 32)
		all = append(all, srlMutant{value: json.Number("4294967296"), about: "a high number"}, srlMutant{value: fmt.Sprint(n) + "x", about: "a string"})
	case string:
		all = append(all, srlMutant{value: true, about: "a boolean"})
		if srlChoice.MatchString(v) {
			all = append(all, srlMutant{value: v[:len(v)-1], about: v + " misspelled"})
		}
	case bool:
		all = append(all, srlMutant{value: fmt.Sprint(v), about: "a string"})
	}
	return all
}
