package simulate

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/internal/bgp"
)

// FuzzSelectors holds the classes of nodes to Calico's own answer for every set of labels by itself, whatever stands in selectors
// and labels.
func FuzzSelectors(f *testing.F) {
	for _, s := range []string{
		"all()", "global()", "", " ", "a == 'b'", `a != "b"`, "has(a)", "!has(a)", "a in {'b', 'c'}", "a not in {'b'}", "a contains 'b'",
		"a starts with 'b'", "a ends with 'b'", "(a == 'b' && has(c)) || !(d == 'e')", "a == 'b", "a = b", "kubernetes.io/hostname == 'n'",
		"x.y/a-b_c == 'd'", "a == 'b' &&", "\x00", "a == '\x00'", "has()", "!!!!has(a)", "ä == 'ö'", strings.Repeat("(", 1000), strings.Repeat("!", 1000) + "all()",
	} {
		f.Add(s, "has(c)", "a", "b", "c", "d")
	}
	f.Fuzz(func(t *testing.T, one, two, key, value, otherKey, otherValue string) {
		texts := []string{one, two, "!(" + one + ")"}
		s := newSelection()
		var numbers []int
		for _, text := range texts {
			numbers = append(numbers, s.add(text))
		}
		for _, labels := range []map[string]string{
			nil, {key: value}, {otherKey: otherValue}, {key: value, otherKey: otherValue}, {key: otherValue, otherKey: value}, {key: "", otherKey: ""},
		} {
			all := s.withKubelet(labels, "node")
			class := s.class(all)
			for i, text := range texts {
				parsed, err := selector.Parse(text)
				want := err == nil && parsed.Evaluate(kubelet(labels))
				if got := s.isMatch(numbers[i], class); got != want {
					t.Errorf("%q matches %q: %v, want %v", text, labels, got, want)
				}
			}
		}
	})
}

// kubelet returns labels with those that a kubelet sets.
func kubelet(labels map[string]string) map[string]string {
	all := kubeletLabels("node")
	for key, value := range labels {
		all[key] = value
	}
	return all
}

// FuzzFilters holds what a filter says of all routes of a scope at once to what it makes of each of them.
func FuzzFilters(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("\x01\x0a\x08\x02\x03\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"))
	f.Add([]byte(strings.Repeat("\x03\x05\x07\x0b\x0d\x11", 20)))
	f.Fuzz(func(t *testing.T, choices []byte) {
		c := &chooser{choices}
		filter := &birdFilter{otherwise: bgp.Accept, iface: c.one("eth0", "eth1")}
		if c.n(2) == 0 {
			filter.otherwise = bgp.Reject
		}
		for range c.n(5) {
			filter.statements = append(filter.statements, c.statement())
		}
		known := scope{sources: sourceSet(1 + c.n(1<<(bgp.FromBGP+1)-1)), raises: c.n(2) == 0}
		for range 4 {
			prefix := c.prefix()
			decided := filter.decide(prefix, known)
			for source := range bgp.FromBGP + 1 {
				if known.sources.has(source) {
					for range 3 {
						r := c.route(source, known)
						isAsDecided(t, filter, prefix, r, decided)
					}
				}
			}
		}
	})
}

func isAsDecided(t *testing.T, filter *birdFilter, prefix netip.Prefix, r bgp.Route, decided bgp.Decision) {
	t.Helper()
	before := routeText(&r)
	paths := slices.Clone(r.ASPath)
	ran := r
	_, accepted := filter.run(prefix, &ran)
	if decided == bgp.Accept && (!accepted || routeText(&ran) != before) || decided == bgp.Reject && accepted {
		t.Errorf("%s is decided %d beforehand; the filter accepts %+v: %v, and makes %s of it\n%+v", prefix, decided, r, accepted, routeText(&ran), filter)
	}
	if !slices.Equal(paths, r.ASPath) || routeText(&r) != before {
		t.Errorf("the filter has changed what others share: %s, was %s", routeText(&r), before)
	}
}

// chooser makes values of bytes; of none, the first of each.
type chooser struct{ left []byte }

// n chooses a number below most.
func (c *chooser) n(most int) int {
	if len(c.left) == 0 {
		return 0
	}
	b := c.left[0]
	c.left = c.left[1:]
	return int(b) % most
}

func (c *chooser) one(words ...string) string { return words[c.n(len(words))] }

func (c *chooser) prefix() netip.Prefix {
	if c.n(4) == 0 {
		return pf(c.one("::/0", "fd00::/8", "fd00:1::/32", "fd00:1::1/128"))
	}
	var address [4]byte
	binary.BigEndian.PutUint32(address[:], 10<<24|uint32(c.n(4))<<16|uint32(c.n(4))<<8)
	return netip.PrefixFrom(netip.AddrFrom4(address), c.n(33)).Masked()
}

func (c *chooser) community() bgp.Community {
	return bgp.Community{Wide: c.n(2) == 0, Part: [3]uint32{64512, uint32(c.n(3))}}
}

func (c *chooser) numbers() []uint32 {
	var all []uint32
	for range c.n(3) {
		all = append(all, 65000+uint32(c.n(2)))
	}
	return all
}

func (c *chooser) statement() statement {
	st := statement{verdict: []bgp.Decision{bgp.Accept, bgp.Reject, bgp.Depends}[c.n(3)], name: fmt.Sprint(len(c.left))}
	if c.n(3) > 0 {
		st.prefix = within(c.prefix())
		st.prefix.negate = c.n(4) == 0
		if c.n(3) == 0 {
			st.prefix.low, st.prefix.high = c.n(33), c.n(33)
		}
	}
	st.route = routeMatch{sources: sourceSet(c.n(1 << (bgp.FromBGP + 1))), iface: c.one("", "*", "eth0", "eth*", "tunl0"), elevated: c.n(8) == 0, asPath: c.numbers()}
	if c.n(4) == 0 {
		community := c.community()
		st.route.community = &community
	}
	if c.n(4) == 0 {
		st.route.localPref = 100 + uint32(c.n(2))
	}
	if st.verdict != bgp.Reject && c.n(2) == 0 {
		community := c.community()
		st.change = append(st.change, []change{{localPref: 200}, {preference: 5}, {community: &community}, {prepend: []uint32{65000}}}[c.n(4)])
	}
	return st
}

// route chooses a route that a scope may have.
func (c *chooser) route(source bgp.Source, known scope) bgp.Route {
	r := bgp.Route{Source: source, LocalPref: normalLocalPref, ASPath: slices.Clip(c.numbers())}
	switch source {
	case bgp.FromKernel, bgp.FromDirect:
		r.Interface = c.one("eth0", "tunl0", "cali1")
	}
	if known.raises && c.n(2) == 0 {
		r.LocalPref = normalLocalPref + 1
	}
	for range c.n(3) {
		r.Communities = append(r.Communities, c.community())
	}
	return r
}
