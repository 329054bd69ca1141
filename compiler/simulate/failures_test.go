package simulate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"topoc/topologies/topogen"
)

// rowText writes a row on one line.
func rowText(row FailureRow) string {
	return fmt.Sprintf("%s: %s %v, %s (%s)", strings.Join(row.Failed, "+"), strings.Join(row.Expectations, ", "), row.Pairs, row.Converge, row.Because)
}

func TestFailuresOfTheLeafSpineExample(t *testing.T) {
	report := Run(seedInput(t, "leaf-spine")).Failures(1)
	const broken = "rack to rack, switches see services, the pods of prod reach each other [{prod prod}]"
	want := []string{
		"leaf01: " + broken + ", 3m0s (prod/node1 waits 180s for keepalives of leaf01)",
		"leaf02: " + broken + ", 3m0s (prod/node4 waits 180s for keepalives of leaf02)",
		"prod/node1:  [], 4m0s (prod/node2 waits 240s for keepalives of prod/node1)",
		"prod/node2:  [], 4m0s (prod/node1 waits 240s for keepalives of prod/node2)",
		"prod/node3:  [], 4m0s (prod/node1 waits 240s for keepalives of prod/node3)",
		"prod/node4:  [], 4m0s (prod/node5 waits 240s for keepalives of prod/node4)",
		"prod/node5:  [], 4m0s (prod/node4 waits 240s for keepalives of prod/node5)",
		"prod/node6:  [], 4m0s (prod/node4 waits 240s for keepalives of prod/node6)",
		"spine01: rack to rack, the pods of prod reach each other [{prod prod}], 0s ()",
		"spine01-leaf01: " + broken + ", 0s ()",
		"spine01-leaf02: " + broken + ", 0s ()",
	}
	var got []string
	for _, row := range report.Rows {
		got = append(got, rowText(row))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var damage []string
	for _, d := range report.Damage {
		damage = append(damage, fmt.Sprintf("%s %d %d %s", d.Name, d.Expectations, d.Pairs, d.At))
	}
	if want := "leaf01 3 1 switches.leaf01"; len(damage) != 5 || damage[0] != want {
		t.Errorf("got damage %q, want five, the first %q", damage, want)
	}
}

func TestFailuresOfTwo(t *testing.T) {
	report := Run(seedInput(t, "two-clusters")).Failures(2)
	const devices = 8
	if want := devices + devices*(devices-1)/2; report.Sets != want || len(report.Rows) != want {
		t.Errorf("%d sets and %d rows, want %d", report.Sets, len(report.Rows), want)
	}
	if !slices.IsSortedFunc(report.Rows, compareRows) {
		t.Error("the rows are not sorted")
	}
	var broken []string
	for _, row := range report.Rows {
		if len(row.Expectations) > 0 {
			broken = append(broken, strings.Join(row.Failed, "+"))
		}
	}
	want := []string{"cluster-a/cluster-a-m03+cluster-a/cluster-a-m04", "cluster-b/cluster-b-m03+cluster-b/cluster-b-m04"}
	if !slices.Equal(broken, want) {
		t.Errorf("got %q\nwant %q: the reflectors of one side", broken, want)
	}
}

func TestConverge(t *testing.T) {
	topology := func(leaf string) string {
		return `
name: "timers"
switches: {
	spine: {dialect: "frr", asNumber: 65000, loopback: "10.0.0.1/32"}
	leaf: {dialect: "frr", asNumber: 65001, interfaces: a: address: "10.1.0.1/24", ` + leaf + `}
}
links: up: {spine: address: "10.0.1.0/31", leaf: address: "10.0.1.1/31"}
clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r: switches: ["leaf"]
	nodes: {n1: {address: "10.1.0.11/24", rack: "r"}, n2: {address: "10.1.0.12/24", rack: "r"}}
}`
	}
	for _, tt := range []struct{ name, leaf, failed, want string }{
		{"a switch below nothing is missed at once", "", "spine", "0s ()"},
		{"so is a link", "", "up", "0s ()"},
		{"a node is missed when the switch's hold time is over", "", "prod/n1", "3m0s (leaf waits 180s for keepalives of prod/n1)"},
		{"the lower hold time counts", "bgp: {keepalive: 3, hold: 9}", "leaf", "9s (prod/n1 waits 9s for keepalives of leaf)"},
		{"BFD of the switch is none of the nodes'", "bgp: bfd: true", "leaf", "3m0s (prod/n1 waits 180s for keepalives of leaf)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, row := range Run(inputOf(t, []byte(topology(tt.leaf)))).Failures(1).Rows {
				if got := fmt.Sprintf("%s (%s)", row.Converge, row.Because); row.Failed[0] == tt.failed && got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			}
		})
	}
}

// fabricResult is the prediction of one cluster over racks of 100 nodes.
func fabricResult(b *testing.B, racks int) *Result {
	var text bytes.Buffer
	if err := topogen.WriteFabric(&text, racks, 100); err != nil {
		b.Fatal(err)
	}
	return Run(inputOf(b, text.Bytes()))
}

func BenchmarkProveFabric10k(b *testing.B) {
	r := fabricResult(b, 100)
	for _, e := range r.Fabric.Expected {
		e.Survives = 0
	}
	for b.Loop() {
		r.Prove()
	}
}

func BenchmarkProve1000Clusters(b *testing.B) {
	var text bytes.Buffer
	if err := topogen.Write(&text, 1000); err != nil {
		b.Fatal(err)
	}
	r := Run(inputOf(b, text.Bytes()))
	for b.Loop() {
		r.Prove()
	}
}

func BenchmarkFailuresFabric1k(b *testing.B) {
	r := fabricResult(b, 10)
	for b.Loop() {
		r.Failures(1)
	}
}
