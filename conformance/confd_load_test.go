package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/calico/libcalico-go/lib/apiconfig"
	"github.com/projectcalico/calico/libcalico-go/lib/backend"
	"github.com/projectcalico/calico/libcalico-go/lib/clientv3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// loader puts clusters into a Server as they are once topoc's objects are applied, calico-node has started on every node, and
// IPAM has given blocks: all that confd reads.
type loader struct {
	server *Server
	core   kubernetes.Interface
	calico *Datastore // the CRDs behind the server

	passwordOf func(ref string) string // what the Secret behind a password holds
}

// plenty is how many requests a client may send in a second.
const plenty = 10000

func newLoader(t testing.TB, s *Server) *loader {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = plenty, plenty
	l := &loader{server: s, calico: &Datastore{}, passwordOf: passwordText}
	if l.core, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	c := apiconfig.NewCalicoAPIConfig()
	c.Spec.DatastoreType = apiconfig.Kubernetes
	c.Spec.Kubeconfig = s.Kubeconfig
	c.Spec.K8sClientQPS = plenty
	if l.calico.backend, err = backend.NewClient(*c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.calico.backend.Close() })
	if l.calico.calico, err = clientv3.New(*c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.calico.calico.Close() })
	return l
}

// passwordText is what every password is, told apart by its Secret and key.
func passwordText(ref string) string {
	if ref == "" {
		return ""
	}
	return "password of " + ref
}

// load replaces what the server has.
func (l *loader) load(ctx context.Context, c Contents) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := l.server.Reset(ctx); err != nil {
		return err
	}
	nodes, err := coreNodes(c)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if _, err := l.core.CoreV1().Nodes().Create(ctx, n, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
	}
	objects, err := calicoObjects(c.Objects)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := l.calico.create(ctx, object); err != nil {
			return fmt.Errorf("%T %s: %w", object, object.GetName(), err)
		}
	}
	for _, written := range c.Objects.NodeConfigurations {
		data, err := json.Marshal(written)
		if err != nil {
			return err
		}
		object, err := decodeCalico(data)
		if err != nil {
			return err
		}
		if err := l.calico.create(ctx, object); err != nil {
			return fmt.Errorf("BGPConfiguration %s: %w", written.Name, err)
		}
	}
	if err := l.createSecrets(ctx, objects); err != nil {
		return err
	}
	for _, n := range nodes {
		for _, block := range c.Blocks[n.Name] {
			if err := l.calico.claim(ctx, n.Name, block); err != nil {
				return fmt.Errorf("block %s of %s: %w", block, n.Name, err)
			}
		}
	}
	return nil
}

// createSecrets creates those that the objects take passwords from, where confd looks for them unless it is told.
func (l *loader) createSecrets(ctx context.Context, objects []metav1.Object) error {
	secrets := map[string]*corev1.Secret{}
	add := func(p *v3.BGPPassword) {
		if p == nil || p.SecretKeyRef == nil {
			return
		}
		name, key := p.SecretKeyRef.Name, p.SecretKeyRef.Key
		if secrets[name] == nil {
			secrets[name] = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: map[string]string{}}
		}
		secrets[name].StringData[key] = l.passwordOf(name + "/" + key)
	}
	for _, object := range objects {
		switch object := object.(type) {
		case *v3.BGPPeer:
			add(object.Spec.Password)
		case *v3.BGPConfiguration:
			add(object.Spec.NodeMeshPassword)
		}
	}
	for name, secret := range secrets {
		if _, err := l.core.CoreV1().Secrets("kube-system").Create(ctx, secret, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
	}
	return nil
}

// predictedBlocks returns the blocks that the prediction gives the nodes of a cluster.
func predictedBlocks(r *simulate.Result, c *fabric.Cluster) map[string][]netip.Prefix {
	blocks := map[string][]netip.Prefix{}
	for _, n := range c.Nodes {
		for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
			blocks[n.Name] = append(blocks[n.Name], r.BIRD(n, f).Blocks...)
		}
	}
	return blocks
}
