package calico

import (
	operatorv1 "github.com/tigera/operator/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/fabric"
)

// addInstallation tells the Tigera operator how to install Calico, with the pools that it is to create.
func (o *Objects) addInstallation(c *fabric.Cluster, pools []*fabric.Pool) {
	const apiVersion, name = "operator.tigera.io/v1", "default"
	bgp := operatorv1.BGPEnabled
	network := &CalicoNetworkSpec{
		CalicoNetworkSpec: operatorv1.CalicoNetworkSpec{
			BGP:                        &bgp,
			NodeAddressAutodetectionV4: autodetection(c, fabric.IPv4),
			NodeAddressAutodetectionV6: autodetection(c, fabric.IPv6),
		},
		IPPools: []operatorv1.IPPool{}, // not nil: the operator would make up a pool
	}
	if k := c.Model.Calico; k != nil && k.MTU != nil {
		network.MTU = new(int32(*k.MTU))
	}
	o.Installation = &Installation{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: "Installation"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       InstallationSpec{CalicoNetwork: network},
	}
	at := c.At().Field("calico")
	o.declared[o.Installation] = at
	for _, p := range pools {
		network.IPPools = append(network.IPPools, installationPool(p))
	}
	for i, p := range pools { // the list has stopped moving
		o.declared[&network.IPPools[i]] = p.At
	}
	if has(c.Version, "APIServer") {
		o.APIServer = &operatorv1.APIServer{
			TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: "APIServer"},
			ObjectMeta: metav1.ObjectMeta{Name: name},
		}
		o.declared[o.APIServer] = at
	}
}

// autodetection makes nodes take their address of a family from the subnets that the topology gives them. The operator's
// own choice, the first interface that has an address, goes wrong on nodes with several.
func autodetection(c *fabric.Cluster, family fabric.Family) *operatorv1.NodeAddressAutodetection {
	var cidrs []string
	for _, s := range c.Subnets {
		if fabric.FamilyOf(s.Prefix.Addr()) == family {
			cidrs = append(cidrs, masked(s.Prefix))
		}
	}
	if cidrs == nil {
		return nil
	}
	return &operatorv1.NodeAddressAutodetection{CIDRS: cidrs}
}

// installationPool writes out all that the operator would fill in: it writes its defaults back into the object, which a
// GitOps controller would otherwise take for drift. The pool isExpressible: what the release has no field for is at its
// default.
func installationPool(p *fabric.Pool) operatorv1.IPPool {
	v := p.Cluster.Version
	pool := operatorv1.IPPool{
		CIDR:          masked(p.CIDR),
		Encapsulation: operatorv1.EncapsulationType(p.Encapsulation),
		NATOutgoing:   operatorv1.NATOutgoingDisabled,
		NodeSelector:  p.NodeSelector,
		BlockSize:     new(int32(p.BlockSize)),
	}
	if p.NATOutgoing {
		pool.NATOutgoing = operatorv1.NATOutgoingEnabled
	}
	if has(v, "Installation.name") {
		pool.Name = p.Name
	}
	if has(v, "Installation.disableBGPExport") {
		pool.DisableBGPExport = new(p.DisableBGPExport)
	}
	if has(v, "Installation.disableNewAllocations") {
		pool.DisableNewAllocations = new(p.Disabled)
	}
	if has(v, "Installation.allowedUses") {
		for _, use := range allowedUses(p) {
			pool.AllowedUses = append(pool.AllowedUses, operatorv1.IPPoolAllowedUse(use))
		}
	}
	if has(v, "Installation.assignmentMode") {
		pool.AssignmentMode = operatorv1.AssignmentMode(assignmentMode(p))
	}
	return pool
}

// maxInstallationPools is the longest list of pools that the operator's CRD takes.
const maxInstallationPools = 25

// splitPools divides the cluster's pools into those that Installation lists, which the operator then creates and keeps, and
// those that are written as IPPools; no pool is in both, since the operator never touches a pool that it didn't create.
//
// The operator gets the cluster's own pools, as one must exist before Calico's API server can serve IPPools, as far as its
// release can express them: up to Calico 3.27 one pool of each family, under the name that calico-node gives it. Left to
// IPPools are foreign ones, and those for load balancers only: on kubeadm clusters the operator refuses a list with a pool
// outside of the pod network (tigera/operator pkg/controller/ippool/defaults.go).
func splitPools(c *fabric.Cluster) (installed, others []*fabric.Pool) {
	if !c.Operator {
		return nil, c.Pools
	}
	taken := map[fabric.Family]bool{}
	for _, p := range c.Pools {
		family := fabric.FamilyOf(p.CIDR.Addr())
		full := len(installed) == maxInstallationPools || taken[family] && !has(c.Version, "Installation.name")
		if full || !isForPods(p) || !isExpressible(p) {
			others = append(others, p)
			continue
		}
		taken[family] = true
		installed = append(installed, p)
	}
	return installed, others
}

func isForPods(p *fabric.Pool) bool { return p.Own() && !p.LoadBalancerOnly() }

// isExpressible reports whether Installation has, in the cluster's release, what it takes to describe the pool.
func isExpressible(p *fabric.Pool) bool {
	v := p.Cluster.Version
	return (p.Name == defaultPoolName(p) || has(v, "Installation.name")) &&
		(!p.DisableBGPExport || has(v, "Installation.disableBGPExport")) &&
		(!p.Disabled || has(v, "Installation.disableNewAllocations")) &&
		(p.AllowedUses == nil || has(v, "Installation.allowedUses")) &&
		(p.AssignmentMode == "" || has(v, "Installation.assignmentMode"))
}

// defaultPoolName is what calico-node calls a pool that it creates itself, as it does where Installation has no names.
func defaultPoolName(p *fabric.Pool) string {
	if p.CIDR.Addr().Is4() {
		return fabric.DefaultPodPool
	}
	return fabric.DefaultPodPool6
}
