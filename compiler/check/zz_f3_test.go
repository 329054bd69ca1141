package check
import (
	"bytes"
	"fmt"
	"testing"
	"time"
	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/topogen"
	"topoc/compiler/simulate"
)
func TestZZF3(t *testing.T) {
	for _, k := range []string{"iso", "fabric"} {
		var text bytes.Buffer
		if k == "iso" { topogen.Write(&text, 80) } else { topogen.WriteFabric(&text, 5, 50) }
		f := linkText(t, text.Bytes())
		objects := map[*fabric.Cluster]*calico.Objects{}
		for _, c := range f.Clusters { objects[c] = calico.Compile(c) }
		r := simulate.Run(simulate.Input{Fabric: f, Objects: objects})
		at := time.Now()
		c, ok := r.Cuts(maxCutWork)
		fmt.Println(k, len(r.Parts), len(c), ok, time.Since(at))
	}
}
