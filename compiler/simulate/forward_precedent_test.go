package simulate

import (
	"bytes"
	"testing"

	"topoc/topologies/topogen"
)

// TestWhatAFailureDoesNotTouchArrivesAsItDid: after one or two failures, pods that are only followed from where something has
// changed are found lost where following them from everywhere finds it.
func TestWhatAFailureDoesNotTouchArrivesAsItDid(t *testing.T) {
	const seeds = 100
	lost := 0
	for seed := range int64(seeds) {
		if in, ok := linked(t, topogen.Random(seed)); ok {
			lost += holdsPrecedents(t, Run(in), 2, 7)
		}
	}
	var text bytes.Buffer
	if err := topogen.WriteFabric(&text, 3, 5); err != nil {
		t.Fatal(err)
	}
	lost += holdsPrecedents(t, Run(inputOf(t, text.Bytes())), 2, 1)
	if lost < 50 {
		t.Errorf("packets are lost %d times: these topologies show little", lost)
	}
}

// holdsPrecedents compares both answers after sets of at most so many failures, of each size every so manieth, and returns how
// often packets are lost.
func holdsPrecedents(t *testing.T, r *Result, most, step int) (lost int) {
	p := newProver(r)
	pairs := p.reaching()
	p.prepareToFail()
	tried := 0
	for size := range most {
		for chosen := range picks(p.classes, size+1) {
			failed := firstOf(chosen)
			if tried++; tried%step != 0 {
				continue
			}
			short := p.after(failureOf(failed))
			long := newTraffic(short.v, p.census)
			for _, all := range pairs {
				for _, pair := range all {
					from, to := party{kind: partyPods, cluster: pair.from}, party{kind: partyPods, cluster: pair.to}
					got, want := short.lost(from, to), long.lost(from, to)
					if (got == nil) != (want == nil) {
						t.Errorf("without %v, packets of %s to %s are lost: %v, want %v", namesOf(failed), pair.from.Name, pair.to.Name, got != nil, want != nil)
					}
					if want == nil {
						continue
					}
					lost++
					if got != nil && want.to != nil && (got.from != want.from || got.to.prefix != want.to.prefix) {
						t.Errorf("without %v, the first packets of %s to %s that are lost are other ones", namesOf(failed), pair.from.Name, pair.to.Name)
					}
				}
			}
		}
	}
	return lost
}
