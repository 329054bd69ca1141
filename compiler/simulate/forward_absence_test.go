package simulate

import (
	"strings"
	"testing"
)

func traceText(t *testing.T, r *Result, from, to string) *Trace {
	t.Helper()
	a, err := ParsePlace(r.Fabric, from)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParsePlace(r.Fabric, to)
	if err != nil {
		t.Fatal(err)
	}
	return r.Trace(a, b)
}

const absentees = `
name: "t"
hosts: h: {system: "netplan", address: "10.1.0.100/24", routes: {
	k: via: ["k1"], none: via: ["o1"]}}
switches: bare: dialect: "frr"
clusters: {
	k: {asNumber: 64512, podCIDRs: ["10.10.0.0/16"], serviceCIDRs: ["10.5.0.0/16"], advertise: serviceLoadBalancerIPs: ["10.6.0.0/16"]
		nodes: {k1: address: "10.1.0.11/24", k2: {address: "10.1.0.12/24", blocks: []}}}
	none: {asNumber: 64513, podCIDRs: ["10.20.0.0/16"], nodes: {o1: {address: "10.1.0.21/24", blocks: []}}}
	one: {asNumber: 64514, podCIDRs: ["10.30.0.0/16"], nodes: {p1: address: "10.1.0.31/24"}}
}
`

// TestNobodyIsReachedWhereNobodyIs: every packet arrives is true of no packets at all.
func TestNobodyIsReachedWhereNobodyIs(t *testing.T) {
	r := Run(inputOf(t, []byte(absentees)))
	for _, tt := range []struct{ name, from, to, want string }{
		{"a cluster without blocks as the target", "k", "none", "none has no pods to reach: blocks: [] says so of its nodes"},
		{"a cluster without blocks as the source", "none", "k", "none has no pods to send: blocks: [] says so of its nodes"},
		{"a node without blocks", "k", "k/k2/pods", "k/k2 has no pods to reach: blocks: [] says so of it"},
		{"a cluster without blocks and itself", "none", "none", "none has no pods to send: blocks: [] says so of its nodes"},
		{"a cluster without services", "k", "none/services", "none has no services to reach: write serviceCIDRs"},
		{"a switch without addresses", "k", "bare", "bare has no address"},
		{"an address that nobody has sends nothing", "192.0.2.1", "k", "nothing in the topology has the address 192.0.2.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if trace := traceText(t, r, tt.from, tt.to); trace.Reached || trace.Verdict != tt.want {
				t.Errorf("reached %v: %s\nwant not reached: %s", trace.Reached, trace.Verdict, tt.want)
			}
		})
	}
}

// TestWhoIsThereIsReached at the edges of who is not.
func TestWhoIsThereIsReached(t *testing.T) {
	r := Run(inputOf(t, []byte(absentees)))
	for _, tt := range []struct{ name, from, to string }{
		{"pods of the only node", "one", "one"},
		{"a service that is not announced, from inside", "k", "10.5.0.7"},
		{"the same from a node", "k/k2", "10.5.0.7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if trace := traceText(t, r, tt.from, tt.to); !trace.Reached || len(trace.Paths) == 0 {
				t.Errorf("reached %v over %d ways: %s", trace.Reached, len(trace.Paths), trace.Verdict)
			}
		})
	}
}

// TestServiceInARangeThatIsNotAnnounced: that another range is announced says nothing of it.
func TestServiceInARangeThatIsNotAnnounced(t *testing.T) {
	r := Run(inputOf(t, []byte(strings.Replace(absentees, "k: via: [\"k1\"], ", "", 1))))
	for _, from := range []string{"h", "one/p1"} {
		if trace := traceText(t, r, from, "10.5.0.7"); trace.Reached || trace.Stop == nil || len(trace.Paths) == 0 ||
			!strings.Contains(trace.Verdict, "10.5.0") {
			t.Errorf("from %s: reached %v over %v: %s", from, trace.Reached, trace.Paths, trace.Verdict)
		}
	}
}

func TestAClusterWhosePoolIsLost(t *testing.T) {
	in := inputOf(t, []byte(absentees))
	for c, objects := range in.Objects {
		if c.Name == "k" {
			objects.IPPools = nil
			if objects.Installation != nil {
				objects.Installation.Spec.CalicoNetwork.IPPools = nil
			}
		}
	}
	r := Run(in)
	const want = "k has no pods to reach: no IPPool of k gives its nodes blocks"
	if trace := traceText(t, r, "one", "k"); trace.Reached || trace.Verdict != want {
		t.Errorf("reached %v: %s\nwant %s", trace.Reached, trace.Verdict, want)
	}
}

// TestExpectationsAboutNothing fail where somebody wrote them, and are no matter where nobody did.
func TestExpectationsAboutNothing(t *testing.T) {
	r := Run(inputOf(t, []byte(absentees+`expect: {
		"to nobody": {from: "k", to: "none"}
		"never to nobody": {from: "k", to: "none", reach: false}
		"to a node without pods": {from: "k", to: "k/k2"}
	}`)))
	const nobody = "none has no pods to reach: blocks: [] says so of its nodes"
	want := map[string]string{"to nobody": nobody, "never to nobody": nobody}
	for _, p := range r.Prove() {
		if p.Holds != (want[p.Name] == "") || p.Vacuous == p.Holds || p.Reason != want[p.Name] {
			t.Errorf("%s: holds %v: %s\nwant %s", p.Name, p.Holds, p.Reason, want[p.Name])
		}
	}
}

// TestABorrowedAddress is where the longest prefix with it is, and not where the block around it is.
func TestABorrowedAddress(t *testing.T) {
	r := Run(inputOf(t, []byte(`
name: "t"
clusters: k: {asNumber: 64512, podCIDRs: ["10.64.0.0/16"], nodes: {
	n1: {address: "10.1.0.11/24", blocks: ["10.64.0.0/26"]}
	n2: {address: "10.1.0.12/24", blocks: ["10.64.0.64/26", "10.64.0.5/32"]}
	n3: {address: "10.1.0.13/24", blocks: ["10.64.0.128/26"]}
	n4: {address: "10.1.0.14/24", blocks: ["10.64.0.192/26"]}}}`)))
	for _, from := range []string{"n4", "n1", "n2", "10.64.0.9", "10.64.0.70"} {
		trace := traceText(t, r, from, "10.64.0.5")
		if !trace.Reached || len(trace.Paths) == 0 {
			t.Fatalf("from %s: reached %v: %s", from, trace.Reached, trace.Verdict)
		}
		way := trace.Paths[0]
		if last := way[len(way)-1]; last.Device != "k/n2" || last.Reason != "10.64.0.5/32 is a block of its pods" {
			t.Errorf("from %s the way ends with %+v, want k/n2 to deliver", from, last)
		}
		if from == "n1" && way[0].Reason != "10.64.0.5/32 via 10.1.0.12" {
			t.Errorf("n1 sends by %q, want the borrowed address's own route", way[0].Reason)
		}
	}
	trace := traceText(t, r, "10.64.0.5", "n4")
	if answers := trace.Paths[len(trace.Paths)-1]; !trace.Reached || answers[len(answers)-1].Device != "k/n2" {
		t.Errorf("answers do not come back to k/n2: %v", trace.Paths)
	}
}

// TestALentAddressIsNotInTheBlockAroundIt: who has the block and was not told of who borrowed from it drops what it gets for the
// borrower.
func TestALentAddressIsNotInTheBlockAroundIt(t *testing.T) {
	in := inputOf(t, []byte(`
name: "t"
clusters: k: {asNumber: 64512, podCIDRs: ["10.64.0.0/16"], bgp: nodeToNodeMesh: true, nodes: {
	n1: {address: "10.1.0.11/24", blocks: ["10.64.0.0/26"]}
	n2: {address: "10.1.0.12/24", blocks: ["10.64.0.64/26", "10.64.0.5/32"]}}}`))
	if trace := traceText(t, Run(in), "n1", "10.64.0.5"); !trace.Reached {
		t.Fatalf("n1 is told of the borrowed address, and does not reach it: %s", trace.Verdict)
	}
	isMeshed := false
	in.Objects[in.Fabric.Clusters[0]].BGPConfiguration.Spec.NodeToNodeMeshEnabled = &isMeshed
	trace := traceText(t, Run(in), "n1", "10.64.0.5")
	if trace.Reached || trace.Stop == nil {
		t.Errorf("n1, which is told of nothing, reaches the address that its block lends: %+v", trace)
	}
}
