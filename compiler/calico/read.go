package calico

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	operatorv1 "github.com/tigera/operator/api/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// NodeConfigurationPrefix is what the name of a BGPConfiguration for one node has before the node's.
const NodeConfigurationPrefix = "node."

// Read adds the objects of a YAML file, as Files made it or as somebody edited it since, to o. Kinds that Objects has no
// place for, such as a Kustomization, are passed over. A field that the kind doesn't have is an error, since whoever wrote
// it expects something of it; so is a second object where there is one.
func (o *Objects) Read(data []byte) error {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read objects: %w", err)
		}
		if err := o.readDocument(document); err != nil {
			return err
		}
	}
}

func (o *Objects) readDocument(document []byte) error {
	var meta metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(document, &meta); err != nil {
		return fmt.Errorf("read objects: %w", err)
	}
	var err error
	switch meta.Kind {
	case "Installation":
		err = readOne(document, &o.Installation)
	case "APIServer":
		err = readOne(document, &o.APIServer)
	case v3.KindIPPool:
		err = readNext(document, &o.IPPools)
	case v3.KindBGPConfiguration:
		if strings.HasPrefix(meta.Name, NodeConfigurationPrefix) {
			err = readNext(document, &o.NodeConfigurations)
		} else {
			err = readOne(document, &o.BGPConfiguration)
		}
	case v3.KindBGPPeer:
		err = readNext(document, &o.BGPPeers)
	case v3.KindBGPFilter:
		err = readNext(document, &o.BGPFilters)
	case v3.KindCalicoNodeStatus:
		err = readNext(document, &o.CalicoNodeStatuses)
	case "Role":
		err = readOne(document, &o.Role)
	case "RoleBinding":
		err = readOne(document, &o.RoleBinding)
	case "Node":
		o.Nodes = append(o.Nodes, &meta)
	}
	if err != nil {
		return fmt.Errorf("read %s %s: %w", meta.Kind, meta.Name, err)
	}
	return nil
}

// object is the kinds that are decoded.
type object interface {
	Installation | operatorv1.APIServer | v3.IPPool | BGPConfiguration | v3.BGPPeer | BGPFilter |
		v3.CalicoNodeStatus | rbacv1.Role | rbacv1.RoleBinding
}

func readOne[T object](document []byte, into **T) error {
	if *into != nil {
		return errors.New("there is one already")
	}
	*into = new(T)
	return decode(document, *into)
}

func readNext[T object](document []byte, into *[]*T) error {
	next := new(T)
	*into = append(*into, next)
	return decode(document, next)
}

// decode is strict as the Kubernetes API is: names of fields count by case, which encoding/json's don't, each once.
func decode(document []byte, into any) error {
	data, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	faults, err := json.UnmarshalStrict(data, into)
	return errors.Join(append(faults, err)...)
}
