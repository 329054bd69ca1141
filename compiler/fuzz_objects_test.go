package compiler

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"topoc/compiler/calico"
	"topoc/compiler/load"
)

// errUnread marks that it was the objects that could not be read.
var errUnread = errors.New("unread")

// FuzzObjects predicts a topology of which a cluster is told what a foreign file of YAML says: that is refused, or nothing panics or
// hangs, every finding has a place, and what topoc writes of it reads as the same.
func FuzzObjects(f *testing.F) {
	text, err := os.ReadFile("../topologies/two-clusters.cue")
	if err != nil {
		f.Fatal(err)
	}
	for _, pattern := range []string{"../out/*/calico/*/*.yaml", "../out/*/calico/*/nodes/nodes.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for _, odd := range []string{
		"", "---\n---\n", "kind: BGPPeer\n", "kind: BGPPeer\nmetadata: {name: a}\nspec: null\n", "kind: [BGPPeer]\n", "a: &a [*a]\n",
		"kind: IPPool\nspec: {cidr: 10.0.0.0/33}\n", "kind: Node\nmetadata: {name: \"a\\nb\", labels: {\"\": \"\"}}\n", "\xff", "\x00",
		"kind: BGPPeer\nmetadata: {name: a}\nspec: {nodeSelector: \"" + strings.Repeat("(", 3000) + "\", peerIP: \"a:b:c\"}\n",
		strings.Repeat("[", 20_000), strings.Repeat("? ", 20_000), "{" + strings.Repeat(`"a":{`, 20_000),
	} {
		f.Add([]byte(odd))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		hang := time.AfterFunc(patience, func() { panic("a hang") })
		defer hang.Stop()
		r, err := Run(t.Context(), []string{"-"}, Options{
			Until: Simulated, Anyway: true, Load: load.Options{Stdin: bytes.NewReader(text)},
			ReadObjects: func(cluster string) (*calico.Objects, error) {
				o := &calico.Objects{}
				if cluster != "cluster-a" {
					return o, nil
				}
				if err := o.Read(data); err != nil {
					return nil, errors.Join(errUnread, err)
				}
				return o, nil
			},
		})
		if errors.Is(err, errUnread) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range r.Diagnostics {
			findingIsPlaced(t, text, d)
		}
		for c, o := range r.Objects {
			if c.Name == "cluster-a" {
				readsAsItWasWritten(t, o)
			}
		}
	})
}

// readsAsItWasWritten writes objects, reads them, and writes them again.
func readsAsItWasWritten(t *testing.T, o *calico.Objects) {
	t.Helper()
	once, again := written(o), &calico.Objects{}
	for _, data := range once {
		if err := again.Read(data); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
	}
	if twice := written(again); !slices.EqualFunc(once, twice, bytes.Equal) {
		t.Errorf("written:\n%s\nread and written again:\n%s", bytes.Join(once, nil), bytes.Join(twice, nil))
	}
}

// written returns the files of objects that Read takes something from.
func written(o *calico.Objects) [][]byte {
	var files [][]byte
	for _, file := range o.Files("lab") {
		if filepath.Base(file.Path) != "kustomization.yaml" && filepath.Ext(file.Path) == ".yaml" {
			files = append(files, file.Data)
		}
	}
	return files
}
