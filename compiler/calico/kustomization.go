package calico

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// kustomization lists files for `kubectl apply -k`.
type kustomization struct {
	metav1.TypeMeta `json:",inline"`
	Resources       []string    `json:"resources"`
	SortOptions     sortOptions `json:"sortOptions"`
}

// sortOptions (kustomize 5, kubectl 1.27) keeps kustomize from sorting by kind, which would apply BGPConfiguration first and
// so stop the node-to-node mesh before there are other sessions.
type sortOptions struct {
	Order string `json:"order"`
}

func newKustomization(resources []string) *kustomization {
	return &kustomization{
		TypeMeta:    metav1.TypeMeta{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization"},
		Resources:   resources,
		SortOptions: sortOptions{Order: "fifo"},
	}
}
