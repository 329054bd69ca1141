package emulate

import (
	"slices"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	operatorv1 "github.com/tigera/operator/api/v1"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// Plain is what of a topology can be emulated, and all that is changed of it. BIRD as distributions have it cannot send into IPIP
// tunnels, which Calico's own can (the attribute krt_tunnel), and kernels may lack them: pools with IPIP are taken to have no
// encapsulation, so that BIRD writes the same routes to the same next hops, without the tunnel. A Secret's name stands for the
// password that it holds. Timers are Timing's. What is printed beside is the prediction of this, so it compares.
func Plain(in simulate.Input) simulate.Input {
	plain := simulate.Input{Fabric: in.Fabric, Objects: map[*fabric.Cluster]*calico.Objects{}}
	for c, o := range in.Objects {
		plain.Objects[c] = withoutIPIP(o)
	}
	return plain
}

// withoutIPIP returns objects without IPIP, which share with o what has none.
func withoutIPIP(o *calico.Objects) *calico.Objects {
	own := *o
	own.IPPools = nil
	for _, p := range o.IPPools {
		if p.Spec.IPIPMode != "" && p.Spec.IPIPMode != v3.IPIPModeNever {
			other := *p
			other.Spec.IPIPMode = v3.IPIPModeNever
			p = &other
		}
		own.IPPools = append(own.IPPools, p)
	}
	if o.Installation != nil && o.Installation.Spec.CalicoNetwork != nil {
		installation, network := *o.Installation, *o.Installation.Spec.CalicoNetwork
		pools := slices.Clone(network.IPPools)
		network.IPPools, installation.Spec.CalicoNetwork = pools, &network
		for i := range pools {
			word := string(pools[i].Encapsulation)
			if strings.HasPrefix(word, string(operatorv1.EncapsulationIPIP)) || word == "" && !strings.Contains(pools[i].CIDR, ":") {
				pools[i].Encapsulation = operatorv1.EncapsulationNone
			}
		}
		own.Installation = &installation
	}
	return &own
}

// Tunnels reports whether Plain changes something: whether any pool has IPIP.
func Tunnels(in simulate.Input) bool {
	for _, o := range in.Objects {
		for _, p := range o.Pools() {
			if p.Spec.IPIPMode != "" && p.Spec.IPIPMode != v3.IPIPModeNever {
				return true
			}
		}
	}
	return false
}
