package topogen

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// value is a part of a topology that is being made: a literal, a list or a struct.
type value struct {
	label    string // of a field; empty in a list
	kind     valueKind
	literal  string // CUE, of a literal
	children []*value
}

type valueKind uint8

const (
	structValue valueKind = iota
	listValue
	literalValue
)

// in returns the struct of that label, which it makes where there is none.
func (v *value) in(labels ...string) *value {
	for _, label := range labels {
		found := v.field(label)
		if found == nil {
			found = &value{label: label}
			v.children = append(v.children, found)
		}
		v = found
	}
	return v
}

// field returns the field of that label, or nil.
func (v *value) field(label string) *value {
	for _, c := range v.children {
		if c.label == label {
			return c
		}
	}
	return nil
}

// set adds a field: a string, a prefix, an address, a number, a bool or a slice of strings. A field that is set twice is a
// mistake of the generator.
func (v *value) set(label string, x any) {
	if v.field(label) != nil {
		panic("topogen: " + label + " is set twice")
	}
	v.children = append(v.children, &value{label: label, kind: literalValue})
	field := v.children[len(v.children)-1]
	switch x := x.(type) {
	case string:
		field.literal = strconv.Quote(x)
	case netip.Prefix, netip.Addr:
		field.literal = strconv.Quote(fmt.Sprint(x))
	case []string:
		field.kind = listValue
		for _, item := range x {
			field.children = append(field.children, &value{kind: literalValue, literal: strconv.Quote(item)})
		}
	default:
		field.literal = fmt.Sprint(x)
	}
}

// add appends a struct to the list of that label, and returns it.
func (v *value) add(label string) *value {
	list := v.in(label)
	list.kind = listValue
	item := &value{}
	list.children = append(list.children, item)
	return item
}

var identifier = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// text prints the fields of a struct, one to a line, such that readValue reads them.
func (v *value) text() []byte {
	var b bytes.Buffer
	for _, c := range v.children {
		c.print(&b, "")
	}
	return b.Bytes()
}

// print prints a field or an item of a list.
func (v *value) print(b *bytes.Buffer, indent string) {
	b.WriteString(indent)
	isItem, end := v.label == "", "\n"
	switch {
	case isItem:
		end = ",\n"
	case identifier.MatchString(v.label):
		b.WriteString(v.label + ": ")
	default:
		b.WriteString(strconv.Quote(v.label) + ": ")
	}
	switch {
	case v.kind == literalValue:
		b.WriteString(v.literal)
	case v.kind == listValue && (len(v.children) == 0 || v.children[0].kind == literalValue):
		var items []string
		for _, c := range v.children {
			items = append(items, c.literal)
		}
		b.WriteString("[" + strings.Join(items, ", ") + "]")
	default:
		brackets := [2]string{"{", "}"}
		if v.kind == listValue {
			brackets = [2]string{"[", "]"}
		}
		b.WriteString(brackets[0] + "\n")
		for _, c := range v.children {
			c.print(b, indent+"\t")
		}
		b.WriteString(indent + brackets[1])
	}
	b.WriteString(end)
}

// readValue reads what text prints, and nothing else of CUE: one field or item to a line, lists of literals in one line, no
// comments, no comma within an item of such a list.
func readValue(text []byte) (*value, error) {
	root := &value{}
	open := []*value{root}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		line = strings.TrimSuffix(strings.TrimSpace(line), ",")
		if line == "}" || line == "]" {
			if open = open[:len(open)-1]; len(open) == 0 {
				return nil, fmt.Errorf("topogen: line %d closes what nothing opened", i+1)
			}
			continue
		}
		at := open[len(open)-1]
		field := &value{}
		if at.kind == structValue {
			var err error
			if field.label, line, err = cutLabel(line); err != nil {
				return nil, fmt.Errorf("topogen: line %d: %w", i+1, err)
			}
		}
		at.children = append(at.children, field)
		switch {
		case line == "{":
			open = append(open, field)
		case line == "[":
			field.kind = listValue
			open = append(open, field)
		case strings.HasPrefix(line, "["):
			field.kind = listValue
			for item := range strings.SplitSeq(strings.Trim(line, "[]"), ", ") {
				if item != "" {
					field.children = append(field.children, &value{kind: literalValue, literal: item})
				}
			}
		default:
			field.kind, field.literal = literalValue, line
		}
	}
	if len(open) != 1 {
		return nil, fmt.Errorf("topogen: %d structs or lists are not closed", len(open)-1)
	}
	return root, nil
}

// cutLabel splits a line into a field's label and its value.
func cutLabel(line string) (label, rest string, err error) {
	label, rest, isField := strings.Cut(line, ": ")
	if quoted, err := strconv.QuotedPrefix(line); err == nil {
		label = quoted[1 : len(quoted)-1]
		rest, isField = strings.CutPrefix(line[len(quoted):], ": ")
	}
	if !isField {
		return "", "", fmt.Errorf("%q is no field", line)
	}
	return label, rest, nil
}
