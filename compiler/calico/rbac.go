package calico

import (
	"slices"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// passwordAccess names the Role and its binding, nodeAccount the ServiceAccount of calico-node.
const (
	passwordAccess = "topoc-bgp-passwords"
	nodeAccount    = "calico-node"
)

// nodeNamespace is where calico-node runs, and where it looks for Secrets.
func nodeNamespace(c *fabric.Cluster) string {
	if c.Operator {
		return "calico-system"
	}
	return "kube-system"
}

// addPasswordAccess lets calico-node read the Secrets that hold BGP passwords, and no other; the Secrets themselves are
// never written. confd, which reads them, lists and watches each by a field selector on its name
// (confd/pkg/backends/calico/secret_watcher.go): only so does resourceNames apply to list and watch. It needs no get, but
// who may list one Secret has read it, and Calico's documentation grants all three.
func (o *Objects) addPasswordAccess(c *fabric.Cluster) {
	if len(c.Secrets) == 0 {
		return
	}
	namespace := nodeNamespace(c)
	var names []string
	for _, s := range c.Secrets {
		names = append(names, s.Name)
	}
	meta := metav1.ObjectMeta{Name: passwordAccess, Namespace: namespace}
	o.Role = &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: meta,
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: names, Verbs: []string{"get", "list", "watch"},
		}},
	}
	o.RoleBinding = &rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: passwordAccess},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: nodeAccount, Namespace: namespace}},
	}
	o.declared[o.Role] = c.Secrets[0].At
	o.declared[o.RoleBinding] = c.Secrets[0].At
}

// LetRead reports whether the Role and its RoleBinding let calico-node of the cluster read a Secret. They always do for those that
// compiled objects name; objects that were read may have been edited.
func (o *Objects) LetRead(c *fabric.Cluster, secret string) bool {
	namespace, role, binding := nodeNamespace(c), o.Role, o.RoleBinding
	if role == nil || binding == nil || role.Namespace != namespace || binding.Namespace != namespace ||
		binding.RoleRef.Kind != "Role" || binding.RoleRef.Name != role.Name ||
		!slices.ContainsFunc(binding.Subjects, func(s rbacv1.Subject) bool {
			return s.Kind == rbacv1.ServiceAccountKind && s.Name == nodeAccount && s.Namespace == namespace
		}) {
		return false
	}
	any := func(words []string, word string) bool {
		return slices.Contains(words, word) || slices.Contains(words, "*")
	}
	return slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool {
		return any(r.APIGroups, "") && any(r.Resources, "secrets") && any(r.Verbs, "list") && any(r.Verbs, "watch") &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, secret))
	})
}

// secretKey refers to a key of a Secret in calico-node's namespace.
func secretKey(ref *model.SecretRef) *v3.BGPPassword {
	if ref == nil {
		return nil
	}
	return &v3.BGPPassword{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: ref.Secret},
		Key:                  ref.Key,
	}}
}
