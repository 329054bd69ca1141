// Package calico compiles a cluster into the objects that make Calico build its side of the topology, typed through
// Calico's and Kubernetes' own API structs, and prints them as the files of a build.
//
// It decides no name, number or order: fabric has. What it knows is how Calico, release by release, wants to be told.
package calico

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	operatorv1 "github.com/tigera/operator/api/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Objects is everything of one cluster that Calico reads. The lists keep fabric's order; objects made by Compile share
// nothing with the fabric. The zero Objects is empty and ready for Read.
type Objects struct {
	Installation       *Installation         // nil: installed by manifest
	APIServer          *operatorv1.APIServer // nil: likewise
	IPPools            []*v3.IPPool          // all but those that Installation has; see Pools
	BGPConfiguration   *BGPConfiguration     // the one called default
	NodeConfigurations []*BGPConfiguration   // those for one node each, called node.NAME; Compile makes none
	BGPPeers           []*v3.BGPPeer
	BGPFilters         []*BGPFilter
	CalicoNodeStatuses []*v3.CalicoNodeStatus
	Role               *rbacv1.Role // lets calico-node read the passwords; nil: there are none
	RoleBinding        *rbacv1.RoleBinding

	// Nodes are core v1 Nodes with what topoc sets of them: labels and Calico's annotations. The rest of a Node is the
	// kubelet's, hence the type that has no rest. Nodes with nothing to set are left out.
	Nodes []*metav1.PartialObjectMetadata

	cluster  string
	declared map[any]source.Path // by pointer to an object, or to a pool of Installation
}

// Compile makes the objects of c. It writes whatever the user asked for, even what c.Version does not have yet, so that
// nothing is dropped silently: Gates tells what a release lacks, and a build stops there. What topoc adds by itself for
// completeness (defaults, status objects) is written only where the release has it.
func Compile(c *fabric.Cluster) *Objects {
	o := compileSettings(c)
	for _, n := range c.Nodes {
		o.addNode(n)
	}
	return o
}

// compileSettings makes the objects of c but for its nodes, of which a cluster has many.
func compileSettings(c *fabric.Cluster) *Objects {
	o := &Objects{cluster: c.Name, declared: map[any]source.Path{}}
	installed, others := splitPools(c)
	if c.Operator {
		o.addInstallation(c, installed)
	}
	for _, p := range others {
		o.addIPPool(p)
	}
	o.addBGPConfiguration(c)
	for _, f := range c.Filters {
		o.addBGPFilter(f)
	}
	for _, p := range c.Peers {
		o.addBGPPeer(p)
	}
	o.addNodeStatuses(c)
	o.addPasswordAccess(c)
	return o
}

// DeclaredAt returns the declaration that an object comes from: a pointer to an object of o or to a pool of its
// Installation. It is empty for objects that were read from a file.
func (o *Objects) DeclaredAt(object any) source.Path { return o.declared[object] }

// typeMeta names a kind of Calico's in the API group that the cluster's user applies to.
//
// projectcalico.org/v3 is served by Calico's API server, or, from 3.32 on, by CRDs of that group. crd.projectcalico.org/v1
// is what Calico itself keeps its objects in where it has no such CRDs. All kinds written here have the same name and the
// same spec in both groups. Calico's own client would move labels and annotations of an object into an annotation
// projectcalico.org/metadata there (libcalico-go/lib/backend/k8s/resources/resources.go); it reads objects without that
// annotation as they stand. Of the objects here it writes CalicoNodeStatus alone by itself; the one label of the others stays
// where kubectl looks for it. What that group does lack is validation and defaults, one more reason why every default is written.
func typeMeta(c *fabric.Cluster, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: c.API, Kind: kind}
}

// managed is the metadata of an object that topoc creates and that may go with the first build that lacks it: by this label
// `kubectl apply --prune` tells it from what others made, and from what is never to be pruned.
func managed(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "topoc"}}
}

// masked writes a prefix without host bits: Calico refuses any other (libcalico-go/lib/validator/v3).
func masked(p netip.Prefix) string { return p.Masked().String() }

func duration(d *model.Duration) *metav1.Duration {
	if d == nil {
		return nil
	}
	return &metav1.Duration{Duration: time.Duration(*d)}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
