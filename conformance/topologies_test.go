package conformance

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"topoc/compiler"
	"topoc/compiler/artifact"
	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/topologies"
	"topoc/topologies/topogen"
)

// topology is one that topoc builds.
type topology struct {
	name    string
	text    []byte
	fabric  *fabric.Fabric
	objects map[*fabric.Cluster]*calico.Objects
	files   *artifact.Set
}

// examples returns those of topologies/, sorted by name.
func examples(t testing.TB) []*topology {
	t.Helper()
	names, err := fs.Glob(topologies.Files, "*.cue")
	if err != nil || len(names) == 0 {
		t.Fatal("no examples", err)
	}
	var all []*topology
	for _, name := range names {
		text, err := topologies.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		top, why := buildText(t, strings.TrimSuffix(name, ".cue"), text)
		if top == nil {
			t.Fatalf("%s: %s", name, why)
		}
		all = append(all, top)
	}
	return all
}

// random returns the first n random topologies that topoc builds. About one in eight has mistakes that it finds; of more than
// one in four that are refused it says so, as that would leave little of what random topologies are for.
func random(t testing.TB, n int) []*topology {
	t.Helper()
	var all []*topology
	refused := 0
	for seed := int64(1); len(all) < n; seed++ {
		top, why := buildText(t, fmt.Sprintf("random-%d", seed), topogen.Random(seed))
		if top != nil {
			all = append(all, top)
			continue
		}
		if refused++; refused > n {
			t.Fatalf("%d of the first %d random topologies are refused, the last one: %s", refused, seed, why)
		}
	}
	return all
}

// buildText takes a topology to the files of its build, unpredicted. Where topoc refuses it, there is none, but a reason.
func buildText(t testing.TB, name string, text []byte) (*topology, string) {
	t.Helper()
	r, err := compiler.Run(t.Context(), []string{"-"}, compiler.Options{
		Until: compiler.Compiled,
		Load:  load.Options{Stdin: bytes.NewReader(text)},
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if r.Artifacts == nil {
		return nil, refusal(r)
	}
	top := &topology{name: name, text: text, fabric: r.Fabric, objects: map[*fabric.Cluster]*calico.Objects{}, files: r.Artifacts}
	for _, c := range r.Fabric.Clusters {
		top.objects[c] = calico.Compile(c)
	}
	return top, ""
}

// refusal is the first error of a build that was refused.
func refusal(r *compiler.Result) string {
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			return d.Message
		}
	}
	return "no error"
}

// write puts the build below a new directory of the test's and returns it.
func (top *topology) write(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), top.name)
	if _, err := artifact.Write(dir, top.files, artifact.Options{}); err != nil {
		t.Fatal(err)
	}
	return dir
}
