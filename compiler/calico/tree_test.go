package calico

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	for _, typ := range kindsOfObjects(t) {
		for range 200 {
			object := reflect.New(typ)
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
}

// kindsOfObjects returns the structs of all that Calico is told.
func kindsOfObjects(t *testing.T) (kinds []reflect.Type) {
	objects := reflect.TypeFor[Objects]()
	for i := range objects.NumField() {
		typ := objects.Field(i).Type
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Pointer && objects.Field(i).IsExported() {
			kinds = append(kinds, typ.Elem())
		}
	}
	if len(kinds) < 6 {
		t.Fatalf("%d kinds: the test is blind", len(kinds))
	}
	return kinds
}

// An object is written as its tree is, whether it is taken apart or not.
func TestObjectsAreWrittenAsTheirTrees(t *testing.T) {
	words := []string{"a", "default", "all()", "true", "10.0.0.0/8", "64512", "a b: c", "", "é"}
	filler := randfill.NewWithSeed(1).NilChance(0.5).NumElements(0, 2).MaxDepth(8).Funcs(
		func(s *string, c randfill.Continue) { *s = words[c.Intn(len(words))] },
		func(f *metav1.FieldsV1, _ randfill.Continue) { f.Raw = []byte("{}") },
	)
	usual := 0
	for _, typ := range kindsOfObjects(t) {
		for n := range 300 {
			object := reflect.New(typ)
			for i := range typ.NumField() {
				switch field := object.Elem().Field(i).Addr().Interface().(type) {
				case *metav1.ObjectMeta:
					if filler.Fill(field); n%2 == 0 {
						*field = metav1.ObjectMeta{Name: field.Name, Namespace: field.Namespace, Labels: field.Labels, Annotations: field.Annotations}
					}
				default:
					filler.Fill(field)
				}
			}
			if _, isUsual := partsOf(object.Interface()); isUsual {
				usual++
			}
			whole := prune(tree(object.Interface()))
			var w yamlWriter
			if w.object(object.Interface()); isOrdered(whole) && string(w.text) != string(byLibrary(whole)) {
				t.Fatalf("got\n%s\nwant\n%s", w.text, byLibrary(whole))
			}
		}
	}
	if usual < 500 {
		t.Errorf("%d objects are usual: the test is blind", usual)
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
