package conformance

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"testing"
	"time"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/calico/libcalico-go/lib/apiconfig"
	internalapi "github.com/projectcalico/calico/libcalico-go/lib/apis/v3"
	"github.com/projectcalico/calico/libcalico-go/lib/backend"
	"github.com/projectcalico/calico/libcalico-go/lib/backend/api"
	"github.com/projectcalico/calico/libcalico-go/lib/backend/k8s/resources"
	"github.com/projectcalico/calico/libcalico-go/lib/backend/model"
	"github.com/projectcalico/calico/libcalico-go/lib/clientv3"
	"github.com/projectcalico/calico/libcalico-go/lib/net"
	"github.com/projectcalico/calico/libcalico-go/lib/options"
	etcdclient "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// Datastore is an etcd of its own that Calico keeps one cluster in. Calico's programs find it with DATASTORE_TYPE=etcdv3 and
// ETCD_ENDPOINTS=Endpoint. Several may run side by side; one is not safe for concurrent use.
type Datastore struct {
	Endpoint string
	etcd     *etcdclient.Client
	backend  api.Client
	calico   clientv3.Interface
}

// Contents is what a Datastore is loaded with.
type Contents struct {
	Cluster *fabric.Cluster           // its nodes' names and addresses
	Objects *calico.Objects           // of the cluster; labels and annotations of nodes are taken from these
	Blocks  map[string][]netip.Prefix // that IPAM gave a node, by its name; masked
}

// NewDatastore starts an empty Datastore that ends with the test.
func NewDatastore(t testing.TB) *Datastore {
	t.Helper()
	endpoint, server, err := startEtcd(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	d := &Datastore{Endpoint: endpoint}
	if d.etcd, err = etcdclient.New(etcdclient.Config{Endpoints: []string{endpoint}, DialTimeout: startLimit}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.etcd.Close() })
	config := apiconfig.NewCalicoAPIConfig()
	config.Spec.DatastoreType = apiconfig.EtcdV3
	config.Spec.EtcdEndpoints = endpoint
	if d.backend, err = backend.NewClient(*config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.backend.Close() })
	if d.calico, err = clientv3.New(*config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.calico.Close() })
	return d
}

// Load replaces whatever the Datastore holds by a cluster, through Calico's own client, which validates every object and fills in
// defaults as the API server does: objects, nodes with the addresses that calico-node would detect, and confirmed affinities of
// blocks. It takes tens of milliseconds. An object that Calico refuses is an error, as is a field that the release under test
// lacks; see newerThanTest.
func (d *Datastore) Load(ctx context.Context, c Contents) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if _, err := d.etcd.Delete(ctx, "/calico/", etcdclient.WithPrefix()); err != nil {
		return fmt.Errorf("empty the datastore: %w", err)
	}
	if err := d.calico.EnsureInitialized(ctx, calicoRelease, "k8s,bgp"); err != nil {
		return fmt.Errorf("initialize the datastore: %w", err)
	}
	nodes, err := coreNodes(c)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		converted, err := resources.K8sNodeToCalico(n, false)
		if err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
		if _, err := d.calico.Nodes().Create(ctx, converted.Value.(*internalapi.Node), options.SetOptions{}); err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
	}
	objects, err := calicoObjects(c.Objects)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := d.create(ctx, object); err != nil {
			return fmt.Errorf("%T %s: %w", object, object.GetName(), err)
		}
	}
	for _, n := range nodes {
		for _, block := range c.Blocks[n.Name] {
			if err := d.claim(ctx, n.Name, block); err != nil {
				return fmt.Errorf("block %s of %s: %w", block, n.Name, err)
			}
		}
	}
	return nil
}

func (d *Datastore) create(ctx context.Context, object metav1.Object) (err error) {
	none := options.SetOptions{}
	switch object := object.(type) {
	case *v3.IPPool:
		_, err = d.calico.IPPools().Create(ctx, object, none)
	case *v3.BGPFilter:
		_, err = d.calico.BGPFilter().Create(ctx, object, none)
	case *v3.BGPPeer:
		_, err = d.calico.BGPPeers().Create(ctx, object, none)
	case *v3.BGPConfiguration:
		_, err = d.calico.BGPConfigurations().Create(ctx, object, none)
	case *v3.CalicoNodeStatus:
		_, err = d.calico.CalicoNodeStatus().Create(ctx, object, none)
	default:
		err = fmt.Errorf("no way to create it is known")
	}
	return err
}

// claim writes that a block is a node's, whatever pool it lies in: IPAM itself would refuse those of disabled pools, which nodes
// may hold from before.
func (d *Datastore) claim(ctx context.Context, node string, block netip.Prefix) error {
	_, cidr, err := net.ParseCIDR(block.String())
	if err != nil {
		return err
	}
	_, err = d.backend.Create(ctx, &model.KVPair{
		Key:   model.BlockAffinityKey{CIDR: *cidr, Host: node, AffinityType: model.IPAMAffinityTypeHost},
		Value: &model.BlockAffinity{State: model.StateConfirmed},
	})
	return err
}

// coreNodes makes the cluster's Nodes as they are once calico-node has started on each: labels of the kubelet, what topoc writes,
// and the detected addresses.
func coreNodes(c Contents) ([]*corev1.Node, error) {
	written := map[string]*metav1.PartialObjectMetadata{}
	for _, n := range c.Objects.Nodes {
		written[n.Name] = n
	}
	var nodes []*corev1.Node
	for _, n := range c.Cluster.Nodes {
		node := &corev1.Node{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
			ObjectMeta: metav1.ObjectMeta{
				Name:        n.Name,
				Labels:      map[string]string{"kubernetes.io/hostname": n.Name, "kubernetes.io/os": "linux"},
				Annotations: map[string]string{},
			},
		}
		if n.Address.IsValid() {
			node.Annotations["projectcalico.org/IPv4Address"] = n.Address.String()
		}
		if n.Address6.IsValid() {
			node.Annotations["projectcalico.org/IPv6Address"] = n.Address6.String()
		}
		if w := written[n.Name]; w != nil {
			maps.Copy(node.Labels, w.Labels)
			maps.Copy(node.Annotations, w.Annotations)
			delete(written, n.Name)
		}
		nodes = append(nodes, node)
	}
	for name := range written {
		return nil, fmt.Errorf("the objects have a node %s that cluster %s lacks", name, c.Cluster.Name)
	}
	return nodes, nil
}

// Every example and enough random topologies load: Calico's own client takes every object.
func TestDatastoreTakesEveryCluster(t *testing.T) {
	d := NewDatastore(t)
	begun, clusters := time.Now(), 0
	for _, top := range append(examples(t), random(t, 20)...) {
		for c, objects := range top.objects {
			if len(newerThanTest(c)) > 0 {
				continue
			}
			if err := d.Load(t.Context(), Contents{Cluster: c, Objects: objects}); err != nil {
				t.Errorf("%s, cluster %s: %v", top.name, c.Name, err)
			}
			clusters++
		}
	}
	t.Logf("%d clusters loaded, %s each", clusters, (time.Since(begun) / time.Duration(max(1, clusters))).Round(time.Millisecond))
}
