package simulate

import (
	"cmp"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	operatorv1 "github.com/tigera/operator/api/v1"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// readClusters parses the objects of every cluster of the fabric, once. A cluster without objects has Calico's defaults.
func readClusters(in Input) map[*fabric.Cluster]*clusterRules {
	clusters := in.Fabric.Clusters
	read := make([]*clusterRules, len(clusters))
	inParallel(len(clusters), func(i int) { read[i] = readCluster(clusters[i], in.Objects[clusters[i]]) })
	rules := make(map[*fabric.Cluster]*clusterRules, len(clusters))
	for i, c := range clusters {
		rules[c] = read[i]
	}
	return rules
}

// inParallel calls work with 0 to n-1, on all processors. The calls may not depend on each other.
func inParallel(n int, work func(i int)) {
	if n == 1 {
		work(0)
		return
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	workers.Wait()
}

func readCluster(c *fabric.Cluster, o *calico.Objects) *clusterRules {
	if o == nil {
		o = &calico.Objects{}
	}
	r := &clusterRules{cluster: c, version: c.Version, objects: o, filters: map[string]*calico.BGPFilter{},
		mesh: true, asn: uint32(fabric.DefaultASN)}
	if i := o.Installation; i != nil && i.Spec.CalicoNetwork != nil && i.Spec.CalicoNetwork.BGP != nil {
		r.isBGPOff = *i.Spec.CalicoNetwork.BGP == operatorv1.BGPDisabled
	}
	r.readConfiguration()
	r.mesh = r.mesh && !r.isBGPOff
	r.readPools()
	for _, f := range o.BGPFilters {
		r.filters[f.Name] = f
	}
	r.readPeers()
	r.readNodes()
	return r
}

// readConfiguration reads the BGPConfiguration called default.
func (r *clusterRules) readConfiguration() {
	object := r.objects.BGPConfiguration
	if object == nil || object.Name != "default" {
		return
	}
	spec := &object.Spec
	if spec.NodeToNodeMeshEnabled != nil {
		r.mesh = *spec.NodeToNodeMeshEnabled
	}
	if spec.ASNumber != nil {
		r.asn = uint32(*spec.ASNumber)
	}
	r.port = spec.ListenPort
	r.meshPassword = secretName(spec.NodeMeshPassword)
	r.readServices(&spec.BGPConfigurationSpec)
}

// readServices reads the ranges that the nodes announce. A single address is never announced as a range, nor is a range of
// load balancers where aggregation is off: then each service announces its own (confd/pkg/backends/calico/routes.go).
func (r *clusterRules) readServices(spec *v3.BGPConfigurationSpec) {
	add := func(kind fabric.RangeKind, cidr string, isWhole func(netip.Prefix) bool) {
		if p, ok := parseRange(cidr); ok {
			r.services = append(r.services, serviceRange{kind: kind, prefix: p, whole: isWhole(p)})
		}
	}
	always := func(netip.Prefix) bool { return true }
	notSingle := func(p netip.Prefix) bool { return !p.IsSingleIP() }
	aggregated := notSingle
	if mode := spec.ServiceLoadBalancerAggregation; mode != nil && *mode == v3.ServiceLoadBalancerAggregationDisabled {
		aggregated = func(netip.Prefix) bool { return false }
	}
	for _, b := range spec.ServiceClusterIPs {
		add(fabric.ClusterIPRange, b.CIDR, always)
	}
	for _, b := range spec.ServiceExternalIPs {
		add(fabric.ExternalIPRange, b.CIDR, notSingle)
	}
	for _, b := range spec.ServiceLoadBalancerIPs {
		add(fabric.LoadBalancerRange, b.CIDR, aggregated)
	}
}

// parseRange reads a CIDR, or an address as the range of itself.
func parseRange(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), !p.Addr().Is4In6()
	}
	a, err := netip.ParseAddr(text)
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), err == nil
}

func (r *clusterRules) readPools() {
	declared := map[string]source.Path{}
	for _, p := range r.cluster.Pools {
		declared[p.Name] = p.At
	}
	for _, object := range r.objects.Pools() {
		cidr, ok := parseRange(object.Spec.CIDR)
		if !ok {
			continue // Calico refuses it
		}
		p := newPool(object, cidr)
		if p.blockSize > cidr.Addr().BitLen() {
			continue // likewise
		}
		p.at = cmp.Or(r.objects.DeclaredAt(object), declared[p.name])
		r.pools = append(r.pools, p)
	}
	slices.SortStableFunc(r.pools, func(a, b *pool) int { return strings.Compare(a.name, b.name) })
}

func newPool(object *v3.IPPool, cidr netip.Prefix) *pool {
	spec := &object.Spec
	p := &pool{name: object.Name, cidr: cidr, ipip: cmp.Or(string(spec.IPIPMode), string(v3.IPIPModeNever)),
		vxlan: cmp.Or(string(spec.VXLANMode), string(v3.VXLANModeNever)), natOutgoing: spec.NATOutgoing, disabled: spec.Disabled,
		disableBGPExport: spec.DisableBGPExport, blockSize: spec.BlockSize, object: object,
		loadBalancerOnly: len(spec.AllowedUses) == 1 && spec.AllowedUses[0] == v3.IPPoolAllowedUseLoadBalancer}
	switch {
	case p.blockSize != 0:
	case cidr.Addr().Is4():
		p.blockSize = fabric.DefaultBlockSize
	default:
		p.blockSize = fabric.DefaultBlockSize6
	}
	return p
}

// secretName is the secret behind a password, as name/key; empty: there is no password.
func secretName(p *v3.BGPPassword) string {
	if p == nil || p.SecretKeyRef == nil {
		return ""
	}
	return p.SecretKeyRef.Name + "/" + p.SecretKeyRef.Key
}
