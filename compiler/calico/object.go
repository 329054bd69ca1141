package calico

import (
	"reflect"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// object appends a Kubernetes object, a pointer, with the end of its last line. Nearly all that objects say beside their specs is a name
// and labels, and for that they need not become trees, of which the metadata would be the larger part.
func (w *yamlWriter) object(object any) {
	start := len(w.text)
	if parts, isUsual := partsOf(object); isUsual && w.head(parts) && w.spec(parts) {
		return
	}
	w.text = w.text[:start]
	w.tree(prune(tree(object)))
}

// objectParts is what is printed of a usual object.
type objectParts struct {
	kind *metav1.TypeMeta
	meta *metav1.ObjectMeta
	spec any // a pointer; nil: the object has none
}

// partsOf takes an object apart. An unusual one has fields beside these and a status, or more metadata than head prints.
func partsOf(object any) (p objectParts, isUsual bool) {
	v := reflect.ValueOf(object).Elem()
	for i := range v.NumField() {
		switch field := v.Field(i).Addr().Interface().(type) {
		case *metav1.TypeMeta:
			p.kind = field
		case *metav1.ObjectMeta:
			p.meta = field
		default:
			switch v.Type().Field(i).Name {
			case "Spec":
				p.spec = field
			case "Status":
			default:
				return objectParts{}, false
			}
		}
	}
	return p, p.kind != nil && p.kind.APIVersion != "" && p.kind.Kind != "" && p.meta != nil && p.meta.Name != "" && !saysMore(p.meta)
}

// saysMore reports whether there is metadata that head does not print.
func saysMore(meta *metav1.ObjectMeta) bool {
	v := reflect.ValueOf(meta).Elem()
	for _, i := range furtherMetadata() {
		if !v.Field(i).IsZero() {
			return true
		}
	}
	return false
}

// furtherMetadata returns the fields of ObjectMeta that head does not print.
var furtherMetadata = sync.OnceValue(func() (fields []int) {
	typ := reflect.TypeFor[metav1.ObjectMeta]()
	for i := range typ.NumField() {
		switch typ.Field(i).Name {
		case "Annotations", "Labels", "Name", "Namespace":
		default:
			fields = append(fields, i)
		}
	}
	return fields
})

// head appends what comes before the spec. Like spec it returns false as mapping does.
func (w *yamlWriter) head(p objectParts) bool {
	isSure := w.entry("apiVersion: ", p.kind.APIVersion) && w.entry("kind: ", p.kind.Kind)
	w.text = append(w.text, "metadata:\n"...)
	for _, m := range [...]struct {
		key     string
		entries map[string]string
	}{{"  annotations:\n    ", p.meta.Annotations}, {"  labels:\n    ", p.meta.Labels}} {
		if len(m.entries) > 0 && isSure {
			w.text = append(w.text, m.key...)
			isSure = w.strings(m.entries, 4)
		}
	}
	return isSure && w.entry("  name: ", p.meta.Name) && (p.meta.Namespace == "" || w.entry("  namespace: ", p.meta.Namespace))
}

// entry appends a line with a string.
func (w *yamlWriter) entry(key, value string) bool {
	w.text = append(w.text, key...)
	isSure := w.scalar(value)
	w.text = append(w.text, '\n')
	return isSure
}

func (w *yamlWriter) spec(p objectParts) bool {
	if p.spec == nil {
		return true
	}
	w.text = append(w.text, "spec:"...)
	return w.member(pruned(tree(p.spec)), 0)
}
