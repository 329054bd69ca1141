package check

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"topoc/compiler/fabric"
)

func pf(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// TestSweepFindsWhatAllPairsWould compares the sweep with every pair, on small dense sets of both families.
func TestSweepFindsWhatAllPairsWould(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		spans := randomSpans(random, 1+random.IntN(24))
		want := map[[2]int]bool{}
		for _, a := range spans {
			for _, b := range spans {
				if a.id != b.id && contains(a.prefix, b.prefix) && (a.prefix != b.prefix || a.id < b.id) {
					want[[2]int{a.id, b.id}] = true
				}
			}
		}
		got := map[[2]int]bool{}
		sweep(slices.Clone(spans), func(outer, inner int) bool {
			if got[[2]int{outer, inner}] {
				t.Fatalf("the pair %d, %d comes twice", outer, inner)
			}
			got[[2]int{outer, inner}] = true
			return true
		})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v:\ngot  %v\nwant %v", spans, got, want)
		}
	}
}

// randomSpans returns n prefixes of both families that often equal or contain each other.
func randomSpans(random *rand.Rand, n int) []span {
	spans := make([]span, n)
	for i := range spans {
		home := pf("10.0.0.0/8")
		if random.IntN(3) == 0 {
			home = pf("fd00::/8")
		}
		bytes := home.Addr().AsSlice()
		bytes[1], bytes[2] = byte(random.IntN(4))<<6, byte(random.IntN(4))<<6
		addr, _ := netip.AddrFromSlice(bytes)
		spans[i] = span{netip.PrefixFrom(addr, 7+random.IntN(13)).Masked(), i}
	}
	return spans
}

func TestSweepStopsAtOneOfManyEqualOnes(t *testing.T) {
	const n = 100_000 // quadratic would take minutes
	spans := make([]span, n)
	for i := range spans {
		spans[i] = span{pf("10.0.0.0/8"), i}
	}
	visits := 0
	sweep(spans, func(outer, inner int) bool {
		if visits++; outer != 0 {
			t.Fatalf("%d is compared with %d", inner, outer)
		}
		return false
	})
	if visits != n-1 {
		t.Errorf("%d visits, want %d", visits, n-1)
	}
}

func TestNext(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"10.0.0.0/8", "11.0.0.0/8"},
		{"10.0.192.0/18", "10.1.0.0/18"},
		{"10.255.255.255/32", "11.0.0.0/32"},
		{"255.0.0.0/8", "invalid Prefix"},
		{"0.0.0.0/0", "invalid Prefix"},
		{"fd00:0:0:ff00::/56", "fd00:0:1::/56"},
		{"fd00::/127", "fd00::2/127"},
	} {
		if got := next(pf(test.in)).String(); got != test.want {
			t.Errorf("next(%s) = %s, want %s", test.in, got, test.want)
		}
	}
}

// overlapSize is how many prefixes the sweep is measured with.
const overlapSize = 1_000_000

// measureOverlap returns how long the sweep of many prefixes takes and how long it takes to sort them, each the best of a few
// runs: a machine that is busy with other things makes single ones slow.
func measureOverlap() (sorting, sweeping time.Duration, found int) {
	random := rand.New(rand.NewPCG(3, 4))
	prefixes, spans := make([]netip.Prefix, overlapSize), make([]span, overlapSize)
	for i := range prefixes {
		addr := netip.AddrFrom4([4]byte{10, byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256))})
		length := 26 + random.IntN(7)
		if random.IntN(1000) == 0 {
			length = 12 + random.IntN(14)
		}
		prefixes[i] = netip.PrefixFrom(addr, length).Masked()
		spans[i] = span{prefixes[i], i}
	}
	for range 3 {
		work := slices.Clone(prefixes)
		start := time.Now()
		slices.SortFunc(work, fabric.ComparePrefix)
		if took := time.Since(start); sorting == 0 || took < sorting {
			sorting = took
		}
		unsorted := slices.Clone(spans)
		found = 0
		start = time.Now()
		sweep(unsorted, func(outer, inner int) bool { found++; return false })
		if took := time.Since(start); sweeping == 0 || took < sweeping {
			sweeping = took
		}
	}
	return sorting, sweeping, found
}

func BenchmarkOverlap(b *testing.B) {
	for b.Loop() {
		sorting, sweeping, found := measureOverlap()
		b.ReportMetric(float64(sweeping)/float64(sorting), "sweep/sort")
		b.ReportMetric(float64(sweeping.Milliseconds()), "sweep-ms")
		b.ReportMetric(float64(found), "overlaps")
	}
}

// TestOverlapRatio holds the sweep, sorting included, to three times what sorting alone takes.
func TestOverlapRatio(t *testing.T) {
	if os.Getenv("TOPOC_BENCH") != "1" {
		t.Skip("a ratio of times, which wants a quiet machine: make bench runs it")
	}
	sorting, sweeping, _ := measureOverlap()
	if ratio := float64(sweeping) / float64(sorting); ratio >= 3 {
		t.Errorf("sweeping %d prefixes takes %.1f times what sorting them takes (%v, %v), want under 3", overlapSize, ratio, sweeping, sorting)
	}
}
