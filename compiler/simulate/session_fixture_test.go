package simulate

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
)

// inputOf loads, links and compiles a topology, which must be without mistakes of shape.
func inputOf(t testing.TB, text []byte) Input {
	t.Helper()
	loaded, err := load.Load(t.Context(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range loaded.Diagnostics {
		t.Fatalf("%s: %s", d.Path, d.Message)
	}
	f, mistakes := fabric.Link(loaded.Topology)
	for _, d := range mistakes {
		t.Fatalf("%s: %s", d.Path, d.Message)
	}
	in := Input{Fabric: f, Objects: map[*fabric.Cluster]*calico.Objects{}}
	for _, c := range f.Clusters {
		in.Objects[c] = calico.Compile(c)
	}
	return in
}

// seedInput is the input of one of the runnable examples.
func seedInput(t testing.TB, name string) Input {
	t.Helper()
	text, err := os.ReadFile("../../topologies/" + name + ".cue")
	if err != nil {
		t.Fatal(err)
	}
	return inputOf(t, text)
}

// objectsOf returns the objects of a cluster, to be edited.
func (in Input) objectsOf(cluster string) *calico.Objects {
	return in.Objects[in.cluster(cluster)]
}

func (in Input) cluster(name string) *fabric.Cluster {
	return in.Fabric.Clusters[slices.IndexFunc(in.Fabric.Clusters, func(c *fabric.Cluster) bool { return c.Name == name })]
}

func partsOf(in Input) []*Part {
	parts := makeParts(in, readClusters(in))
	makeSessions(in, parts)
	return parts
}

// nodeLevel is the sessions of every device that has any, one line for each as the device sees it, in the order of addresses.
func nodeLevel(parts []*Part, line func(s *Session, member, far int) string) map[string]string {
	lines := map[string][]string{}
	for _, p := range parts {
		for member := range p.Size() {
			name := p.Device(member).DeviceName()
			for _, s := range p.Sessions {
				for far := range len(s.remote) {
					if s.Peer != p || far != member {
						lines[name] = append(lines[name], line(s, member, far))
					}
				}
			}
		}
	}
	joined := map[string]string{}
	for name, all := range lines {
		slices.Sort(all)
		joined[name] = strings.Join(all, " ")
	}
	return joined
}

// remoteOf writes a session as the address of its far end.
func remoteOf(s *Session, _, far int) string { return s.remote[far].String() }
