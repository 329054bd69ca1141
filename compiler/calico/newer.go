package calico

import (
	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/api/pkg/lib/numorstring"
	operatorv1 "github.com/tigera/operator/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The types below are those of Calico's and the operator's API modules with other fields laid over them, mostly those of later
// releases than the modules': an embedded struct's fields come out beside the new ones, both ways. Field names, forms and
// comments' facts are those of api/pkg/apis/projectcalico/v3 at v3.32.

// Installation is operatorv1.Installation.
type Installation struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              InstallationSpec `json:"spec"`
}

// InstallationSpec is operatorv1.InstallationSpec with pools that may be an empty list.
type InstallationSpec struct {
	operatorv1.InstallationSpec `json:",inline"`
	CalicoNetwork               *CalicoNetworkSpec `json:"calicoNetwork,omitempty"`
}

// CalicoNetworkSpec is operatorv1.CalicoNetworkSpec, but for an empty list of pools that is written: to every release of the
// operator it says that it shall make none, where without a list it makes one, of 192.168.0.0/16 or of what kubeadm was told
// (tigera/operator pkg/controller/installation/core_controller.go, later pkg/controller/ippool/defaults.go).
type CalicoNetworkSpec struct {
	operatorv1.CalicoNetworkSpec `json:",inline"`
	IPPools                      []operatorv1.IPPool `json:"ipPools,omitzero"`
}

// BGPConfiguration is v3.BGPConfiguration.
type BGPConfiguration struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              BGPConfigurationSpec `json:"spec"`
}

// BGPConfigurationSpec is v3.BGPConfigurationSpec with the fields of Calico 3.32.
type BGPConfigurationSpec struct {
	v3.BGPConfigurationSpec `json:",inline"`
	ProgramClusterRoutes    string `json:"programClusterRoutes,omitempty"` // which pools' routes BIRD puts into the kernel
}

// BGPFilter is v3.BGPFilter.
type BGPFilter struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              BGPFilterSpec `json:"spec"`
}

// BGPFilterSpec is v3.BGPFilterSpec with rules of Calico 3.32.
type BGPFilterSpec struct {
	ExportV4 []BGPFilterRuleV4 `json:"exportV4,omitempty"`
	ImportV4 []BGPFilterRuleV4 `json:"importV4,omitempty"`
	ExportV6 []BGPFilterRuleV6 `json:"exportV6,omitempty"`
	ImportV6 []BGPFilterRuleV6 `json:"importV6,omitempty"`
}

// BGPFilterRuleV4 is v3.BGPFilterRuleV4 with the fields of Calico 3.32.
type BGPFilterRuleV4 struct {
	v3.BGPFilterRuleV4 `json:",inline"`
	NewerRule          `json:",inline"`
}

// BGPFilterRuleV6 is v3.BGPFilterRuleV6 with the fields of Calico 3.32.
type BGPFilterRuleV6 struct {
	v3.BGPFilterRuleV6 `json:",inline"`
	NewerRule          `json:",inline"`
}

// NewerRule is the fields of a filter rule since Calico 3.32: four conditions, and what to do with an accepted route.
type NewerRule struct {
	PeerType     string                 `json:"peerType,omitempty"` // eBGP, iBGP
	Communities  *CommunityMatch        `json:"communities,omitempty"`
	ASPathPrefix []numorstring.ASNumber `json:"asPathPrefix,omitempty"`
	Priority     *int                   `json:"priority,omitempty"`
	Operations   []FilterOperation      `json:"operations,omitempty"`
}

// CommunityMatch matches a route with a community; Calico takes exactly one value.
type CommunityMatch struct {
	Values []string `json:"values"`
}

// FilterOperation changes an accepted route; exactly one field is set.
type FilterOperation struct {
	AddCommunity  *AddCommunity  `json:"addCommunity,omitempty"`
	PrependASPath *PrependASPath `json:"prependASPath,omitempty"`
	SetPriority   *SetPriority   `json:"setPriority,omitempty"`
}

// AddCommunity adds a standard (aa:nn) or large (aa:nn:mm) community.
type AddCommunity struct {
	Value string `json:"value"`
}

// PrependASPath puts AS numbers in front of the path, the first one foremost.
type PrependASPath struct {
	Prefix []numorstring.ASNumber `json:"prefix"`
}

// SetPriority sets the route's kernel priority, in FelixConfiguration's units.
type SetPriority struct {
	Value int `json:"value"`
}
