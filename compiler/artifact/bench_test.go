package artifact

import (
	"fmt"
	"path/filepath"
	"testing"

	"topoc/compiler/source"
)

// manyFiles is a set of small files, as of a hundred clusters of a hundred nodes.
func manyFiles(b *testing.B, content string) *Set {
	b.Helper()
	set := &Set{}
	for cluster := range 100 {
		for node := range 100 {
			f := File{
				Path: fmt.Sprintf("calico/cluster-%d/nodes/node-%d.yaml", cluster, node),
				Mode: Plain,
				Data: fmt.Appendf(nil, "kind: Node\nmetadata:\n  name: node-%d-%d\n  labels: {rack: %s}\n", cluster, node, content),
			}
			if err := set.Add(f); err != nil {
				b.Fatal(err)
			}
		}
	}
	return set
}

func BenchmarkWrite10kFiles(b *testing.B) {
	old, set := manyFiles(b, "r1"), manyFiles(b, "r2")
	b.Run("first", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			mustWrite(b, filepath.Join(b.TempDir(), "out"), set, Options{})
		}
	})
	b.Run("all changed", func(b *testing.B) {
		dir := b.TempDir()
		mustWrite(b, dir, old, Options{})
		for i := 0; b.Loop(); i++ {
			mustWrite(b, dir, []*Set{set, old}[i%2], Options{})
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		dir := b.TempDir()
		mustWrite(b, dir, set, Options{})
		for b.Loop() {
			mustWrite(b, dir, set, Options{})
		}
	})
}

func BenchmarkCheck10kFiles(b *testing.B) {
	dir, set := b.TempDir(), manyFiles(b, "r1")
	mustWrite(b, dir, set, Options{})
	for b.Loop() {
		if changes, err := Check(dir, set, Options{}); err != nil || len(changes) > 0 {
			b.Fatal(changes, err)
		}
	}
}

func BenchmarkEncode10kFiles(b *testing.B) {
	m := &manifest{}
	for _, f := range manyFiles(b, "r1").Files() {
		f.Declared = []source.Path{source.Path(fmt.Sprintf("clusters.%q.nodes.%q", f.Path, f.Path))}
		m.Files = append(m.Files, entry{Path: f.Path, SHA256: hash(f.Data), Declared: f.Declared})
	}
	b.ReportAllocs()
	for b.Loop() {
		m.encode()
	}
}
