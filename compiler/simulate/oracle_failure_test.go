package simulate

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/oracle"
	"topoc/topologies/topogen"
)

// TestRoutesAfterFailuresEqualTheOracle: the kernels' routes after the loss of a node, a switch or a link are those that the
// oracle has once it has withdrawn everything that came from there.
func TestRoutesAfterFailuresEqualTheOracle(t *testing.T) {
	const seeds = 150
	diffs, plural := make([]string, seeds), make([]bool, seeds)
	eachSeed(seeds, func(seed int64) {
		if in, ok := linked(t, topogen.Random(seed)); ok {
			diffs[seed], plural[seed] = heldAfterFailure(in, seed)
		}
	})
	count := 0
	for seed, diff := range diffs {
		if diff != "" {
			t.Errorf("seed %d, %s", seed, diff)
		}
		if plural[seed] {
			count++
		}
	}
	if count > seeds/25 {
		t.Errorf("%d of %d topologies have several outcomes", count, seeds)
	}
}

// heldAfterFailure holds the routes after the loss of one element to the oracle.
func heldAfterFailure(in Input, seed int64) (diff string, isPlural bool) {
	r := Run(in)
	failures := singleFailures(r)
	var names []string
	for name := range failures {
		if !slices.ContainsFunc(in.Fabric.Hosts, func(h *fabric.Host) bool { return h.DeviceName() == name }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	name := names[rand.New(rand.NewPCG(uint64(seed), 1)).IntN(len(names))]
	v := r.after(failures[name])
	got := kernelOf(v)
	open := map[[2]string]bool{}
	var want prediction
	for order := range int64(manyOrders) {
		result := oracle.RunWithout(in.Fabric, in.Objects, order, name)
		if !result.Settled {
			return "", true
		}
		again := oracleKernel(v, result)
		if want == nil {
			want = again
		}
		for key := range differing(want, again) {
			open[key] = true
		}
		isPlural = len(open) > 0
		if difference(got, again, nil) == "" {
			return "", isPlural
		}
		if diff = difference(got, want, open); diff == "" {
			return "", isPlural
		}
	}
	return "without " + name + ":" + diff, isPlural
}

// kernelOf writes down the kernel routes of all devices that live, as enginePrediction does.
func kernelOf(v *view) prediction {
	p := prediction{}
	for _, d := range v.result.Devices() {
		if _, isHost := d.(*fabric.Host); isHost {
			continue
		}
		for _, at := range v.result.places(d) {
			if v.down.isDead(at.part, at.member) {
				continue
			}
			for _, f := range families {
				for _, row := range v.kernelRows(at, f) {
					if !v.isGone(row.Prefix) {
						p.addKernelRow(deviceOf(d, at.part.VRF), row, RouteRow{})
					}
				}
			}
		}
	}
	return p
}

// oracleKernel writes down the same of the oracle's result.
func oracleKernel(v *view, r *oracle.Result) prediction {
	p := prediction{}
	for _, d := range v.result.Devices() {
		places := v.result.places(d)
		if len(places) > 0 && v.down.isDead(places[0].part, places[0].member) {
			continue
		}
		for _, row := range r.Routes {
			if row.Device == d.DeviceName() && row.Kind != "rib" && !v.isGone(row.Prefix) {
				p.addRoute(deviceOf(d, row.VRF), row.Prefix, row.Proto, fact{kind: row.Kind, nextHops: row.NextHops, metric: row.Metric})
			}
		}
	}
	return p
}

// isGone reports whether a prefix is that of pods of a node that has failed: nobody asks for a way there any more.
func (v *view) isGone(prefix netip.Prefix) bool {
	for p, members := range v.down.members {
		for _, member := range members {
			if p.Nodes == nil {
				continue
			}
			for _, h := range p.rules.allocations().of[p.Nodes[member]] {
				if h.prefix == prefix {
					return true
				}
			}
		}
	}
	return false
}

// TestRandomTopologiesAreAnsweredAlike: the same input gives the same answers to every question, and none of them panics.
func TestRandomTopologiesAreAnsweredAlike(t *testing.T) {
	const seeds = 150
	eachSeed(seeds, func(seed int64) {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("seed %d: panic: %v\n%s", seed, p, topogen.Random(seed))
			}
		}()
		in, ok := linked(t, topogen.Random(seed))
		if !ok {
			return
		}
		if one, other := answers(Run(in)), answers(Run(in)); one != other {
			t.Errorf("seed %d: two runs differ", seed)
		}
	})
}

// answers asks a Result everything, and writes down what it says.
func answers(r *Result) string {
	var b strings.Builder
	for _, d := range r.Devices() {
		fmt.Fprintf(&b, "%s\n%+v\n", d.DeviceName(), r.Sessions(d))
		var prefixes []netip.Prefix
		for _, row := range r.Routes(d) {
			fmt.Fprintln(&b, row, row.ASPath, row.LocalPref, row.From, row.Best, row.Used, row.Status)
			prefixes = append(prefixes, row.Prefix)
		}
		for i, p := range prefixes {
			if i%8 == 0 {
				fmt.Fprintf(&b, "%+v\n", r.Why(d, p))
			}
		}
	}
	for _, p := range r.Prove() {
		fmt.Fprintln(&b, p.Name, p.Holds, p.Failed, p.Reason)
	}
	for _, from := range r.Fabric.Clusters {
		for _, to := range r.Fabric.Clusters {
			trace := r.Trace(Place{Cluster: from, Pods: true, Text: from.Name}, Place{Cluster: to, Pods: true, Text: to.Name})
			fmt.Fprintln(&b, trace.Reached, trace.Verdict, trace.Paths)
		}
	}
	fmt.Fprintf(&b, "%+v\n", r.Failures(1))
	return b.String()
}
