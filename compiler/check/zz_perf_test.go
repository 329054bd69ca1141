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

func TestZZPerf(t *testing.T) {
	for _, k := range []string{"iso", "fabric", "oneas"} {
		var text bytes.Buffer
		switch k {
		case "iso":
			topogen.Write(&text, 1000)
		case "fabric":
			topogen.WriteFabric(&text, 100, 100)
		case "oneas":
			fmt.Fprintf(&text, "name: \"x\"\nimplied: false\nswitches: {spine: {dialect: \"frr\", asNumber: 65000, routerID: \"10.0.0.9\"}\nfor i in list.Range(1, 101, 1) {\"leaf\\(i)\": {dialect: \"frr\", asNumber: 65000 + i, routerID: \"10.0.1.\\(i)\", interfaces: vlan10: address: \"10.1.\\(i).1/24\"}}}\n")
			fmt.Fprintf(&text, "links: {for i in list.Range(1, 101, 1) {\"l\\(i)\": {spine: address: \"10.2.\\(i).0/31\", \"leaf\\(i)\": address: \"10.2.\\(i).1/31\"}}}\n")
			fmt.Fprintf(&text, "clusters: prod: {podCIDRs: [\"10.128.0.0/9\"]\nracks: {for i in list.Range(1, 101, 1) {\"r\\(i)\": switches: [\"leaf\\(i)\"]}}\nnodes: {for i in list.Range(1, 101, 1) for n in list.Range(11, 111, 1) {\"n\\(i)x\\(n)\": {rack: \"r\\(i)\", address: \"10.1.\\(i).\\(n)/24\"}}}}\n")
			b := text.String()
			text.Reset()
			text.WriteString("import \"list\"\n" + b)
		}
		f := linkText(t, text.Bytes())
		objects := map[*fabric.Cluster]*calico.Objects{}
		for _, c := range f.Clusters {
			objects[c] = calico.Compile(c)
		}
		at := time.Now()
		r := simulate.Run(simulate.Input{Fabric: f, Objects: objects})
		fmt.Println(k, "run", time.Since(at), len(r.Parts))
		c := &Checks{fabric: f, ran: map[string]bool{}, shared: &shared{fabric: f}}
		for _, name := range []string{"session-no-path", "session-half-open", "rr-partition", "ecmp-collapsed", "next-hop-unresolvable", "as-path-loop"} {
			rule := Lookup(name)
			p := Pass{Fabric: f, Objects: objects, Predicted: r, Rule: rule, found: &c.found, shared: c.shared}
			at := time.Now()
			n := len(c.found)
			rule.Run(&p)
			fmt.Println(k, rule.Name, time.Since(at), len(c.found)-n)
			if len(c.found) > n {
				fmt.Println("   ", c.found[n].Severity, c.found[n].Message)
			}
		}
	}
}
