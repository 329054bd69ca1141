package calico

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/randfill"
)

// What tree makes of objects is what their JSON says, whatever is set in them.
func TestTreeIsTheObjectsJSON(t *testing.T) {
	filler := randfill.NewWithSeed(1).NilChance(0.3).NumElements(0, 3).MaxDepth(12).Funcs(
		func(s *InstallationSpec, c randfill.Continue) { // nothing sets the fields that others of the same name hide
			c.FillNoCustom(s)
			s.InstallationSpec.CalicoNetwork = nil
			if s.CalicoNetwork != nil {
				s.CalicoNetwork.CalicoNetworkSpec.IPPools = nil
			}
		})
	objects := reflect.TypeFor[Objects]()
	kinds := 0
	for i := range objects.NumField() {
		typ := objects.Field(i).Type
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Pointer || !objects.Field(i).IsExported() {
			continue
		}
		kinds++
		for range 200 {
			object := reflect.New(typ.Elem())
			if spec := object.Elem().FieldByName("Spec"); spec.IsValid() {
				filler.Fill(spec.Addr().Interface())
			}
			data, err := json.Marshal(object.Interface())
			if err != nil {
				t.Fatal(err)
			}
			made := tree(object.Interface())
			if !isWritten(made) {
				t.Errorf("%v has values that only the library writes: %v", typ, made)
			}
			tree, err := json.Marshal(made) // numbers are then of one type
			if err != nil {
				t.Fatal(err)
			}
			var got, want map[string]any
			if err := json.Unmarshal(tree, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%v: got\n%s\nwant\n%s", typ, tree, data)
			}
		}
	}
	if kinds < 6 {
		t.Errorf("%d kinds: the test is blind", kinds)
	}
}

// Structs inside of others are marked as such: what makes a tree of them takes them for fields in apimachinery 0.33, with which Calico's own
// code is built, and this package beside it.
func TestEmbeddedStructsAreInline(t *testing.T) {
	own := reflect.TypeFor[Objects]().PkgPath()
	embedded := 0
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			look(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				if typ.PkgPath() != own {
					continue
				}
				if f.Anonymous {
					embedded++
					if tag := f.Tag.Get("json"); strings.HasPrefix(tag+",", ",") && tag != ",inline" {
						t.Errorf("%v.%s has no json:\",inline\"", typ, f.Name)
					}
				}
				look(f.Type)
			}
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Installation](), reflect.TypeFor[BGPConfiguration](), reflect.TypeFor[BGPFilter]()} {
		look(typ)
	}
	if embedded < 8 {
		t.Errorf("%d embedded structs: the test is blind", embedded)
	}
}

// isWritten reports whether yamlWriter knows the types of all values.
func isWritten(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for _, inner := range v {
			if !isWritten(inner) {
				return false
			}
		}
	case []any:
		for _, inner := range v {
			if !isWritten(inner) {
				return false
			}
		}
	case nil: // pruned
	default:
		return (&yamlWriter{}).leaf(v) || reflect.TypeOf(v).Kind() == reflect.String
	}
	return true
}
