package conformance

import (
	"context"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// schema is a CRD's, as the API server judges by it: types and bounds, unknown fields, CEL rules.
type schema struct {
	structural *structural.Structural
	bounds     validation.SchemaValidator
	rules      *cel.Validator // nil: there are none
}

// readSchema reads the schema of the first version of a CRD that is in a file.
func readSchema(file string) (*schema, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(data, &crd); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var internal apiextensions.CustomResourceValidation
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(
		crd.Spec.Versions[0].Schema, &internal, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := &schema{}
	if s.structural, err = structural.NewStructural(internal.OpenAPIV3Schema); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if s.bounds, _, err = validation.NewSchemaValidator(internal.OpenAPIV3Schema); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	const perCall = 1 << 40 // no budget: what is judged is the object
	s.rules = cel.NewValidator(s.structural, true, perCall)
	return s, nil
}

// validate returns the first reason why the API server would refuse an object.
func (s *schema) validate(object map[string]any) error {
	object = runtime.DeepCopyJSON(object)
	if found := validation.ValidateCustomResource(nil, object, s.bounds); len(found) > 0 {
		return found[0]
	}
	if s.rules != nil {
		const budget = 1 << 50
		if found, _ := s.rules.Validate(context.Background(), nil, s.structural, object, nil, budget); len(found) > 0 {
			return found[0]
		}
	}
	unknown := pruning.PruneWithOptions(object, s.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if len(unknown) > 0 {
		return fmt.Errorf("unknown field %s", unknown[0])
	}
	return nil
}
