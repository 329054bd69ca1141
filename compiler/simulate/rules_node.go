package simulate

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/projectcalico/api/pkg/lib/numorstring"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// Calico's annotations of core Nodes (libcalico-go/lib/backend/k8s/resources/node.go), and the label by which Kubernetes, and
// Calico with it, keeps a node out of service announcements (confd/pkg/backends/calico/client.go, ExcludeServiceAdvertisement).
const (
	asNumberAnnotation  = "projectcalico.org/ASNumber"
	clusterIDAnnotation = "projectcalico.org/RouteReflectorClusterID"
	excludeLabel        = "node.kubernetes.io/exclude-from-external-load-balancers"
)

// nodeFacts is what the Node object of a node says.
type nodeFacts struct {
	labels     map[string]string        // as selectors see them; shared, do not modify
	class      int                      // of the cluster's selection
	asn        uint32                   // 0: none of its own
	clusterID  uint32                   // 0: no reflector
	isExcluded bool                     // from load balancers
	own        *calico.BGPConfiguration // for it alone; nil: there is none
}

// readNodes reads what the Node objects say of the nodes that the fabric has. Others have no address that anybody knows.
func (r *clusterRules) readNodes() {
	objects := r.objects.Nodes
	byName := func(a, b *metav1.PartialObjectMetadata) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(objects, byName) {
		objects = slices.Clone(objects)
		slices.SortStableFunc(objects, byName)
	}
	r.nodes = make([]nodeFacts, len(r.cluster.Nodes))
	for i, n := range r.cluster.Nodes {
		for len(objects) > 0 && objects[0].Name < n.Name {
			objects = objects[1:]
		}
		facts := &r.nodes[i]
		for len(objects) > 0 && objects[0].Name == n.Name { // of two the later counts: it is applied later
			*facts = factsOf(objects[0])
			objects = objects[1:]
		}
		facts.own = configurationOf(r.objects, n.Name)
		facts.labels = r.selection.withKubelet(facts.labels, n.Name)
		facts.class = r.selection.class(facts.labels)
	}
}

// configurationOf finds the BGPConfiguration for a node alone. Of it confd uses the port and the communities only
// (confd/pkg/backends/calico/client.go, updateBGPConfigCache).
func configurationOf(o *calico.Objects, node string) *calico.BGPConfiguration {
	for _, c := range o.NodeConfigurations {
		if c.Name == calico.NodeConfigurationPrefix+node {
			return c
		}
	}
	return nil
}

// factsOf reads a Node object. Values that Calico cannot read it ignores.
func factsOf(object *metav1.PartialObjectMetadata) nodeFacts {
	facts := nodeFacts{labels: object.Labels, isExcluded: object.Labels[excludeLabel] == "true"}
	if text, ok := object.Annotations[asNumberAnnotation]; ok {
		if asn, err := numorstring.ASNumberFromString(text); err == nil {
			facts.asn = uint32(asn)
		}
	}
	if id, err := netip.ParseAddr(object.Annotations[clusterIDAnnotation]); err == nil && id.Is4() {
		facts.clusterID = uint32Of(id)
	}
	return facts
}

// asnOf is the AS number that a node calls itself.
func (r *clusterRules) asnOf(facts *nodeFacts) uint32 { return cmp.Or(facts.asn, r.asn) }

// uint32Of is an IPv4 address, a router ID or cluster ID as a number; 0 for any other.
func uint32Of(a netip.Addr) uint32 {
	if !a.Is4() {
		return 0
	}
	raw := a.As4()
	return binary.BigEndian.Uint32(raw[:])
}

// addrOf is a number as an IPv4 address; the zero Addr for 0.
func addrOf(n uint32) netip.Addr {
	if n == 0 {
		return netip.Addr{}
	}
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], n)
	return netip.AddrFrom4(raw)
}

// routerIDOf is the router ID that calico-node gives BIRD: the node's IPv4 address. A node without one needs
// CALICO_ROUTER_ID=hash and is taken to have it (confd/pkg/resource/template/template_funcs.go, hashToIPv4).
func routerIDOf(n *fabric.Node) netip.Addr {
	if a := n.Addr(fabric.IPv4); a.IsValid() {
		return a
	}
	return hashedRouterID(n.Name)
}

func hashedRouterID(name string) netip.Addr {
	const firstSpecial, shift = 224, 32 // no router ID is a multicast address
	sum := sha256.Sum256([]byte(name))
	if sum[0] >= firstSpecial {
		sum[0] -= shift
	}
	return netip.AddrFrom4([4]byte(sum[:4]))
}
