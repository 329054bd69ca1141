package diag

import (
	"strings"
	"testing"

	"topoc/compiler/source"
)

func TestFoldTellsALineThatStandsForManyValuesOnce(t *testing.T) {
	at := source.Pos{File: "a.cue", Line: 3, Column: 7}
	one := func(check, path, message string) *Diagnostic {
		return &Diagnostic{Check: check, Path: source.Path(path), Message: message, Pos: at}
	}
	l := List{
		one("as-reserved", "clusters.a.asNumber", "a"),
		one("as-reserved", "clusters.b.asNumber", "b"),
		one("as-reserved", "clusters.c.asNumber", "c"),
		one("as-reserved", "clusters.d.asNumber", "d"),
		one("as-reserved", "clusters.e.asNumber", "e"),
		one("conflict", "switches.s", "twice"),
		one("conflict", "switches.s", "twice"),
		one("missing-field", "clusters.a.peers.x.address", "no address"), // two fields of one struct are two mistakes
		one("missing-field", "clusters.a.peers.x.asNumber", "no AS"),
		one("overlap-clusters", "clusters.a.podCIDRs[0]", "overlaps b"), // one value, two mistakes
		one("overlap-clusters", "clusters.a.podCIDRs[0]", "overlaps c"),
	}
	var got []string
	for _, d := range l.Fold() {
		text := d.Message
		for _, n := range d.Notes {
			text += " (" + n.Message + ")"
		}
		got = append(got, text)
	}
	const want = "a (this line stands for clusters.b.asNumber, clusters.c.asNumber, clusters.d.asNumber and 1 more too), twice, " +
		"no address, no AS, overlaps b, overlaps c"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestNearest(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"leaf1", "leaf01"}, {"laef01", "leaf01"}, {"ios", "iosxe"}, {"IPIP", "ipip"}, {"zebra", ""},
	} {
		if got := Nearest(tt.name, []string{"eos", "iosxe", "leaf01", "ipip"}); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}
