package calico

import (
	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/fabric"
)

// statusPeriod is how often a node rewrites its CalicoNodeStatus, in seconds.
const statusPeriod uint32 = 10

// addNodeStatuses asks the nodes that fabric picked to report their sessions and routes. Nobody asked for these objects, so
// a release without the kind goes without. They are managed where Calico's API server keeps them: in CRDs calico-node, which
// writes its report into them, would put the label away each time (see typeMeta), and kubectl find a difference.
func (o *Objects) addNodeStatuses(c *fabric.Cluster) {
	if !has(c.Version, v3.KindCalicoNodeStatus) {
		return
	}
	for _, n := range c.StatusNodes {
		meta := metav1.ObjectMeta{Name: n.Name}
		if c.API == v3.GroupVersionCurrent {
			meta = managed(n.Name)
		}
		status := &v3.CalicoNodeStatus{
			TypeMeta:   typeMeta(c, v3.KindCalicoNodeStatus),
			ObjectMeta: meta,
			Spec: v3.CalicoNodeStatusSpec{
				Node:                n.Name,
				Classes:             []v3.NodeStatusClassType{v3.NodeStatusClassTypeAgent, v3.NodeStatusClassTypeBGP, v3.NodeStatusClassTypeRoutes},
				UpdatePeriodSeconds: new(statusPeriod),
			},
		}
		o.CalicoNodeStatuses = append(o.CalicoNodeStatuses, status)
		o.declared[status] = n.At()
	}
}
