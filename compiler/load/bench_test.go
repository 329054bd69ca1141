package load

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"topoc/compiler/model"
	"topoc/topologies/topogen"
)

func BenchmarkLoad(b *testing.B) {
	for _, clusters := range []int{10, 100, 1000} {
		var text bytes.Buffer
		if err := topogen.Write(&text, clusters); err != nil {
			b.Fatal(err)
		}
		for _, tier := range []struct {
			name     string
			evaluate bool
		}{{"literal", false}, {"evaluated", true}} {
			b.Run(fmt.Sprintf("%s-%d", tier.name, clusters*topogen.NodesPerCluster), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(text.Len()))
				for b.Loop() {
					if r := decodeText(b, "x.cue", text.Bytes(), tier.evaluate); r.Topology == nil {
						b.Fatal(dump(r.Diagnostics))
					}
				}
			})
		}
	}
}

// BenchmarkFirstUse is what every run of topoc pays before it reads anything.
func BenchmarkFirstUse(b *testing.B) {
	for b.Loop() {
		binding := &binder{plans: map[planKey]*plan{}}
		if _, err := binding.bind(readTable()["#Topology"], reflect.TypeFor[model.Topology]()); err != nil {
			b.Fatal(err)
		}
	}
}
