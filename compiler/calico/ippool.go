package calico

import (
	"cmp"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	operatorv1 "github.com/tigera/operator/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/fabric"
)

// addIPPool writes a pool with every default that Calico's API server fills in (libcalico-go/lib/clientv3/ippool.go), as far
// as the release has the field: what is applied is then what is stored. A pool of the cluster's own is not managed: pods may
// hold its addresses long after a topology has dropped it, or has moved it into Installation. False is not written: Calico's API
// server drops it, and kubectl would find it missing at each apply.
func (o *Objects) addIPPool(p *fabric.Pool) {
	ipip, vxlan := encapsulation(p.Encapsulation)
	spec := v3.IPPoolSpec{
		CIDR:             masked(p.CIDR),
		IPIPMode:         ipip,
		VXLANMode:        vxlan,
		NATOutgoing:      p.NATOutgoing,
		Disabled:         p.Disabled,
		DisableBGPExport: p.DisableBGPExport,
		BlockSize:        p.BlockSize,
		NodeSelector:     p.NodeSelector,
	}
	if has(p.Cluster.Version, "IPPool.allowedUses") || p.AllowedUses != nil {
		for _, use := range allowedUses(p) {
			spec.AllowedUses = append(spec.AllowedUses, v3.IPPoolAllowedUse(use))
		}
	}
	if has(p.Cluster.Version, "IPPool.assignmentMode") || p.AssignmentMode != "" {
		spec.AssignmentMode = new(v3.AssignmentMode(assignmentMode(p)))
	}
	meta := metav1.ObjectMeta{Name: p.Name}
	if !p.Own() {
		meta = managed(p.Name)
	}
	pool := &v3.IPPool{TypeMeta: typeMeta(p.Cluster, v3.KindIPPool), ObjectMeta: meta, Spec: spec}
	o.IPPools = append(o.IPPools, pool)
	o.declared[pool] = p.At
}

// allowedUses returns the uses of a pool, as the user ordered them, or Calico's default.
func allowedUses(p *fabric.Pool) []string {
	if p.AllowedUses != nil {
		return p.AllowedUses
	}
	return []string{string(v3.IPPoolAllowedUseWorkload), string(v3.IPPoolAllowedUseTunnel)}
}

func assignmentMode(p *fabric.Pool) string {
	return cmp.Or(p.AssignmentMode, string(v3.Automatic))
}

// encapsulation splits the operator's one word, which the language uses too, into the two modes of an IPPool.
func encapsulation(word string) (v3.IPIPMode, v3.VXLANMode) {
	switch operatorv1.EncapsulationType(word) {
	case operatorv1.EncapsulationIPIP:
		return v3.IPIPModeAlways, v3.VXLANModeNever
	case operatorv1.EncapsulationIPIPCrossSubnet:
		return v3.IPIPModeCrossSubnet, v3.VXLANModeNever
	case operatorv1.EncapsulationVXLAN:
		return v3.IPIPModeNever, v3.VXLANModeAlways
	case operatorv1.EncapsulationVXLANCrossSubnet:
		return v3.IPIPModeNever, v3.VXLANModeCrossSubnet
	}
	return v3.IPIPModeNever, v3.VXLANModeNever
}

// Pools returns all pools that the cluster will have: those of Installation as the operator turns them into IPPools
// (tigera/operator pkg/controller/ippool/pool_controller.go), its defaults filled in, then IPPools.
func (o *Objects) Pools() []*v3.IPPool {
	var pools []*v3.IPPool
	if o.Installation != nil && o.Installation.Spec.CalicoNetwork != nil {
		installed := o.Installation.Spec.CalicoNetwork.IPPools
		for i := range installed {
			pools = append(pools, createdPool(&installed[i]))
		}
	}
	return append(pools, o.IPPools...)
}

// createdPool is the IPPool that the operator, or up to Calico 3.27 calico-node, makes of a pool of Installation.
func createdPool(p *operatorv1.IPPool) *v3.IPPool {
	isIPv6 := strings.Contains(p.CIDR, ":")
	name, blockSize, word, nat := fabric.DefaultPodPool, fabric.DefaultBlockSize, operatorv1.EncapsulationIPIP, operatorv1.NATOutgoingEnabled
	if isIPv6 {
		name, blockSize, word, nat = fabric.DefaultPodPool6, fabric.DefaultBlockSize6, operatorv1.EncapsulationNone, operatorv1.NATOutgoingDisabled
	}
	if p.BlockSize != nil {
		blockSize = int(*p.BlockSize)
	}
	ipip, vxlan := encapsulation(string(cmp.Or(p.Encapsulation, word)))
	spec := v3.IPPoolSpec{
		CIDR:             p.CIDR,
		IPIPMode:         ipip,
		VXLANMode:        vxlan,
		NATOutgoing:      cmp.Or(p.NATOutgoing, nat) == operatorv1.NATOutgoingEnabled,
		Disabled:         p.DisableNewAllocations != nil && *p.DisableNewAllocations,
		DisableBGPExport: p.DisableBGPExport != nil && *p.DisableBGPExport,
		BlockSize:        blockSize,
		NodeSelector:     cmp.Or(p.NodeSelector, "all()"),
		AssignmentMode:   new(v3.AssignmentMode(cmp.Or(p.AssignmentMode, operatorv1.AssignmentModeAutomatic))),
	}
	for _, use := range p.AllowedUses {
		spec.AllowedUses = append(spec.AllowedUses, v3.IPPoolAllowedUse(use))
	}
	if len(spec.AllowedUses) == 0 {
		spec.AllowedUses = []v3.IPPoolAllowedUse{v3.IPPoolAllowedUseWorkload, v3.IPPoolAllowedUseTunnel}
	}
	return &v3.IPPool{
		TypeMeta:   metav1.TypeMeta{APIVersion: v3.GroupVersionCurrent, Kind: v3.KindIPPool},
		ObjectMeta: metav1.ObjectMeta{Name: cmp.Or(p.Name, name)},
		Spec:       spec,
	}
}
