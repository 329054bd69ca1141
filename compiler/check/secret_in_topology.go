package check

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/internal/secret"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "secret-in-topology",
	Severity: diag.Error,
	Doc: `secret-in-topology: nothing in a topology may look like a password, a private key or a token

A topology lies in version control, and what it says goes on from there: labels of nodes to everybody who may list nodes,
descriptions and names to devices, findings to the logs of CI. GitGuardian counted 23.8 million new secrets in public
repositories in 2024; of those of 2022, 70 % were still valid three years later. The reversible forms of switches (type 7 of Cisco, $9$ of Junos,
cipher of Comware) are as good as clear text. What is found is not shown, here or by topoc show. Hexadecimal digits are never
taken for a secret.

Mend it by taking it out, and change it wherever it is used: the history of the file keeps it. A password of BGP belongs into a Secret
of Kubernetes, which a topology only names: password: {secret: "bgp", key: "tor"}. Where it is no secret, a waiver says so.`,
	Source: "GitGuardian, The State of Secrets Sprawl 2025; Cisco, Cisco IOS Password Encryption Facts (type 7)",
	Run: func(p *Pass) {
		type secretAt struct {
			where []step
			value string
			kind  string
		}
		var found []secretAt
		w := stringWalk{visit: func(where []step, promise, value string) {
			if kind := secret.KindOf(promise, value); kind != "" {
				found = append(found, secretAt{slices.Clone(where), value, kind})
			}
		}}
		w.walk(reflect.ValueOf(p.Fabric.Model))
		slices.SortFunc(found, func(a, b secretAt) int { return cmp.Compare(pathOf(a.where), pathOf(b.where)) })
		for _, s := range found {
			what := "a name below " + cmp.Or(string(pathOf(s.where[:len(s.where)-1])), "the topology")
			if label := s.where[len(s.where)-1].label; label != s.value {
				what = label
			}
			p.Reportf(pathOf(s.where), "%s looks like %s, which is not shown and must not be here", what, s.kind).
				WithHint(`take it out, and change it wherever it is used: a topology names the Secret that holds a password, {secret: "NAME", key: "KEY"}`)
		}
	},
})

// step leads from a value to one that it holds.
type step struct {
	label string // of a field
	index int    // of an element of a list, from 0, where label is empty
}

// pathOf returns the path that steps lead along.
func pathOf(steps []step) source.Path {
	at := source.Path("")
	for _, s := range steps {
		if s.label == "" {
			at = at.Index(s.index)
		} else {
			at = at.Field(s.label)
		}
	}
	return at
}

// stringWalk visits every string of a model: values, and labels that the user chose. A path is made of where only for what is found:
// there are far more strings than findings.
type stringWalk struct {
	where []step // in the value at hand; shared, not to be kept
	visit func(where []step, promise, value string)
	plans map[reflect.Type][]fieldPlan // of structs, as far as met
}

// fieldPlan is a field of a struct that strings may be in.
type fieldPlan struct {
	index int
	name  string // in the language; empty: its fields stand beside the others
}

// walk visits the strings in v.
func (w *stringWalk) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	case reflect.Struct:
		for _, f := range w.planOf(v.Type()) {
			if f.name == "" {
				w.walk(v.Field(f.index))
			} else {
				w.into(step{label: f.name}, v.Field(f.index), "")
			}
		}
	case reflect.Map:
		w.entries(v)
	case reflect.Slice:
		for i := range v.Len() {
			w.into(step{index: i}, v.Index(i), "")
		}
	}
}

// planOf returns the fields of a struct that strings may be in.
func (w *stringWalk) planOf(t reflect.Type) []fieldPlan {
	plan, ok := w.plans[t]
	if ok {
		return plan
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous || name == "-" {
			name = ""
		}
		if mayHoldStrings(field.Type) {
			plan = append(plan, fieldPlan{i, name})
		}
	}
	if w.plans == nil {
		w.plans = map[reflect.Type][]fieldPlan{}
	}
	w.plans[t] = plan
	return plan
}

// mayHoldStrings reports whether a type of the model is a string or has some: addresses, numbers and times don't.
func mayHoldStrings(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Map:
		return true
	case reflect.Pointer, reflect.Slice:
		return mayHoldStrings(t.Elem())
	case reflect.Struct:
		return t.PkgPath() == modelPackage
	}
	return false
}

var modelPackage = reflect.TypeFor[model.Topology]().PkgPath()

// entries visits the labels of a map and what is below each, in any order. Those of a node's labels promise what the values are.
func (w *stringWalk) entries(v reflect.Value) {
	isPromise := w.where[len(w.where)-1].label == "labels"
	isDeep := mayHoldStrings(v.Type().Elem())
	key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem() // for all entries: there are as many as labels
	for entries := v.MapRange(); entries.Next(); {
		key.SetIterKey(entries)
		at, promise := step{label: key.String()}, ""
		if isPromise {
			promise = at.label
		}
		w.into(at, key, "")
		if isDeep {
			value.SetIterValue(entries)
			w.into(at, value, promise)
		}
	}
}

// into visits a value one step further.
func (w *stringWalk) into(s step, v reflect.Value, promise string) {
	w.where = append(w.where, s)
	if v.Kind() == reflect.String {
		w.visit(w.where, promise, v.String())
	} else {
		w.walk(v)
	}
	w.where = w.where[:len(w.where)-1]
}
