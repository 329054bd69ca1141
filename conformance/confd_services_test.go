package conformance

import (
	"context"
	"fmt"
	"net/netip"

	etcdclient "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// localService is a Service with externalTrafficPolicy Local.
type localService struct {
	name      string
	clusterIP netip.Addr // in the range of the Server, and used once in its life: it keeps account of them
	external  netip.Addr
	balancer  netip.Addr
	nodes     []string // with an endpoint
}

// createServices creates Services, and the EndpointSlices that Kubernetes would make for them, instead of those that there are.
func (l *loader) createServices(ctx context.Context, services []localService) error {
	if _, err := l.server.etcd.Delete(ctx, "/registry/endpointslices/default/", etcdclient.WithPrefix()); err != nil {
		return fmt.Errorf("delete EndpointSlices: %w", err)
	}
	for _, s := range services {
		if err := l.createService(ctx, s); err != nil {
			return fmt.Errorf("service %s: %w", s.name, err)
		}
	}
	return nil
}

func (l *loader) createService(ctx context.Context, s localService) error {
	client := l.core.CoreV1().Services("default")
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: s.name}, Spec: corev1.ServiceSpec{
		Type: corev1.ServiceTypeLoadBalancer, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal, AllocateLoadBalancerNodePorts: new(bool),
		ClusterIP: s.clusterIP.String(), ExternalIPs: []string{s.external.String()}, Ports: []corev1.ServicePort{{Port: 80}}}}
	created, err := client.Create(ctx, service, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	created.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: s.balancer.String()}}
	if _, err := client.UpdateStatus(ctx, created, metav1.UpdateOptions{}); err != nil {
		return err
	}
	slice := &discoveryv1.EndpointSlice{AddressType: discoveryv1.AddressTypeIPv4,
		ObjectMeta: metav1.ObjectMeta{Name: s.name, Labels: map[string]string{discoveryv1.LabelServiceName: s.name}}}
	for i, node := range s.nodes {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{fmt.Sprintf("10.64.200.%d", i+1)}, NodeName: &node})
	}
	_, err = l.core.DiscoveryV1().EndpointSlices("default").Create(ctx, slice, metav1.CreateOptions{})
	return err
}
