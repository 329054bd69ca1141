package simulate

import (
	"fmt"
	"strings"
	"testing"

	"topoc/compiler/fabric"
)

// leafTopology is two nodes that peer with their leaf, which has a link to a spine.
const leafTopology = `
name: "aftermath"
switches: {
	spine: {dialect: "frr", asNumber: 65000, loopback: "10.9.0.1/32"}
	leaf: {dialect: "frr", asNumber: 65001, loopback: "10.9.0.2/32", interfaces: vlan1: address: "10.0.1.1/24"}
}
links: "spine-leaf": {spine: address: "10.8.0.0/31", leaf: address: "10.8.0.1/31"}
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	racks: r1: switches: ["leaf"]
	nodes: {
		a: {address: "10.0.1.11/24", rack: "r1", blocks: ["10.64.0.0/26"]}
		b: {address: "10.0.1.12/24", rack: "r1", blocks: ["10.64.0.64/26"]}
	}
}
`

// leftAt writes the sessions of a device, and its routes that came by BGP.
func leftAt(a *Aftermath, d fabric.Device) string {
	var all []string
	for _, s := range a.Sessions(d) {
		all = append(all, fmt.Sprint(s.PeerAddress, " ", s.State))
	}
	for _, r := range a.Routes(d) {
		if r.Proto == "bgp" {
			all = append(all, r.String())
		}
	}
	return strings.Join(all, "; ")
}

func TestAftermathIsWhatIsLeft(t *testing.T) {
	r := Run(inputOf(t, []byte(leafTopology)))
	spine, leaf := r.Fabric.Switches[1], r.Fabric.Switches[0]
	for _, tt := range []struct {
		name  string
		after *Aftermath
		of    fabric.Device
		want  string
	}{
		{"nothing has failed", r.After(nil, nil), spine,
			"10.8.0.1 ESTABLISHED; 10.0.1.0/24 via 10.8.0.1 proto bgp metric 20; 10.9.0.2 via 10.8.0.1 proto bgp metric 20; " +
				"10.64.0.0/26 via 10.8.0.1 proto bgp metric 20; 10.64.0.64/26 via 10.8.0.1 proto bgp metric 20"},
		{"a node is missed at the leaf", r.After([]fabric.Device{r.Fabric.Clusters[0].Node("a")}, nil), leaf,
			"10.0.1.11 NOT_ESTABLISHED; 10.0.1.12 ESTABLISHED; 10.8.0.0 ESTABLISHED; 10.9.0.1 via 10.8.0.0 proto bgp metric 20; " +
				"10.64.0.64/26 via 10.0.1.12 dev vlan1 proto bgp metric 20"},
		{"the link is down", r.After(nil, r.Fabric.Links), spine, "10.8.0.1 NOT_ESTABLISHED"},
		{"at its other end the nodes are still there", r.After(nil, r.Fabric.Links), leaf,
			"10.0.1.11 ESTABLISHED; 10.0.1.12 ESTABLISHED; 10.8.0.0 NOT_ESTABLISHED; " +
				"10.64.0.0/26 via 10.0.1.11 dev vlan1 proto bgp metric 20; 10.64.0.64/26 via 10.0.1.12 dev vlan1 proto bgp metric 20"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := leftAt(tt.after, tt.of); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestStationsStandOnNetworks(t *testing.T) {
	r := Run(inputOf(t, []byte(leafTopology)))
	var got []string
	for _, s := range r.Stations() {
		text := s.Device.DeviceName()
		for _, p := range s.Ports {
			text += fmt.Sprintf(" %s on %d %v", p.Interface, p.Network, p.Addresses)
		}
		got = append(got, fmt.Sprint(text, " ", s.Loopbacks, s.Defaults[0].Gateway))
	}
	want := []string{
		"c/a eth0 on 0 [10.0.1.11/24] [] 10.0.1.1",
		"c/b eth0 on 0 [10.0.1.12/24] [] 10.0.1.1",
		"leaf  on 1 [10.8.0.1/31] vlan1 on 0 [10.0.1.1/24] [10.9.0.2] invalid IP",
		"spine  on 1 [10.8.0.0/31] [10.9.0.1] invalid IP",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
