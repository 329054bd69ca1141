package calico

import (
	"net/netip"
	"slices"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/api/pkg/lib/numorstring"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// addBGPConfiguration writes the cluster-wide BGP settings. The AS number, the port, the log level and whether there is a
// mesh are always written, though all have defaults: they are what readers look for, and an explicit port is what makes
// `calicoctl node status` show it. Of the rest only what the user asked for.
func (o *Objects) addBGPConfiguration(c *fabric.Cluster) {
	spec := BGPConfigurationSpec{BGPConfigurationSpec: v3.BGPConfigurationSpec{
		ASNumber:              new(numorstring.ASNumber(c.ASN)),
		ListenPort:            c.ListenPort,
		LogSeverityScreen:     c.LogSeverity,
		NodeToNodeMeshEnabled: new(c.Mesh),
	}}
	advertiseRanges(&spec, c.Advertised)
	if a := c.Model.Advertise; a != nil {
		advertise(&spec, a)
	}
	if b := c.Model.BGP; b != nil {
		spec.NodeMeshPassword = secretKey(b.MeshPassword)
		spec.NodeMeshMaxRestartTime = duration(b.MeshMaxRestartTime)
		if b.BindMode != "" {
			spec.BindMode = new(v3.BindMode(b.BindMode))
		}
		spec.IgnoredInterfaces = slices.Clone(b.IgnoredInterfaces)
		spec.ProgramClusterRoutes = b.ProgramClusterRoutes
	}
	o.BGPConfiguration = &BGPConfiguration{
		TypeMeta:   typeMeta(c, v3.KindBGPConfiguration),
		ObjectMeta: managed("default"), // confd reads no other, but for those of single nodes
		Spec:       spec,
	}
	o.declared[o.BGPConfiguration] = c.At()
}

func advertiseRanges(spec *BGPConfigurationSpec, ranges []fabric.Range) {
	for _, r := range ranges {
		cidr := masked(r.Prefix)
		switch r.Kind {
		case fabric.ClusterIPRange:
			spec.ServiceClusterIPs = append(spec.ServiceClusterIPs, v3.ServiceClusterIPBlock{CIDR: cidr})
		case fabric.ExternalIPRange:
			spec.ServiceExternalIPs = append(spec.ServiceExternalIPs, v3.ServiceExternalIPBlock{CIDR: cidr})
		case fabric.LoadBalancerRange:
			spec.ServiceLoadBalancerIPs = append(spec.ServiceLoadBalancerIPs, v3.ServiceLoadBalancerIPBlock{CIDR: cidr})
		}
	}
}

func advertise(spec *BGPConfigurationSpec, a *model.Advertise) {
	if aggregate := a.ServiceLoadBalancerAggregation; aggregate != nil {
		spec.ServiceLoadBalancerAggregation = new(v3.ServiceLoadBalancerAggregationDisabled)
		if *aggregate {
			spec.ServiceLoadBalancerAggregation = new(v3.ServiceLoadBalancerAggregationEnabled)
		}
	}
	for _, name := range sortedKeys(a.Communities) {
		spec.Communities = append(spec.Communities, v3.Community{Name: name, Value: a.Communities[name]})
	}
	for _, p := range a.Prefixes {
		spec.PrefixAdvertisements = append(spec.PrefixAdvertisements,
			v3.PrefixAdvertisement{CIDR: cidr(p.CIDR), Communities: slices.Clone(p.Communities)})
	}
}

// cidr writes a prefix, or nothing for the zero Prefix.
func cidr(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return masked(p)
}
