package show

import (
	"encoding/json"
	"strings"

	"topoc/compiler/internal/secret"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// secretCheck is the check that finds secrets: what a waiver of it accepts is shown.
const secretCheck = "secret-in-topology"

// discreet returns v without what looks like a secret in its strings and labels. A string that a waiver accepts is shown wherever it
// stands, as what is derived of it is elsewhere.
func discreet(v Value, waivers []*model.Waiver) Value {
	h := &hider{accepted: map[string]bool{}}
	for _, w := range waivers {
		if w.Check == secretCheck {
			h.accept(v, "", source.Path(w.At))
		}
	}
	return h.hide(v, "")
}

type hider struct {
	accepted map[string]bool
}

// accept notes the strings and labels of v, which is at a path, that lie below a prefix.
func (h *hider) accept(v Value, at, prefix source.Path) {
	if !at.Has(prefix) && !prefix.Has(at) {
		return
	}
	if text, ok := v.text(); ok && at.Has(prefix) {
		h.accepted[text] = true
	}
	for _, f := range v.Fields {
		below := at.Field(f.Name)
		if below.Has(prefix) {
			h.accepted[f.Name] = true
		}
		h.accept(f.Value, below, prefix)
	}
	for i, item := range v.Items {
		h.accept(item, at.Index(i), prefix)
	}
}

// hide returns v, whose label is given, without secrets. It copies what it changes. The label of a string promises what it is where the
// user chose it: of labels of nodes.
func (h *hider) hide(v Value, label string) Value {
	out := Value{Kind: v.Kind, Literal: v.Literal}
	for _, f := range v.Fields {
		promise := ""
		if label == "labels" {
			promise = f.Name
		}
		name, value := f.Name, h.hide(f.Value, f.Name)
		if masked := h.hidden(name, ""); masked != "" {
			name = masked
		}
		if text, ok := f.Value.text(); ok {
			if masked := h.hidden(text, promise); masked != "" {
				value = literal(masked)
			}
		}
		out.Fields = append(out.Fields, Field{name, value})
	}
	for _, item := range v.Items {
		if text, ok := item.text(); ok && h.hidden(text, "") != "" {
			item = literal(h.hidden(text, ""))
		}
		out.Items = append(out.Items, h.hide(item, ""))
	}
	return out
}

// hidden returns what is shown in the place of a text with a secret; empty: there is none in it.
func (h *hider) hidden(text, promise string) string {
	switch {
	case h.accepted[text] || secret.KindOf(promise, text) == "":
		return ""
	case secret.Kind(text) == "":
		return secret.Hidden
	}
	return secret.Masked(text)
}

// text returns the text of a string.
func (v Value) text() (string, bool) {
	if v.Kind != Scalar || !strings.HasPrefix(v.Literal, `"`) {
		return "", false
	}
	var text string
	if err := json.Unmarshal([]byte(v.Literal), &text); err != nil {
		panic("show: " + v.Literal + ": " + err.Error())
	}
	return text, true
}
