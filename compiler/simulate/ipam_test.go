package simulate

import (
	"fmt"
	"maps"
	"math/big"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

func pf(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func TestQuickSourceGivesTheNumbersOfTheStandardOne(t *testing.T) {
	seeds := []int64{0, 1, -1, 1 << 31, 1<<31 - 1, 1<<31 - 2, 89482311, 1 << 62}
	for range 200 {
		seeds = append(seeds, rand.Int63())
	}
	quick := &quickSource{}
	for _, seed := range seeds {
		slow := rand.NewSource(seed)
		quick.Seed(seed)
		for i := range 2 * quickDraws {
			if got, want := quick.Int63(), slow.Int63(); got != want {
				t.Fatalf("seed %d, draw %d: got %d, want %d", seed, i, got, want)
			}
		}
	}
}

func TestNodesPickTheBlocksThatCalicoPicked(t *testing.T) {
	for _, tt := range []struct{ node, pool, want string }{
		{"cluster-a", "10.200.0.0/16", "10.200.97.0/26"},
		{"cluster-b", "10.210.0.0/16", "10.210.139.128/26"},
		{"cluster-b-m02", "10.210.0.0/16", "10.210.74.0/26"},
	} {
		free := func(netip.Prefix) bool { return false }
		if got, _ := newBlockPicker().pick(pf(tt.pool), 26, tt.node, free); got != pf(tt.want) {
			t.Errorf("%s picks %s, want %s", tt.node, got, tt.want)
		}
	}
}

func TestTakenBlocksArePassedOverAndPoolsWrap(t *testing.T) {
	for _, tt := range []struct {
		name, pool string
		size       int
	}{
		{"IPv4", "10.0.0.0/24", 26},
		{"IPv4 of single addresses", "10.0.0.0/28", 32},
		{"IPv4 of one block", "10.0.0.0/26", 26},
		{"IPv6", "fd00::/120", 122},
		{"IPv6 across the middle", "fd00::/62", 66},
		{"IPv6 above the middle", "fd00::/58", 60},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pool, count := pf(tt.pool), 1<<(tt.size-pf(tt.pool).Bits())
			taken := map[netip.Prefix]bool{}
			picker := newBlockPicker()
			var last netip.Prefix
			for range count {
				block, isFree := picker.pick(pool, tt.size, "node", func(p netip.Prefix) bool { return taken[p] })
				if !isFree || taken[block] || block != block.Masked() || block.Bits() != tt.size || !covering(pool, block) {
					t.Fatalf("picked %s, with %d taken", block, len(taken))
				}
				if last.IsValid() && !isAfter(last, block, pool) {
					t.Errorf("picked %s after %s", block, last)
				}
				taken[block], last = true, block
			}
			if block, isFree := picker.pick(pool, tt.size, "node", func(p netip.Prefix) bool { return taken[p] }); isFree {
				t.Errorf("picked %s of a pool that is full", block)
			}
		})
	}
}

// isAfter reports whether b follows a, or is the first of the pool after its last.
func isAfter(a, b, pool netip.Prefix) bool {
	size := new(big.Int).Lsh(big.NewInt(1), uint(a.Addr().BitLen()-a.Bits()))
	next := new(big.Int).Add(new(big.Int).SetBytes(a.Addr().AsSlice()), size)
	if next.Cmp(new(big.Int).SetBytes(b.Addr().AsSlice())) == 0 {
		return true
	}
	return b.Addr() == pool.Addr()
}

func TestAllocation(t *testing.T) {
	gives := func(name, cidr string, size int) ipamPool {
		return ipamPool{name: name, cidr: pf(cidr), blockSize: size, isGiven: true}
	}
	type nodes = map[string][]string // what is written; nil: nothing
	for _, tt := range []struct {
		name    string
		pools   []ipamPool
		nodes   nodes
		want    string // node, prefix, pool, marks
		lenders string
	}{
		{"written blocks are all that a node has", []ipamPool{gives("p", "10.0.0.0/24", 26)},
			nodes{"a": {"10.0.0.64/26", "10.0.0.0/26"}, "b": {}}, "a 10.0.0.0/26 p, a 10.0.0.64/26 p", ""},
		{"written blocks are taken before others are picked", []ipamPool{gives("p", "10.0.0.0/25", 26)},
			nodes{"a": nil, "b": {"10.0.0.0/26"}}, "a 10.0.0.64/26 p, b 10.0.0.0/26 p", ""},
		{"a full pool gives none", []ipamPool{gives("p", "10.0.0.0/25", 26)},
			nodes{"a": nil, "b": {"10.0.0.0/26"}, "c": nil}, "a 10.0.0.64/26 p, b 10.0.0.0/26 p", ""},
		{"an address in another node's block is borrowed", []ipamPool{gives("p", "10.0.0.0/24", 26)},
			nodes{"a": {"10.0.0.0/26"}, "b": {"10.0.0.5/32"}}, "a 10.0.0.0/26 p, b 10.0.0.5/32 p single borrowed", "a"},
		{"an address in its own block is nothing more", []ipamPool{gives("p", "10.0.0.0/24", 26)},
			nodes{"a": {"10.0.0.0/26", "10.0.0.5/32"}}, "a 10.0.0.0/26 p", ""},
		{"an address in nobody's block is borrowed from nobody", []ipamPool{gives("p", "10.0.0.0/24", 26)},
			nodes{"b": {"10.0.0.5/32"}}, "b 10.0.0.5/32 p single borrowed", ""},
		{"blocks of one address are no aggregates", []ipamPool{gives("p", "10.0.0.0/30", 32)},
			nodes{"a": {"10.0.0.1/32"}}, "a 10.0.0.1/32 p single", ""},
		{"a block in no pool is one too", nil,
			nodes{"a": {"10.9.0.0/26"}}, "a 10.9.0.0/26 -", ""},
		{"a block of one address in no pool is announced by its node alone", nil,
			nodes{"a": {"10.9.0.1/32"}, "b": {}}, "a 10.9.0.1/32 - single", "a"},
		{"two nodes that hold one block are parts of their own", []ipamPool{gives("p", "10.0.0.0/24", 26)},
			nodes{"a": {"10.0.0.0/26"}, "b": {"10.0.0.0/26"}, "c": {}}, "a 10.0.0.0/26 p, b 10.0.0.0/26 p", "a b"},
		{"a pool that gives none is one for what is written", []ipamPool{{name: "p", cidr: pf("10.0.0.0/24"), blockSize: 26}},
			nodes{"a": nil, "b": {"10.0.0.0/26"}}, "b 10.0.0.0/26 p", ""},
		{"a pool may be for some nodes", []ipamPool{{name: "p", cidr: pf("10.0.0.0/26"), blockSize: 26, isGiven: true, nodeSelector: "name == 'b'"}},
			nodes{"a": nil, "b": nil}, "b 10.0.0.0/26 p", ""},
		{"a selector that cannot be read matches no node", []ipamPool{{name: "p", cidr: pf("10.0.0.0/26"), blockSize: 26, isGiven: true, nodeSelector: "b =="}},
			nodes{"a": nil, "b": nil}, "", ""},
		{"a node without IPv6 gets no IPv6 block", []ipamPool{gives("p", "fd00::/64", 122)},
			nodes{"a": nil}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []*fabric.Node
			for _, name := range slices.Sorted(maps.Keys(tt.nodes)) {
				n := &fabric.Node{Name: name, Model: &model.Node{}, Address: pf("192.0.2.1/24")}
				if tt.nodes[name] != nil {
					n.Model.Blocks = []netip.Prefix{}
				}
				for _, block := range tt.nodes[name] {
					n.Model.Blocks = append(n.Model.Blocks, pf(block))
				}
				all = append(all, n)
			}
			made := allocate(tt.pools, all, func(i int) map[string]string { return map[string]string{"name": all[i].Name} })
			var got, lend []string
			for _, n := range all {
				for _, h := range made.of[n] {
					got = append(got, heldText(n, &h))
				}
				if made.lenders[n] {
					lend = append(lend, n.Name)
				}
			}
			if text := strings.Join(got, ", "); text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
			if text := strings.Join(lend, " "); text != tt.lenders {
				t.Errorf("lenders are %q, want %q", text, tt.lenders)
			}
		})
	}
}

func heldText(n *fabric.Node, h *held) string {
	text := fmt.Sprintf("%s %s %s", n.Name, h.prefix, h.pool)
	if h.pool == "" {
		text += "-"
	}
	if h.single {
		text += " single"
	}
	if h.borrowed {
		text += " borrowed"
	}
	return text
}

func TestNoTwoNodesPickOneBlock(t *testing.T) {
	var all []*fabric.Node
	for i := range 1000 {
		all = append(all, &fabric.Node{Name: fmt.Sprintf("node-%04d", i), Model: &model.Node{}, Address: pf("192.0.2.1/24")})
	}
	made := allocate([]ipamPool{{name: "p", cidr: pf("10.0.0.0/14"), blockSize: 26, isGiven: true}}, all, nil)
	holders := map[netip.Prefix]bool{}
	for _, n := range all {
		if len(made.of[n]) != 1 || holders[made.of[n][0].prefix] {
			t.Fatalf("%s holds %v", n.Name, made.of[n])
		}
		holders[made.of[n][0].prefix] = true
	}
}

func BenchmarkAllocate(b *testing.B) {
	var all []*fabric.Node
	for i := range 10000 {
		all = append(all, &fabric.Node{Name: fmt.Sprintf("node-%04d", i), Model: &model.Node{}, Address: pf("192.0.2.1/24")})
	}
	for b.Loop() {
		allocate([]ipamPool{{name: "p", cidr: pf("10.0.0.0/11"), blockSize: 26, isGiven: true}}, all, nil)
	}
}
