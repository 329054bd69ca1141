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
	Source: "GitGuardian, The State of Secrets Sprawl 2025; Cisco, Fact About Cisco Password Encryption (type 7)",
	Run: func(p *Pass) {
		w := stringWalk{visit: func(where []step, promise, value string) {
			kind := secret.KindOf(promise, value)
			if kind == "" {
				return
			}
			what := "a name below " + cmp.Or(string(pathOf(where[:len(where)-1])), "the topology")
			if label := where[len(where)-1].label; label != value {
				what = label
			}
			p.Reportf(pathOf(where), "%s looks like %s, which is not shown and must not be here", what, kind).
				WithHint(`take it out, and change it wherever it is used: a topology names the Secret that holds a password, {secret: "NAME", key: "KEY"}`)
		}}
		w.walk(reflect.ValueOf(p.Fabric.Model))
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
}

// walk visits the strings in v.
func (w *stringWalk) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	case reflect.Struct:
		if v.Type().PkgPath() == modelPackage { // else an address or the like
			w.fields(v)
		}
	case reflect.Map:
		w.entries(v)
	case reflect.Slice:
		if kind := v.Type().Elem().Kind(); kind != reflect.String && kind != reflect.Pointer && v.Type().Elem().PkgPath() != modelPackage {
			return
		}
		for i := range v.Len() {
			w.into(step{index: i}, v.Index(i), "")
		}
	}
}

var modelPackage = reflect.TypeFor[model.Topology]().PkgPath()

func (w *stringWalk) fields(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous || name == "-" { // its fields stand beside the others
			w.walk(v.Field(i))
			continue
		}
		w.into(step{label: name}, v.Field(i), "")
	}
}

// entries visits the labels of a map and what is below each. Those of a node's labels promise what the values are.
func (w *stringWalk) entries(v reflect.Value) {
	isPromise := w.where[len(w.where)-1].label == "labels"
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		at := step{label: key.String()}
		w.into(at, key, "")
		promise := ""
		if isPromise {
			promise = key.String()
		}
		w.into(at, v.MapIndex(key), promise)
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
