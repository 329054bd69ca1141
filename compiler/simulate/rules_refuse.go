package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/calico/libcalico-go/lib/selector"
	operatorv1 "github.com/tigera/operator/api/v1"

	"topoc/compiler/fabric"
)

// Refusal is a value of an object that Calico does not take, or that leaves the object without effect. What topoc compiles has
// none: they are for objects that somebody edited.
type Refusal struct {
	Cluster string
	Object  string // kind and name: "BGPPeer leaf1"
	Field   string // of the spec: "peerIP"
	Value   string // as written; empty: it is missing
	Reason  string // what is wrong, and what becomes of it: "is no address: Calico refuses the object"
}

// String is a sentence without its end: `BGPPeer leaf1: peerIP "banana" is no address: Calico refuses the object`.
func (r Refusal) String() string {
	return fmt.Sprintf("%s: %s %q %s", r.Object, r.Field, r.Value, r.Reason)
}

const refuses = ": Calico refuses the object" // validation of libcalico-go/lib/validator/v3

// refusals returns what is wrong with the objects of a cluster: by object, then in the order of its fields.
func (r *clusterRules) refusals() []Refusal {
	x := &refusing{rules: r}
	if i := r.objects.Installation; i != nil && r.isBGPOff {
		x.object = "Installation " + i.Name
		x.note("calicoNetwork.bgp", string(operatorv1.BGPDisabled), "means that no node speaks BGP")
	}
	for _, p := range r.objects.Pools() {
		x.pool("IPPool "+p.Name, p.Spec.CIDR, p.Spec.BlockSize)
		x.selector("nodeSelector", p.Spec.NodeSelector)
	}
	if b := r.objects.BGPConfiguration; b != nil {
		x.object = "BGPConfiguration " + b.Name
		for _, block := range b.Spec.ServiceClusterIPs {
			x.service("serviceClusterIPs", block.CIDR)
		}
		for _, block := range b.Spec.ServiceExternalIPs {
			x.service("serviceExternalIPs", block.CIDR)
		}
		for _, block := range b.Spec.ServiceLoadBalancerIPs {
			x.service("serviceLoadBalancerIPs", block.CIDR)
		}
	}
	for _, p := range r.objects.BGPPeers {
		x.peer(p)
	}
	slices.SortStableFunc(x.found, func(a, b Refusal) int { return strings.Compare(a.Object, b.Object) })
	return x.found
}

// refusing collects the refusals of a cluster.
type refusing struct {
	rules  *clusterRules
	object string // at hand
	found  []Refusal
}

func (x *refusing) note(field, value, reason string) {
	x.found = append(x.found, Refusal{x.rules.cluster.Name, x.object, field, value, reason})
}

func (x *refusing) selector(field, text string) {
	if _, err := selector.Parse(text); err != nil {
		x.note(field, text, "is no selector"+refuses)
	}
}

func (x *refusing) service(field, cidr string) {
	if _, ok := parseRange(cidr); !ok {
		x.note(field, cidr, "is no range"+refuses)
	}
}

// pool judges the range of a pool and the size of its blocks, as a prefix length; 0: the default.
func (x *refusing) pool(object, text string, blockSize int) {
	x.object = object
	cidr, ok := parseRange(text)
	if !ok {
		x.note("cidr", text, "is no range"+refuses)
		return
	}
	least, most, usual := 20, 32, fabric.DefaultBlockSize
	if !cidr.Addr().Is4() {
		least, most, usual = 116, 128, fabric.DefaultBlockSize6
	}
	size := strconv.Itoa(blockSize)
	switch {
	case blockSize == 0:
		if usual < cidr.Bits() {
			x.note("cidr", text, fmt.Sprintf("is smaller than a block, /%d", usual)+refuses)
		}
	case blockSize < least || blockSize > most:
		x.note("blockSize", size, fmt.Sprintf("is not between %d and %d", least, most)+refuses)
	case blockSize < cidr.Bits():
		x.note("blockSize", size, "makes blocks larger than "+text+refuses)
	}
}

func (x *refusing) peer(p *v3.BGPPeer) {
	x.object = "BGPPeer " + p.Name
	spec := &p.Spec
	x.selector("nodeSelector", spec.NodeSelector)
	if spec.PeerSelector != "" {
		x.selector("peerSelector", spec.PeerSelector)
	} else if a, _ := parsePeerIP(spec.PeerIP); !a.IsValid() && spec.LocalWorkloadSelector == "" {
		x.note("peerIP", spec.PeerIP, "is no address"+refuses)
	}
	if _, err := netip.ParseAddr(spec.ReachableBy); err != nil && spec.ReachableBy != "" {
		x.note("reachableBy", spec.ReachableBy, "is no address"+refuses)
	}
	if spec.Node != "" && x.rules.cluster.Node(spec.Node) == nil {
		x.note("node", spec.Node, "is no node of the cluster: the object makes no session")
	}
	for _, name := range spec.Filters {
		if x.rules.filters[name] == nil {
			x.note("filters", name, "is no BGPFilter: it is passed over")
		}
	}
}
