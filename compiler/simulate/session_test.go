package simulate

import (
	"maps"
	"testing"
)

func TestSessionsOfTheSeedLabs(t *testing.T) {
	for _, tt := range []struct {
		topology string
		want     map[string]string
	}{
		{"two-clusters", map[string]string{
			"cluster-a/cluster-a":     "172.17.0.5 172.17.0.6",
			"cluster-a/cluster-a-m02": "172.17.0.5 172.17.0.6",
			"cluster-a/cluster-a-m03": "172.17.0.10 172.17.0.3 172.17.0.4 172.17.0.6 172.17.0.9",
			"cluster-a/cluster-a-m04": "172.17.0.10 172.17.0.3 172.17.0.4 172.17.0.5 172.17.0.9",
			"cluster-b/cluster-b":     "172.17.0.10 172.17.0.9",
			"cluster-b/cluster-b-m02": "172.17.0.10 172.17.0.9",
			"cluster-b/cluster-b-m03": "172.17.0.10 172.17.0.5 172.17.0.6 172.17.0.7 172.17.0.8",
			"cluster-b/cluster-b-m04": "172.17.0.5 172.17.0.6 172.17.0.7 172.17.0.8 172.17.0.9",
		}},
		{"leaf-spine", map[string]string{
			"prod/node1": "172.20.0.12 172.20.0.13 172.20.0.254",
			"prod/node2": "172.20.0.11 172.20.0.13 172.20.0.254",
			"prod/node3": "172.20.0.11 172.20.0.12",
			"prod/node4": "173.20.0.12 173.20.0.13 173.20.0.254",
			"prod/node5": "173.20.0.11 173.20.0.13 173.20.0.254",
			"prod/node6": "173.20.0.11 173.20.0.12",
			"leaf01":     "100.0.0.1 172.20.0.11 172.20.0.12",
			"leaf02":     "100.0.0.5 173.20.0.11 173.20.0.12",
			"spine01":    "100.0.0.2 100.0.0.6",
		}},
		{"static-gateway", map[string]string{
			"prod/ip-10-20-1-81": "10.20.1.82 10.20.1.83 10.20.1.84 10.20.1.85",
			"prod/ip-10-20-1-82": "10.20.1.81 10.20.1.83 10.20.1.84 10.20.1.85",
			"prod/ip-10-20-1-83": "10.20.1.81 10.20.1.82 10.20.1.84 10.20.1.85",
			"prod/ip-10-20-1-84": "10.20.1.81 10.20.1.82 10.20.1.83",
			"prod/ip-10-20-1-85": "10.20.1.81 10.20.1.82 10.20.1.83",
		}},
	} {
		t.Run(tt.topology, func(t *testing.T) {
			parts := partsOf(seedInput(t, tt.topology))
			if got := nodeLevel(parts, remoteOf); !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
			for _, p := range parts {
				for _, s := range p.Sessions {
					if s.State != Established || s.Reason != "UNIQUE_MATCH" || s.Far.Far != s {
						t.Errorf("%s with %v is %s: %s", p.title(), s.remote, s.State, s.Reason)
					}
				}
			}
		})
	}
}

func TestEveryExampleHasFittingSessions(t *testing.T) {
	for _, name := range []string{"dual-stack", "full-mesh", "leaf-spine", "peering-and-fabric", "static-gateway",
		"three-clusters-chain", "three-clusters-fabric", "tor-as-per-rack", "tor-one-as", "two-clusters"} {
		t.Run(name, func(t *testing.T) {
			sessions := 0
			for _, p := range partsOf(seedInput(t, name)) {
				for _, s := range p.Sessions {
					sessions++
					if s.State != Established {
						t.Errorf("%s with %v is %s: %s", p.title(), s.remote, s.State, s.Reason)
					}
				}
			}
			if sessions == 0 {
				t.Error("no sessions")
			}
		})
	}
}
