package show

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"topoc/compiler/model"
)

// encode turns Go data whose json tags are the names of the language into a Value. It differs from encoding/json in this:
// fields keep the order of their declaration, a bool is always there (false is a default too), everything else that is empty
// is left out, but a list that is empty and not nil says something: "none", where leaving it out says "the default".
func encode(data any) Value {
	v, ok := encodeValue(reflect.ValueOf(data))
	if !ok {
		return Value{Kind: Struct}
	}
	return v
}

// encodeValue reports false for what is absent.
func encodeValue(v reflect.Value) (Value, bool) {
	if text, ok := v.Interface().(encoding.TextMarshaler); ok && v.Kind() != reflect.Pointer {
		if v.IsZero() {
			return Value{}, false
		}
		b, err := text.MarshalText()
		if err != nil {
			panic(fmt.Sprintf("show: %v: %v", v.Type(), err)) // addresses and durations
		}
		return literal(string(b)), true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return Value{}, false
		}
		return encodeValue(v.Elem())
	case reflect.Struct:
		return encodeStruct(v), true
	case reflect.Map:
		return encodeMap(v), v.Len() > 0
	case reflect.Slice:
		out := Value{Kind: List}
		for i := range v.Len() {
			item, _ := encodeValue(v.Index(i))
			out.Items = append(out.Items, item)
		}
		return out, !v.IsNil()
	}
	return literal(v.Interface()), true
}

func encodeStruct(v reflect.Value) Value {
	out := Value{Kind: Struct}
	if v.Type() == reflect.TypeFor[model.Link]() {
		out = encodeMap(v.FieldByName("Ends")) // a link's ends stand beside its other fields
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			out.Fields = append(out.Fields, encodeStruct(v.Field(i)).Fields...)
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || options != "" && v.Field(i).IsZero() && field.Type.Kind() != reflect.Bool {
			continue
		}
		if value, ok := encodeValue(v.Field(i)); ok {
			out.Fields = append(out.Fields, Field{name, value})
		}
	}
	return out
}

func encodeMap(v reflect.Value) Value {
	out := Value{Kind: Struct}
	for _, key := range v.MapKeys() {
		value, ok := encodeValue(v.MapIndex(key))
		if ok {
			out.Fields = append(out.Fields, Field{key.String(), value})
		}
	}
	slices.SortFunc(out.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// literal returns a string, number or bool as a scalar. Its JSON form is read alike by JSON, CUE and YAML.
func literal(v any) Value {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("show: %T: %v", v, err))
	}
	return Value{Literal: escaped(strings.TrimSuffix(b.String(), "\n"))}
}

// escaped writes the characters of a JSON literal that YAML or CUE refuses in a file, or that no reader sees, by their numbers.
func escaped(literal string) string {
	if !strings.ContainsFunc(literal, isUnseen) {
		return literal
	}
	var b strings.Builder
	for _, r := range literal {
		if isUnseen(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isUnseen reports whether a character of the basic plane is none that is printed: a control or format character, a byte order mark,
// no character at all.
func isUnseen(r rune) bool {
	return r <= 0xffff && (unicode.In(r, unicode.Cc, unicode.Cf) || r == 0xfffe || r == 0xffff)
}
