package simulate

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// permitsNaively is what a prefix list says, entry by entry, in the words of its definition.
func permitsNaively(entries []fabric.PrefixEntry, p netip.Prefix) bool {
	for _, e := range entries {
		if !e.Prefix.Overlaps(p) || e.Prefix.Bits() > p.Bits() {
			continue
		}
		switch {
		case e.GE == 0 && e.LE == 0:
			if p.Bits() == e.Prefix.Bits() {
				return true
			}
		case e.LE == 0:
			if p.Bits() >= e.GE {
				return true
			}
		case p.Bits() >= max(e.GE, e.Prefix.Bits()) && p.Bits() <= e.LE:
			return true
		}
	}
	return false
}

// randomPrefix is one of few, so that many lie in each other.
func randomPrefix(r *rand.Rand) netip.Prefix {
	a := netip.AddrFrom4([4]byte{10, byte(r.IntN(3)) << 6, byte(r.IntN(4)) << 5, byte(r.IntN(4)) << 6})
	p, _ := a.Prefix(r.IntN(33))
	return p
}

func TestMergedPrefixListsSayWhatTheirEntriesSay(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var entries []fabric.PrefixEntry
		for range r.IntN(20) {
			e := fabric.PrefixEntry{Prefix: randomPrefix(r)}
			if bits := e.Prefix.Bits(); r.IntN(2) == 0 && bits < 32 {
				e.LE = bits + 1 + r.IntN(32-bits)
			}
			if bits := e.Prefix.Bits(); r.IntN(3) == 0 && bits < 32 {
				e.GE = bits + 1 + r.IntN(32-bits)
				e.LE = max(e.LE, e.GE)
			}
			entries = append(entries, e)
		}
		slices.SortFunc(entries, func(a, b fabric.PrefixEntry) int { return fabric.ComparePrefix(a.Prefix, b.Prefix) })
		var all []*bgp.Destination
		for i := range r.IntN(60) {
			all = append(all, &bgp.Destination{Index: i, Prefix: randomPrefix(r)})
		}
		for i, got := range (*permitCache)(nil).judge(entries, all) {
			want := bgp.Reject
			if permitsNaively(entries, all[i].Prefix) {
				want = bgp.Accept
			}
			if got != want {
				t.Fatalf("%s: got %d, want %d, by %v", all[i].Prefix, got, want, entries)
			}
		}
	}
}

func TestPrefixListsOfIPv6SayWhatTheirEntriesSay(t *testing.T) {
	entries := []fabric.PrefixEntry{{Prefix: pf("fd00::/16"), LE: 32}, {Prefix: pf("fd00:0:0:1::/64"), GE: 96}, {Prefix: pf("fd00:0:0:2::8000/113")}}
	for prefix, want := range map[string]bgp.Decision{"fd00::/16": bgp.Accept, "fd00:ffff::/32": bgp.Accept, "fd00:ffff::/33": bgp.Reject, "fd01::/32": bgp.Reject,
		"fd00:0:0:1::/96": bgp.Accept, "fd00:0:0:1:8000::/65": bgp.Reject, "fd00:0:0:2::8000/113": bgp.Accept, "fd00:0:0:2::/113": bgp.Reject, "::/0": bgp.Reject} {
		if got := (*permitCache)(nil).judge(entries, []*bgp.Destination{{Prefix: pf(prefix)}}); got[0] != want {
			t.Errorf("%s: got %d, want %d", prefix, got[0], want)
		}
	}
}

func TestEqualPrefixListsAreJudgedOnce(t *testing.T) {
	cache := &permitCache{}
	all := []*bgp.Destination{{Prefix: pf("10.0.0.0/8")}, {Index: 1, Prefix: pf("10.1.0.0/16")}}
	list := func(le int) []fabric.PrefixEntry {
		return []fabric.PrefixEntry{{Prefix: pf("9.0.0.0/8")}, {Prefix: pf("10.0.0.0/8"), LE: le}, {Prefix: pf("11.0.0.0/8")}}
	}
	first, again, other := cache.judge(list(0), all), cache.judge(list(0), all), cache.judge(list(16), all)
	if &first[0] != &again[0] {
		t.Error("an equal list was judged again")
	}
	if !slices.Equal(first, []bgp.Decision{bgp.Accept, bgp.Reject}) || !slices.Equal(other, []bgp.Decision{bgp.Accept, bgp.Accept}) {
		t.Errorf("got %v and %v", first, other)
	}
}

// policiesOf returns the policies of the session between two devices, at the first.
func policiesOf(t *testing.T, domains []*domain, near, far string) (imp, exp bgp.Policy, all []*destination) {
	t.Helper()
	for _, d := range domains {
		for _, e := range d.network.Ends {
			other := d.network.Ends[e.Index^1]
			if d.parts[e.Speaker.Index].Device(0).DeviceName() == near && d.parts[other.Speaker.Index].Device(0).DeviceName() == far {
				return e.Import, e.Export, d.dests
			}
		}
	}
	t.Fatalf("%s and %s have no session", near, far)
	return nil, nil, nil
}

func TestDefaultRoutesThatSwitchesMakePassTheirPolicies(t *testing.T) {
	domains := destined(inputOf(t, []byte(below+blocksOfFour+`switches: leaf: bgp: defaultOriginate: true`)))
	_, toNode, all := policiesOf(t, domains, "leaf", "c/n1")
	_, toSpine, _ := policiesOf(t, domains, "leaf", "spine")
	made, told := bgp.Route{Source: bgp.FromStatic}, bgp.Route{Source: bgp.FromBGP}
	d := all[0].Destination
	for _, tt := range []struct {
		name   string
		policy bgp.Policy
		route  bgp.Route
		want   bool
	}{
		{"the node gets the default that is made for it", toNode, made, true},
		{"not one that the switch was told", toNode, told, false},
		{"the spine gets none", toSpine, made, false},
	} {
		if got := tt.policy.Decide(d, &tt.route); got != tt.want {
			t.Errorf("%s: accepted %t", tt.name, got)
		}
	}
	if got := toNode.Decisions([]*bgp.Destination{d}); got[0] != bgp.Depends {
		t.Errorf("decided %v beforehand", got)
	}
}

func TestPoliciesTellWhyAndWhere(t *testing.T) {
	domains := destined(inputOf(t, []byte(below+blocksOfFour+`clusters: c: {racks: r: filters: ["f"], filters: f: exportV4: [{action: "Accept", cidr: "10.64.0.0/26", matchOperator: "In"},
		{action: "Reject", cidr: "10.64.0.64/26", matchOperator: "In"}]}`)))
	fromLeaf, toLeaf, all := policiesOf(t, domains, "c/n1", "leaf")
	fromNode, toNode, _ := policiesOf(t, domains, "leaf", "c/n1")
	learned := bgp.Route{Source: bgp.FromBGP}
	for _, tt := range []struct {
		name   string
		policy bgp.Policy
		prefix string
		want   string
	}{
		{"a filter that accepts", toLeaf, "10.64.0.0/26", "BGPFilter f, exportV4 rule 1 at clusters.c.filters.f.exportV4[0]"},
		{"a filter that rejects", toLeaf, "10.64.0.64/26", "BGPFilter f, exportV4 rule 2 at clusters.c.filters.f.exportV4[1]"},
		{"a pool", toLeaf, "10.64.0.128/26", "IPPool pool covers it at clusters.c.ipPools.pool"},
		{"no pool", toLeaf, "192.168.0.0/24", "no IPPool of c covers 192.168.0.0/24 at clusters.c.ipPools"},
		{"no policy", fromLeaf, "192.168.0.0/24", " at "},
		{"a prefix list that permits", toNode, "10.64.0.0/26", "prefix list C_R_OUT_V4 of leaf permits it at switches.leaf"},
		{"a prefix list that does not", fromNode, "192.168.0.0/24", "prefix list C_R_IN_V4 of leaf does not permit it at switches.leaf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := slices.IndexFunc(all, func(d *destination) bool { return d.Prefix == pf(tt.prefix) })
			rule, at := explainPolicy(tt.policy, all[i].Destination, &learned)
			if got := rule + " at " + string(at); !strings.EqualFold(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
