package compiler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/simulate"
)

// TestPredictedSessionsOfTheArticles holds the prediction to what `calicoctl node status` and the leaves' `show bgp peer ipv4`
// printed in the articles that the three labs come from: for each device its sessions, by BIRD's name of the protocol (which
// calicoctl prints as address and type), or by address, and the AS number; all of them are established.
func TestPredictedSessionsOfTheArticles(t *testing.T) {
	for _, tt := range []struct {
		topology string
		want     map[string]string
	}{
		{"two-clusters", map[string]string{
			"cluster-a/cluster-a":     "Node_172_17_0_5_port_179:64512 Node_172_17_0_6_port_179:64512",
			"cluster-a/cluster-a-m02": "Node_172_17_0_5_port_179:64512 Node_172_17_0_6_port_179:64512",
			"cluster-a/cluster-a-m03": "Node_172_17_0_10:64513 Node_172_17_0_3_port_179:64512 Node_172_17_0_4_port_179:64512 Node_172_17_0_6_port_179:64512 Node_172_17_0_9:64513",
			"cluster-a/cluster-a-m04": "Node_172_17_0_10:64513 Node_172_17_0_3_port_179:64512 Node_172_17_0_4_port_179:64512 Node_172_17_0_5_port_179:64512 Node_172_17_0_9:64513",
			"cluster-b/cluster-b":     "Node_172_17_0_10_port_179:64513 Node_172_17_0_9_port_179:64513",
			"cluster-b/cluster-b-m02": "Node_172_17_0_10_port_179:64513 Node_172_17_0_9_port_179:64513",
			"cluster-b/cluster-b-m03": "Node_172_17_0_10_port_179:64513 Node_172_17_0_5:64512 Node_172_17_0_6:64512 Node_172_17_0_7_port_179:64513 Node_172_17_0_8_port_179:64513",
			"cluster-b/cluster-b-m04": "Node_172_17_0_5:64512 Node_172_17_0_6:64512 Node_172_17_0_7_port_179:64513 Node_172_17_0_8_port_179:64513 Node_172_17_0_9_port_179:64513",
		}},
		{"leaf-spine", map[string]string{
			"prod/node1": "Node_172_20_0_12_port_179:64512 Node_172_20_0_13_port_179:64512 Node_172_20_0_254:65009",
			"prod/node2": "Node_172_20_0_11_port_179:64512 Node_172_20_0_13_port_179:64512 Node_172_20_0_254:65009",
			"prod/node3": "Node_172_20_0_11_port_179:64512 Node_172_20_0_12_port_179:64512",
			"prod/node4": "Node_173_20_0_12_port_179:64513 Node_173_20_0_13_port_179:64513 Node_173_20_0_254:65010",
			"prod/node5": "Node_173_20_0_11_port_179:64513 Node_173_20_0_13_port_179:64513 Node_173_20_0_254:65010",
			"prod/node6": "Node_173_20_0_11_port_179:64513 Node_173_20_0_12_port_179:64513",
			"leaf01":     "100.0.0.1:65008 172.20.0.11:64512 172.20.0.12:64512",
			"leaf02":     "100.0.0.5:65008 173.20.0.11:64513 173.20.0.12:64513",
			"spine01":    "100.0.0.2:65009 100.0.0.6:65010",
		}},
		{"static-gateway", map[string]string{
			"prod/ip-10-20-1-81": "Node_10_20_1_82_port_179:64512 Node_10_20_1_83_port_179:64512 Node_10_20_1_84_port_179:64512 Node_10_20_1_85_port_179:64512",
			"prod/ip-10-20-1-82": "Node_10_20_1_81_port_179:64512 Node_10_20_1_83_port_179:64512 Node_10_20_1_84_port_179:64512 Node_10_20_1_85_port_179:64512",
			"prod/ip-10-20-1-83": "Node_10_20_1_81_port_179:64512 Node_10_20_1_82_port_179:64512 Node_10_20_1_84_port_179:64512 Node_10_20_1_85_port_179:64512",
			"prod/ip-10-20-1-84": "Node_10_20_1_81_port_179:64512 Node_10_20_1_82_port_179:64512 Node_10_20_1_83_port_179:64512",
			"prod/ip-10-20-1-85": "Node_10_20_1_81_port_179:64512 Node_10_20_1_82_port_179:64512 Node_10_20_1_83_port_179:64512",
		}},
	} {
		t.Run(tt.topology, func(t *testing.T) {
			predicted := predict(t, tt.topology)
			seen := 0
			for _, d := range predicted.Devices() {
				var got []string
				for _, row := range predicted.Sessions(d) {
					name := row.Protocol
					if row.Kind == simulate.SwitchSession {
						name = row.PeerAddress.String()
					}
					got = append(got, fmt.Sprintf("%s:%d", name, row.PeerASN))
					if row.State != simulate.Established {
						t.Errorf("%s, %s: %s, %s", d.DeviceName(), name, row.State, row.Reason)
					}
				}
				if len(got) == 0 {
					continue
				}
				seen++
				slices.Sort(got)
				if text := strings.Join(got, " "); text != tt.want[d.DeviceName()] {
					t.Errorf("%s:\ngot  %s\nwant %s", d.DeviceName(), text, tt.want[d.DeviceName()])
				}
			}
			if seen != len(tt.want) {
				t.Errorf("%d devices have sessions, want %d", seen, len(tt.want))
			}
		})
	}
}

// predict predicts one of the examples.
func predict(t *testing.T, topology string) *simulate.Result {
	t.Helper()
	r, err := Run(context.Background(), []string{"../topologies/" + topology + ".cue"}, Options{Until: Simulated, Anyway: true, NoFiles: true})
	if err != nil || r.Predicted == nil {
		t.Fatal(err, r)
	}
	return r.Predicted
}
