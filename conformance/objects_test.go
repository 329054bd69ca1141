package conformance

import (
	"encoding/json"
	"errors"
	"fmt"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	strictjson "sigs.k8s.io/json"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// underTest is calicoRelease as topoc compares releases.
var underTest = fabric.Version{Major: 3, Minor: 31, Patch: 0}

// decodeCalico reads the JSON of an object of Calico's, of either API group, as the types of the release under test: a field that
// they don't have is an error, as it is to the API server and to calicoctl.
func decodeCalico(data []byte) (metav1.Object, error) {
	var meta metav1.TypeMeta
	if err := json.Unmarshal(data, &meta); err != nil {
		return nil, err
	}
	var object interface {
		metav1.Object
		metav1.ObjectMetaAccessor
	}
	switch meta.Kind {
	case v3.KindIPPool:
		object = &v3.IPPool{}
	case v3.KindBGPConfiguration:
		object = &v3.BGPConfiguration{}
	case v3.KindBGPPeer:
		object = &v3.BGPPeer{}
	case v3.KindBGPFilter:
		object = &v3.BGPFilter{}
	case v3.KindCalicoNodeStatus:
		object = &v3.CalicoNodeStatus{}
	default:
		return nil, fmt.Errorf("no kind of Calico's that topoc writes: %s", meta.Kind)
	}
	faults, err := strictjson.UnmarshalStrict(data, object)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, fmt.Errorf("%s %s: %w", meta.Kind, object.GetName(), err)
	}
	return object, nil
}

// calicoObjects returns everything that a cluster's Calico reads, in the order in which it is applied, as the types of the
// release under test: the pools that the operator creates are among them.
func calicoObjects(o *calico.Objects) ([]metav1.Object, error) {
	var written []any
	for _, p := range o.Pools() {
		written = append(written, p)
	}
	for _, f := range o.BGPFilters {
		written = append(written, f)
	}
	for _, p := range o.BGPPeers {
		written = append(written, p)
	}
	if o.BGPConfiguration != nil {
		written = append(written, o.BGPConfiguration)
	}
	for _, s := range o.CalicoNodeStatuses {
		written = append(written, s)
	}
	var objects []metav1.Object
	for _, object := range written {
		data, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		decoded, err := decodeCalico(data)
		if err != nil {
			return nil, err
		}
		objects = append(objects, decoded)
	}
	return objects, nil
}

// newerThanTest returns what the objects of c use that the release under test lacks.
func newerThanTest(c *fabric.Cluster) []calico.Gate {
	var newer []calico.Gate
	for _, gate := range calico.Compile(c).Gates() {
		if !underTest.AtLeast(gate.Since) {
			newer = append(newer, gate)
		}
	}
	return newer
}
