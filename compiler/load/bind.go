package load

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"sync"

	"topoc/compiler/model"
)

// plan is a type of the schema bound to the Go type that holds its values. Immutable once made.
type plan struct {
	typ    *schemaType
	goType reflect.Type
	set    func(dst reflect.Value, v value) // scalars: stores a value that the schema accepts
	elem   *plan                            // lists, maps, and the further labels of a struct
	rest   []int                            // structs with further labels: the map that collects them
	fields []planField                      // in the schema's order
	byName map[string]int                   // index into fields
}

type planField struct {
	schemaField
	plan  *plan
	index []int // of the Go field
}

// topologyPlan binds the embedded schema to the model. It is made at first use.
var topologyPlan = sync.OnceValue(func() *plan {
	b := &binder{plans: map[planKey]*plan{}}
	p, err := b.bind(embeddedSchema()["#Topology"], reflect.TypeFor[model.Topology]())
	if err != nil {
		panic("load: schema and model differ: " + err.Error())
	}
	return p
})

type planKey struct {
	typ    *schemaType
	goType reflect.Type
}

type binder struct{ plans map[planKey]*plan }

// bind pairs a schema type with a Go type. A pointer type holds what its element type does.
func (b *binder) bind(typ *schemaType, goType reflect.Type) (*plan, error) {
	if goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	key := planKey{typ, goType}
	if p, ok := b.plans[key]; ok {
		return p, nil
	}
	p := &plan{typ: typ, goType: goType}
	b.plans[key] = p
	var err error
	switch {
	case typ.form == scalarForm && setters[goType] != nil:
		p.set = setters[goType]
	case typ.form == listForm && goType.Kind() == reflect.Slice, typ.form == mapForm && goType.Kind() == reflect.Map:
		p.elem, err = b.bind(typ.elem, goType.Elem())
	case typ.form == structForm && goType.Kind() == reflect.Struct:
		err = b.bindStruct(p)
	default:
		err = fmt.Errorf("%s cannot be held by a %v", typ.name, goType)
	}
	return p, err
}

func (b *binder) bindStruct(p *plan) error {
	goFields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(p.goType) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			goFields[name] = f
		}
	}
	p.byName = make(map[string]int, len(p.typ.fields))
	for i, sf := range p.typ.fields {
		gf, ok := goFields[sf.name]
		if !ok {
			return fmt.Errorf("%v has no field for %s.%s", p.goType, p.typ.name, sf.name)
		}
		fp, err := b.bind(sf.typ, gf.Type)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", p.typ.name, sf.name, err)
		}
		p.fields = append(p.fields, planField{schemaField: sf, plan: fp, index: gf.Index})
		p.byName[sf.name] = i
	}
	if p.typ.label == nil {
		return nil
	}
	rest, ok := goFields["-"] // the model's mark for "all other labels"
	if !ok || rest.Type.Kind() != reflect.Map {
		return fmt.Errorf("%v has no map for the further labels of %s", p.goType, p.typ.name)
	}
	p.rest = rest.Index
	var err error
	p.elem, err = b.bind(p.typ.elem, rest.Type.Elem())
	return err
}

// setters store an accepted scalar, by Go type. The schema has judged the value, so parsing cannot fail; a test holds the
// schema to that.
var setters = map[reflect.Type]func(reflect.Value, value){
	reflect.TypeFor[string](): func(dst reflect.Value, v value) { dst.SetString(v.str()) },
	reflect.TypeFor[bool]():   func(dst reflect.Value, v value) { dst.SetBool(v.boolean()) },
	reflect.TypeFor[int]():    func(dst reflect.Value, v value) { dst.SetInt(mustInteger(v)) },
	reflect.TypeFor[uint16](): func(dst reflect.Value, v value) { dst.SetUint(uint64(mustInteger(v))) },
	reflect.TypeFor[netip.Prefix](): func(dst reflect.Value, v value) {
		*dst.Addr().Interface().(*netip.Prefix) = must(netip.ParsePrefix(v.str()))
	},
	reflect.TypeFor[netip.Addr](): func(dst reflect.Value, v value) {
		*dst.Addr().Interface().(*netip.Addr) = must(netip.ParseAddr(v.str()))
	},
	reflect.TypeFor[model.ASN](): func(dst reflect.Value, v value) {
		if v.kind() == stringKind {
			dst.SetUint(uint64(must(model.ParseASN(v.str()))))
			return
		}
		dst.SetUint(uint64(mustInteger(v)))
	},
	reflect.TypeFor[model.Duration](): func(dst reflect.Value, v value) {
		dst.SetInt(int64(must(model.ParseDuration(v.str()))))
	},
}

func mustInteger(v value) int64 {
	n, ok := v.integer()
	if !ok {
		panic("load: the schema let an integer pass that doesn't fit: " + v.describe())
	}
	return n
}

func must[T any](x T, err error) T {
	if err != nil {
		panic("load: the schema let a value pass that cannot be parsed: " + err.Error())
	}
	return x
}
