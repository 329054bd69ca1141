package simulate

import (
	"slices"
	"strings"
	"testing"

	operatorv1 "github.com/tigera/operator/api/v1"

	"topoc/compiler/calico"
)

const refusable = `
name: "t"
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	serviceCIDRs: ["10.65.0.0/16"]
	advertise: serviceClusterIPs: true
	ipPools: other: {cidr: "10.66.0.0/16"}
	nodes: {n1: address: "10.0.0.1/24", n2: address: "10.0.0.2/24"}
	peers: fw: {address: "10.0.0.60", asNumber: 65060}
}
`

// TestWhatCalicoRefusesIsReported edits objects as users do.
func TestWhatCalicoRefusesIsReported(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(o *calico.Objects)
		want string // the only one; empty: none
	}{
		{"nothing of what is compiled", func(*calico.Objects) {}, ""},
		{"an address that is none", func(o *calico.Objects) { o.BGPPeers[0].Spec.PeerIP = "banana" },
			`peerIP "banana" is no address: Calico refuses the object`},
		{"a selector that does not parse", func(o *calico.Objects) { o.BGPPeers[0].Spec.NodeSelector = "rack ==" },
			`nodeSelector "rack ==" is no selector: Calico refuses the object`},
		{"a node that is not there", func(o *calico.Objects) { o.BGPPeers[0].Spec.NodeSelector, o.BGPPeers[0].Spec.Node = "", "n9" },
			`node "n9" is no node of the cluster: the object makes no session`},
		{"a filter that is not there", func(o *calico.Objects) { o.BGPPeers[0].Spec.Filters = []string{"f"} },
			`filters "f" is no BGPFilter: it is passed over`},
		{"a range that is none", func(o *calico.Objects) { o.IPPools[0].Spec.CIDR = "10.64.0.0" + "/99" },
			`cidr "10.64.0.0/99" is no range: Calico refuses the object`},
		{"blocks larger than the pool", func(o *calico.Objects) { o.IPPools[0].Spec.CIDR, o.IPPools[0].Spec.BlockSize = "10.64.0.0/28", 26 },
			`blockSize "26" makes blocks larger than 10.64.0.0/28: Calico refuses the object`},
		{"blocks that are too small", func(o *calico.Objects) { o.IPPools[0].Spec.BlockSize = 33 },
			`blockSize "33" is not between 20 and 32: Calico refuses the object`},
		{"a service range that is none", func(o *calico.Objects) { o.BGPConfiguration.Spec.ServiceClusterIPs[0].CIDR = "x" },
			`serviceClusterIPs "x" is no range: Calico refuses the object`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := inputOf(t, []byte(refusable))
			o := in.objectsOf("c")
			o.IPPools, o.Installation = o.Pools(), nil // as if installed by manifest
			tt.edit(o)
			got := ""
			for _, r := range Run(in).Refused {
				got += r.Cluster + ": " + r.String()
			}
			_, sentence, _ := strings.Cut(strings.TrimPrefix(got, "c: "), ": ")
			if sentence != tt.want {
				t.Errorf("got  %s\nwant %s", sentence, tt.want)
			}
		})
	}
}

func TestWithoutBGPInInstallationNoNodeHasSessions(t *testing.T) {
	in := inputOf(t, []byte(oneRack))
	in.objectsOf("c").Installation = &calico.Installation{Spec: calico.InstallationSpec{
		CalicoNetwork: &calico.CalicoNetworkSpec{CalicoNetworkSpec: operatorv1.CalicoNetworkSpec{BGP: new(operatorv1.BGPDisabled)}}}}
	r := Run(in)
	for _, n := range in.cluster("c").Nodes {
		if all := r.Sessions(n); len(all) != 0 {
			t.Errorf("%s has %d sessions", n.Name, len(all))
		}
	}
	const want = "HALF_OPEN: BGP is disabled in Installation of cluster c"
	if all := r.Sessions(r.Fabric.Switches[0]); len(all) == 0 || !slices.ContainsFunc(all, func(s SessionRow) bool { return s.Reason == want }) {
		t.Errorf("sessions of the switch: %+v", all)
	}
	if len(r.Refused) != 1 {
		t.Errorf("reported: %v", r.Refused)
	}
}
