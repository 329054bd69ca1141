package source

import (
	"slices"
	"testing"
)

func TestPathIsWrittenAsCUEWritesIt(t *testing.T) {
	for _, tt := range []struct {
		path   Path
		text   string
		labels []string
	}{
		{"", "", nil},
		{Path("").Fields("clusters", "prod", "nodes", "node1"), "clusters.prod.nodes.node1", []string{"clusters", "prod", "nodes", "node1"}},
		{Path("clusters").Field("my-cluster").Field("podCIDRs").Index(0), `clusters."my-cluster".podCIDRs[0]`,
			[]string{"clusters", "my-cluster", "podCIDRs", "[0]"}},
		{Path("expect").Field(`a "b" [0]. c`), `expect."a \"b\" [0]. c"`, []string{"expect", `a "b" [0]. c`}},
		{Path("switches").Field("10"), `switches."10"`, []string{"switches", "10"}},
		{Path("hosts").Field("a\tb\u2028é\x7f"), `hosts."a\tb\u2028é\x7f"`, []string{"hosts", "a\tb\u2028é\x7f"}},
	} {
		if string(tt.path) != tt.text {
			t.Errorf("got %s, want %s", tt.path, tt.text)
		}
		if got := tt.path.Labels(); !slices.Equal(got, tt.labels) {
			t.Errorf("%s has labels %q, want %q", tt.path, got, tt.labels)
		}
	}
}

func TestPathHas(t *testing.T) {
	path := Path("clusters").Fields("my-cluster", "nodes", "n1", "address")
	for _, tt := range []struct {
		prefix Path
		want   bool
	}{
		{"", true},
		{"clusters", true},
		{`clusters."my-cluster"`, true},
		{"clusters.my-cluster.nodes", true}, // without quotes, as people write it in a waiver
		{"clusters.my", false},
		{"clusters.my-cluster.nodes.n1.address.x", false},
		{`clusters."my-cluster`, false}, // an open quote names nothing
	} {
		if got := path.Has(tt.prefix); got != tt.want {
			t.Errorf("%s has %s: %v, want %v", path, tt.prefix, got, tt.want)
		}
	}
}

func FuzzLabels(f *testing.F) {
	f.Add(`a."b.c"[0].d`)
	f.Add(`"`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, text string) {
		Path(text).Labels() // ends, and does not panic, whatever a waiver says
	})
}

func TestPosOrder(t *testing.T) {
	sorted := []Pos{{"a", 1, 2}, {"a", 1, 3}, {"a", 2, 1}, {"b", 1, 1}}
	for i := range sorted[1:] {
		if !sorted[i].Less(sorted[i+1]) || sorted[i+1].Less(sorted[i]) {
			t.Errorf("%s must come before %s", sorted[i], sorted[i+1])
		}
	}
	if (Pos{File: "a"}).IsValid() {
		t.Error("a file without a line is a place")
	}
}
