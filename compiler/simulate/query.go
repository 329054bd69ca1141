package simulate

import (
	"net/netip"
	"time"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// Place is where a trace begins or ends: what ParsePlace reads. Exactly one of Cluster, Node, Switch, Host and Address is set.
type Place struct {
	Cluster  *fabric.Cluster
	Node     *fabric.Node
	Switch   *fabric.Switch
	Host     *fabric.Host
	Address  netip.Addr
	Pods     bool   // of Cluster or Node: its pods
	Services bool   // of Cluster: its services
	Text     string // as it was written
}

// Trace is what happens to packets from one place to another and to the answers.
type Trace struct {
	From, To Place
	Reached  bool
	Paths    [][]Step // the branches of every kind of start and target, there and back; where not Reached the failing one first
	Complete bool     // Paths are all ways of all pairs, there and back; never so where not Reached
	Verdict  string   // one sentence. Where not Reached: the device, the rule that stops the route or the packet, and the edit that mends it
	Stop     *Stop    // nil where Reached
}

// Step is what one device does with the packet.
type Step struct {
	Device     string // cluster/node, or the name of a switch or host
	Action     string // sends, forwards, encapsulates, decapsulates, translates, delivers, drops, answers, …
	Reason     string // the route or rule that made it: "10.210.0.0/26 via 172.17.0.9, 172.17.0.10, told by cluster-a-m03"
	DeclaredAt source.Path
}

// Stop is the device and rule at which a packet or the route that it needs stops: of the branch that fails first, there before
// back.
type Stop struct {
	Device string
	Prefix netip.Prefix // of the route; the zero Prefix where no route is to blame
	Rule   string       // "no IPPool of cluster-a covers it", "BGPFilter no-transit rule 2", "its own AS 64512 is in the path", …
	Edit   string       // the edit that mends it, in the imperative; empty: none is known
	At     source.Path  // the declaration to edit, as far as known

	Outside *fabric.External // that may take the packets on, over what the topology doesn't know; nil: nobody
}

// Proof is what became of one expectation.
type Proof struct {
	Name        string
	At          source.Path
	Implied     bool // nobody wrote it: see fabric.Fabric.Expectations
	Holds       bool
	Trace       *Trace   // of the pair that fails; nil where it holds, or only its paths are too few
	Vacuous     bool     // it does not hold, since nobody sends or nothing is there to be reached
	Untried     bool     // it does not hold as far as is proved, nor is it broken: the sets of failures are too many
	Failed      []string // what had to fail to break it: names of devices and links; nil: nothing
	Reason      string   // one sentence; empty where it holds
	Expectation *fabric.Expectation
}

// FailureRow is what one set of failures breaks.
type FailureRow struct {
	Failed       []string      // cluster/node, switch or link, sorted
	Expectations []string      // that no longer hold, sorted; implied ones too
	Pairs        []Pair        // of clusters whose pods no longer reach each other, sorted
	Converge     time.Duration // until everything has settled, as far as timers tell; 0: at once
	Because      string        // the slowest timer: "cluster-a/cluster-a waits 90s for keepalives of leaf1"
}

// Pair is two clusters, or one and itself, by name.
type Pair struct{ From, To string }

// FailureReport is all sets of at most k failures.
type FailureReport struct {
	K      int
	Sets   int          // that were tried
	Rows   []FailureRow // by size, then names; every set
	Damage []Damage     // devices and links, the worst first, those that break nothing left out
}

// Damage is how much the loss of one device or link breaks by itself.
type Damage struct {
	Name         string
	Expectations int
	Pairs        int
	At           source.Path
}
