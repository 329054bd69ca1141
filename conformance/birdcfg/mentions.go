package birdcfg

import "net/netip"

// Mentions is what a filter and the functions that it calls compare routes with: where their decisions may change.
type Mentions struct {
	Prefixes   []PrefixRange
	Interfaces []string // patterns, as Match has them
}

// PrefixRange is the prefixes that lie in a prefix, or it in them, of some lengths.
type PrefixRange struct {
	Prefix    netip.Prefix
	Low, High int
}

// Mentions returns what the filter mentions, in the order of the text, with repetitions.
func (f *Filter) Mentions() Mentions {
	var m Mentions
	m.statements(f.body)
	return m
}

func (m *Mentions) statements(body []statement) {
	for _, s := range body {
		switch s := s.(type) {
		case *branch:
			m.expression(s.condition)
			m.statements(s.then)
			m.statements(s.otherwise)
		case *assignment:
			m.expression(s.value)
		case *addition:
			m.expression(s.value)
		case *returning:
			m.expression(s.value)
		case *calling:
			m.expression(s.call)
		}
	}
}

func (m *Mentions) expression(e expression) {
	switch e := e.(type) {
	case *unary:
		m.expression(e.operand)
	case *binary:
		m.expression(e.left)
		m.expression(e.right)
		if a, ok := e.left.(*attribute); ok && a.name == "ifname" {
			if c, ok := e.right.(*constant); ok {
				if pattern, ok := c.value.(string); ok {
					m.Interfaces = append(m.Interfaces, pattern)
				}
			}
		}
	case *call:
		for _, argument := range e.arguments {
			m.expression(argument)
		}
		m.statements(e.function.body)
	case *constant:
		switch v := e.value.(type) {
		case netip.Prefix:
			m.Prefixes = append(m.Prefixes, PrefixRange{v, v.Bits(), v.Addr().BitLen()})
		case prefixSet:
			for _, p := range v {
				m.Prefixes = append(m.Prefixes, PrefixRange{p.prefix, p.low, p.high})
			}
		}
	}
}
