package load

import (
	"fmt"
	"slices"
	"testing"

	"topoc/compiler/source"
)

func TestMadeFollowsValuesToWhereTheyAreWritten(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // "path from of...", as line:column, "-" for nothing
	}{
		{"written where it stands", `name: "a"
clusters: [_]: calico: version: "3.31"
clusters: c: {asNumber: 5, podCIDRs: ["10.0.0.0/8"]}
`, []string{"name -", "clusters.c.asNumber -", "clusters.c.podCIDRs[0] -", "clusters.c.calico.version -", "clusters.c -", "nowhere -"}},
		{"referred to", `name: "a"
#as: 5
_range: pods: "10.0.0.0/8"
let number = #as
clusters: c: {asNumber: #as, podCIDRs: [_range.pods]}
clusters: d: {asNumber: (number)}
`, []string{"clusters.c.asNumber 2:6", "clusters.c.podCIDRs[0] 3:15", "clusters.d.asNumber 2:6"}},
		{"made of a row", `name: "a"
#Site: {number: int & >0, net: "10.\(number)"}
_sites: {
	a: #Site & {number: 1}
	b: #Site & {number: 2}
}
clusters: {
	for name, s in _sites {
		(name): {
			asNumber: 64512 + s.number
			podCIDRs: ["\(s.net).0.0/16", s.net]
			nodes: {for n in [1, 2] {"\(name)\(n)": address: "\(s.net).9.\(n)/24"}}
		}
	}
}
`, []string{"clusters.a.asNumber - 4:22", "clusters.b.asNumber - 5:22", "clusters.b.podCIDRs[0] - 5:22", "clusters.b.podCIDRs[1] 2:32 5:22",
			"clusters.b.nodes.b2.address - 5:22"}},
		{"made of several", `name: "a"
_sides: {x: 1, y: 2}
_as: [64512, 64513]
clusters: {for side, n in _sides {(side): {asNumber: _as[n-1], podCIDRs: ["10.\(n).\(_as[0] - 64500).0/24"]}}}
`, []string{"clusters.x.asNumber 3:7", "clusters.y.asNumber 3:14", "clusters.y.podCIDRs[0] - 2:19 3:7"}},
		{"a default", `name: "a"
_d: {n: int | *7, as: *1 | int}
clusters: c: {asNumber: _d.as, nodes: m: address: "10.0.0.\(_d.n)/24"}
`, []string{"clusters.c.asNumber 2:23"}},
		{"a password is not followed", `name: "a"
_key: "key"
clusters: c: bgp: meshPassword: {secret: "s", key: _key}
`, []string{"clusters.c.bgp.meshPassword.key -"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := decodeText(t, "x.cue", []byte(tt.text), true).Locator
			for _, w := range tt.want {
				var path string
				fmt.Sscan(w, &path)
				m := l.Made(source.Path(path))
				got := path + " -"
				if m.From.IsValid() {
					got = fmt.Sprintf("%s %d:%d", path, m.From.Line, m.From.Column)
				}
				for _, p := range m.Of {
					got += fmt.Sprintf(" %d:%d", p.Line, p.Column)
				}
				if got != w {
					t.Errorf("got %s, want %s", got, w)
				}
			}
		})
	}
}

func TestStandingFindsAllThatOneLineStandsFor(t *testing.T) {
	text := []byte(`name: "a"
clusters: {for c in ["a", "b"] {(c): {podCIDRs: ["10.0.0.0/8"], racks: "r-1": switches: ["s"]}}}
`)
	l := decodeText(t, "x.cue", text, true).Locator
	for _, want := range [][]source.Path{
		{"name"},
		{"clusters.a.podCIDRs[0]", "clusters.b.podCIDRs[0]"},
		{`clusters.a.racks."r-1".switches[0]`, `clusters.b.racks."r-1".switches[0]`},
	} {
		if got := l.Standing(l.Locate(want[0])); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got := l.Standing(source.Pos{}); got != nil {
		t.Errorf("nowhere stands %v", got)
	}
}

// Most values are known to be written where they stand without evaluating again. Nothing is made of anything that is known so.
func TestWhatIsWrittenIsMadeOfNothing(t *testing.T) {
	known := 0
	for _, f := range corpus(t) {
		l, isOurs := decodeText(t, f.file, f.data, true).Locator.(*locator)
		if !isOurs || len(l.entries) == 0 {
			continue
		}
		l.again.once.Do(l.again.evaluate)
		l.each(func(e *entry, path source.Path) {
			if !l.isLiteral(e.pos) || isSecretPath(path) {
				return
			}
			known++
			if m := l.askAgain(path); m.From.IsValid() || len(m.Of) > 0 {
				t.Errorf("%s: %s is known to be written, and made of %v", f.name, path, m)
			}
		})
	}
	if known < 500 {
		t.Errorf("%d values: the test is blind", known)
	}
}
