package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
)

// TestWhyNamesTheRuleThatDecided asks devices of the two clusters about the other cluster's routes.
func TestWhyNamesTheRuleThatDecided(t *testing.T) {
	with := seedInput(t, "two-clusters")
	without := seedInput(t, "two-clusters")
	for _, o := range without.Objects {
		o.IPPools = slices.DeleteFunc(o.IPPools, func(p *v3.IPPool) bool { return p.Spec.Disabled })
	}
	tests := []struct {
		name   string
		in     Input
		node   string
		prefix string
		want   []string // neighbor, next hop, fate and rule
	}{
		{
			"a reflector keeps back what no pool covers", without, "cluster-a", "10.211.0.0/24",
			[]string{
				"cluster-a/cluster-a-m03 172.17.0.10 kept back: no IPPool of cluster-a covers 10.211.0.0/16",
				"cluster-a/cluster-a-m03 172.17.0.9 kept back: no IPPool of cluster-a covers 10.211.0.0/16",
				"cluster-a/cluster-a-m04 172.17.0.10 kept back: no IPPool of cluster-a covers 10.211.0.0/16",
				"cluster-a/cluster-a-m04 172.17.0.9 kept back: no IPPool of cluster-a covers 10.211.0.0/16",
			},
		},
		{
			"the reflector itself uses both paths of the other side", without, "cluster-a-m03", "10.211.0.0/16",
			[]string{
				"cluster-a/cluster-a-m04 172.17.0.10 kept back: no IPPool of cluster-a covers 10.211.0.0/16",
				"cluster-a/cluster-a-m04 172.17.0.9 kept back: no IPPool of cluster-a covers 10.211.0.0/16",
				"cluster-b/cluster-b-m03 172.17.0.9 best: ",
				"cluster-b/cluster-b-m04 172.17.0.10 used: ",
			},
		},
		{
			"of two alike one is used", with, "cluster-b", "10.201.0.0/16",
			[]string{
				"cluster-b/cluster-b-m03 172.17.0.5 best: ",
				"cluster-b/cluster-b-m03 172.17.0.6 used: ",
				"cluster-b/cluster-b-m04 172.17.0.5 unused: its next hop is in use already",
				"cluster-b/cluster-b-m04 172.17.0.6 unused: its next hop is in use already",
			},
		},
		{"BGP knows nothing of it", with, "cluster-b", "192.0.2.0/24", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Run(test.in)
			var got []string
			for _, d := range r.Devices() {
				if !strings.HasSuffix(d.DeviceName(), "/"+test.node) {
					continue
				}
				told := map[string]bool{} // with add-path a neighbor tells several paths of one next hop
				for _, c := range r.Why(d, netip.MustParsePrefix(test.prefix)) {
					key := c.From + c.NextHop.String()
					if told[key] {
						continue
					}
					told[key] = true
					got = append(got, fmt.Sprintf("%s %s %s: %s", c.From, c.NextHop, c.Fate, c.Rule))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("candidates are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}
