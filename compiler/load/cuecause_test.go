package load

import (
	"fmt"
	"testing"
)

// TestSlipsInCUEAreOneFindingInPlainWords makes the slips of those who write CUE seldom.
func TestSlipsInCUEAreOneFindingInPlainWords(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       string // "line check: message (hint)"
	}{
		{"a field hides the loop's variable", `name: "a"
_racks: {r1: {net: "10.1"}}
clusters: c: nodes: {for name, rack in _racks {"\(name)-1": {
	rack: name
	address: "\(rack.net).0.1/24"
}}}
`, `5 wrong-type: rack is the field of that name here, which hides the loop's variable: clusters.c.nodes."r1-1".address: rack is a string, of which there is no part (call the loop's variable something else than rack)`},
		{"a field that is its own value", `name: "a"
clusters: {for asNumber in [1] {c: {asNumber: asNumber}}}
`, `2 conflict: asNumber refers to itself: asNumber is the field of that name here, which hides the loop's variable (call the loop's variable something else than asNumber)`},
		{"a row without a field that is required", `name: "a"
#Site: {name: string, number!: int, ...}
_sites: [
	#Site & {name: "x", number: 1},
	#Site & {name: "y", nummer: 2},
]
clusters: {for s in _sites {(s.name): {asNumber: s.number, podCIDRs: ["10.\(s.number).0.0/16"]}}}
`, `5 missing-field: number has no value here, and asNumber is made of it (write number in the place of nummer)`},
		{"a field that is not there", `name: "a"
_sites: {x: {net: "10.1"}}
clusters: {for n, s in _sites {(n): podCIDRs: ["\(s.nett).0.0/16"]}}
`, `3 undefined: podCIDRs[0]: there is no field nett (did you mean net?)`},
		{"a key that is not there", `name: "a"
clusters: {for n in ["x", "y"] {(n): asNumber: {x: 1}[n]}}
`, `2 undefined: asNumber: there is no field y (did you mean x?)`},
		{"a name without quotes", `name: "a"
clusters: {red: {}, blue: {}}
peerings: rb: clusters: ["blue", red]
`, `3 undefined: peerings.rb.clusters: red is not defined (write it in quotes: "red")`},
		{"a name that is nearly declared", `name: "a"
_sites: {x: 1}
clusters: {for n, as in _site {(n): asNumber: as}}
`, `3 undefined: clusters: _site is not defined (did you mean _sites?)`},
		{"one name in two lists", `name: "a"
_racks: {
	r1: ["n1", "n2"]
	r2: ["n3", "n2"]
}
clusters: c: nodes: {for r, all in _racks for n in all {(n): {rack: r, interface: "eth-\(r)"}}}
`, `4 conflict: n2 is made twice, and differently: rack: two values that cannot both hold: "r2" and "r1" (take n2 out of one of the two)`},
		{"a loop that makes one name", `name: "a"
clusters: c: nodes: {for i in [1, 2] {
	"n": address: "10.0.0.\(i)/24"
}}
`, `3 conflict: n is made twice, and differently: address: two values that cannot both hold: "10.0.0.2/24" and "10.0.0.1/24" (let the loop make different names, or make n once)`},
		{"more than a definition allows", `name: "a"
#Site: {number: int & <=20}
_site: #Site & {
	number: 33
}
clusters: c: asNumber: _site.number
`, `4 conflict: _site.number: 33 does not fit <=20, which the file itself demands (write a value that fits, or change what is demanded)`},
		{"a field that a definition lacks", `name: "a"
#Site: {number: int}
_site: #Site & {
	nummber: 3
}
`, `4 unknown-field: _site.nummber: the file itself allows no such field here (did you mean number?)`},
		{"a number in quotes", `name: "a"
clusters: c: asNumber: 1 + "2"
`, `2 wrong-type: clusters.c.asNumber: 1 and "2" do not go together with +: they are int and string (write numbers without quotes, and put a number into a string as \(number))`},
		{"an index too high", `name: "a"
_n: ["x"]
clusters: c: nodes: n: rack: _n[1]
`, `3 undefined: clusters.c.nodes.n.rack: index out of range [1] with length 1 (elements are counted from 0: write a lower index, or give the list more elements)`},
		{"numbers of an address", `name: "a"
clusters: c: nodes: n: address: "10.0.0.\(299+1)/24"
`, `2 bad-prefix: address is "10.0.0.300/24", and 300 is more than 255: expected an IPv4 address with its subnet's length, such as "172.20.0.11/24" (write address and length as it is expected)`},
		{"a required field that is misspelt", `name: "a"
peerings: p: {cluster: ["a", "b"]}
`, `2 unknown-field: a peering has no field cluster (did you mean clusters?)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := decodeText(t, "x.cue", []byte(tt.text), true).Diagnostics
			if len(l) != 1 {
				t.Fatalf("want one, found:\n%s", dump(l))
			}
			d := l[0]
			if got := fmt.Sprintf("%d %s: %s (%s)", d.Pos.Line, d.Check, d.Message, d.Hint); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBracketsAreMissedWhereTheyBelong(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       string // "line:column"
		isExtra    bool
	}{
		{"a brace that is not closed", "a: {\n\tb: {\n\t\tc: 1\n}\n", "2:5", false},
		{"a bracket that is not closed", "a: {\n\tb: [1, 2\n\tc: 1\n}\n", "2:5", false},
		{"a brace too many", "a: {\n\tb: {\n\t\tc: 1\n\t}\n\t}\n}\n", "5:2", true},
		{"within strings", "a: {\n\tb: \"\\({x: \"}\"}.x) \\(1)\"\n\tc: {\n}\n", "3:5", false},
		{"in comments", "a: {\n\t// {\n\tb: {\n}\n", "3:5", false},
		{"nothing", "a: {\n\tb: [{\n\t\tc: 1\n\t}, {\n\t\tc: 2\n\t}]\n}\n", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &locator{}
			f := l.add("x.cue", []byte(tt.text))
			at, isExtra, ok := misplaced([]byte(tt.text))
			got := ""
			if ok {
				p := l.pos(f.base + at)
				got = fmt.Sprintf("%d:%d", p.Line, p.Column)
			}
			if got != tt.want || isExtra != tt.isExtra {
				t.Errorf("got %q, %v, want %q, %v", got, isExtra, tt.want, tt.isExtra)
			}
		})
	}
}
