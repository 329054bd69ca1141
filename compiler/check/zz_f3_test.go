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
	for _, k := range []string{"iso", "small", "nodes"} {
		var text bytes.Buffer
		b := func() []byte {
		switch k {
		case "iso": topogen.Write(&text, 1000)
		case "small": topogen.WriteFabric(&text, 5, 50)
		case "nodes": topogen.WriteFabric(&text, 100, 100); return bytes.ReplaceAll(text.Bytes(), []byte(`peer: "routeReflectors"`), []byte(`peer: "nodes"`))
		}
		return text.Bytes()
		}()
		f := linkText(t, b)
		objects := map[*fabric.Cluster]*calico.Objects{}
		for _, c := range f.Clusters { objects[c] = calico.Compile(c) }
		r := simulate.Run(simulate.Input{Fabric: f, Objects: objects})
		c := &Checks{fabric: f, ran: map[string]bool{}, shared: &shared{fabric: f}}
		for _, rule := range All() {
			if rule.Needs != Routes || k == "nodes" && (rule.Name == "expectation-failed" || rule.Name == "filter-blocks-expected") { continue }
			p := Pass{Fabric: f, Objects: objects, Predicted: r, Rule: rule, found: &c.found, shared: c.shared}
			at := time.Now()
			n := len(c.found)
			rule.Run(&p)
			if d := time.Since(at); d > 2*time.Millisecond || len(c.found) > n {
			fmt.Println(k, len(r.Parts), rule.Name, d, len(c.found)-n) }
		}
	}
}
