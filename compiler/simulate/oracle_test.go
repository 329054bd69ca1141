package simulate

import (
	"bytes"
	"context"
	"flag"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/oracle"
	"topoc/compiler/load"
	"topoc/topologies/topogen"
)

// verdict is what holding a topology to the oracle came to.
type verdict struct {
	diff      string // of the first device that differs; empty: none
	isSkipped bool   // it has mistakes of shape, or ones that leave open what is meant
	isPlural  bool   // it has several stable outcomes, or none
}

// manyOrders is how many orders of messages are tried where the first ones don't tell all outcomes of a topology.
const manyOrders = 64

// TestSimulationEqualsTheOracle: what is predicted for classes of devices and prefixes at once is what comes out where every
// device is by itself and every message travels by itself: each session, each route in a kernel, each best path.
func TestSimulationEqualsTheOracle(t *testing.T) {
	const seeds = 2000
	all := make([]verdict, seeds)
	eachSeed(seeds, func(seed int64) { all[seed] = compared(t.Context(), t, topogen.Random(seed)) })
	skipped, plural, told := 0, 0, 0
	for seed, v := range all {
		if v.diff != "" {
			if told++; told == 1 {
				v.diff = shrunk(t, int64(seed)) // takes its time
			}
			t.Errorf("seed %d:%s", seed, v.diff)
		}
		if v.isSkipped {
			skipped++
		}
		if v.isPlural {
			plural++
		}
	}
	t.Logf("%d topologies, of which %d have mistakes, %d several outcomes or none", seeds, skipped, plural)
	if skipped > seeds/100 || plural > seeds/50 {
		t.Errorf("%d topologies have mistakes and %d several outcomes or none, expected at most %d and %d", skipped, plural, seeds/100, seeds/50)
	}
}

// FuzzOracle looks for a topology of which the simulation and the oracle say different things.
func FuzzOracle(f *testing.F) {
	f.Add(int64(1))
	f.Fuzz(func(t *testing.T, seed int64) {
		ctx, cancel := context.WithTimeout(t.Context(), fuzzTime)
		defer cancel()
		switch diff := compared(ctx, t, topogen.Random(seed)).diff; {
		case diff != "" && flag.Lookup("test.fuzz").Value.String() != "":
			t.Fatal(diff) // run again by itself it is shrunk
		case diff != "":
			t.Fatal(shrunk(t, seed))
		}
	})
}

// fuzzTime is how long more orders are tried of one topology: the fuzzer takes it for hung after ten seconds.
const fuzzTime = 3 * time.Second

// compared holds the simulation of a topology to the oracle. Where the topology has several stable outcomes, all that the oracle
// says in any order must be among what it says in some. What is still open once ctx is done counts as the same.
func compared(ctx context.Context, t testing.TB, text []byte) verdict {
	in, ok := linked(t, text)
	if !ok {
		return verdict{isSkipped: true}
	}
	result := Run(in)
	got := enginePrediction(result)
	first := oracle.Run(in.Fabric, in.Objects, 0)
	want := oraclePrediction(in.Fabric, first)
	v := verdict{diff: difference(got, want, nil)}
	open := map[[2]string]bool{} // in what the orders differ
	for order := int64(1); order < manyOrders && v.diff != ""; order++ {
		if ctx.Err() != nil {
			return verdict{isPlural: true}
		}
		other := oracle.Run(in.Fabric, in.Objects, order)
		if !first.Settled && !other.Settled {
			v.isPlural = true
			if v.diff = ""; len(result.Oscillations) == 0 {
				v.diff = "\nnothing settles, and the simulation does not know"
			}
			break
		}
		again := oraclePrediction(in.Fabric, other)
		for key := range differing(want, again) {
			open[key] = true
		}
		v.isPlural = len(open) > 0
		if v.diff = difference(got, want, open); difference(got, again, nil) == "" {
			v.diff = ""
		}
	}
	return v
}

// linked loads, links and compiles a topology. It reports false where that finds mistakes, and where an isolated cluster is in
// a peering: what its addresses mean to others is then anybody's guess.
func linked(t testing.TB, text []byte) (Input, bool) {
	loaded, err := load.Load(t.Context(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil || len(loaded.Diagnostics) > 0 {
		return Input{}, false
	}
	f, mistakes := fabric.Link(loaded.Topology)
	isMeant := !slices.ContainsFunc(f.Peerings, func(p *fabric.Peering) bool {
		return p.Clusters[0].Model.Isolated || p.Clusters[1].Model.Isolated
	})
	if len(mistakes) > 0 || !isMeant {
		return Input{}, false
	}
	in := Input{Fabric: f, Objects: map[*fabric.Cluster]*calico.Objects{}}
	for _, c := range f.Clusters {
		in.Objects[c] = calico.Compile(c)
	}
	return in, true
}

// shrunk returns the difference, and the smallest topology that has one.
func shrunk(t testing.TB, seed int64) string {
	small := topogen.Shrink(topogen.Random(seed), func(text []byte) bool { return compared(t.Context(), t, text).diff != "" })
	return compared(t.Context(), t, small).diff + "\n" + string(small)
}

// eachSeed calls do for the seeds from 0, two at a time.
func eachSeed(seeds int64, do func(seed int64)) {
	var workers sync.WaitGroup
	for worker := range int64(2) {
		workers.Go(func() {
			for seed := worker; seed < seeds; seed += 2 {
				do(seed)
			}
		})
	}
	workers.Wait()
}

// TestTheOrderOfMessagesDoesNotMatterToTheOracle: what the simulation is held to is no accident of one order, but for the few
// topologies that have several outcomes.
func TestTheOrderOfMessagesDoesNotMatterToTheOracle(t *testing.T) {
	const seeds = 200
	plural := make([]bool, seeds)
	eachSeed(seeds, func(seed int64) {
		in, ok := linked(t, topogen.Random(seed))
		if !ok {
			return
		}
		first, second := oracle.Run(in.Fabric, in.Objects, 0), oracle.Run(in.Fabric, in.Objects, 1)
		plural[seed] = first.Settled && second.Settled && !reflect.DeepEqual(first, second)
	})
	count := 0
	for seed, isPlural := range plural {
		if isPlural {
			count++
			t.Logf("seed %d has several outcomes", seed)
		}
	}
	if count > seeds/20 {
		t.Errorf("%d of %d topologies have several outcomes", count, seeds)
	}
}
