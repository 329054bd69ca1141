package birdcfg

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
)

// Run passes a route through the filter, which changes it, and reports whether it accepts the route. An error is one of BIRD's
// at run time, such as a comparison with an attribute that the route lacks: BIRD would log it and reject the route.
func (f *Filter) Run(r *Route) (bool, error) {
	m := &machine{route: r}
	err := m.all(f.body)
	var end *decision
	switch {
	case errors.As(err, &end):
		return end.accepts, nil
	case err != nil:
		return false, err
	}
	return false, fmt.Errorf("filter %s ends without accept or reject", f.Name)
}

// machine runs one filter on one route.
type machine struct {
	route     *Route
	variables map[string]value // of the function that runs
}

// decision ends a filter, result a function.
type (
	decision struct{ accepts bool }
	result   struct{ value value }
)

func (*decision) Error() string { return "a decision" }
func (*result) Error() string   { return "a result" }

func (m *machine) all(body []statement) error {
	for _, s := range body {
		if err := s.run(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *verdict) run(*machine) error { return &decision{s.accepts} }

func (s *printing) run(m *machine) error {
	for _, term := range s.terms {
		if _, err := term.eval(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *branch) run(m *machine) error {
	condition, err := s.condition.eval(m)
	if err != nil {
		return err
	}
	holds, isBool := condition.(bool)
	switch {
	case !isBool:
		return s.at.errorf("the condition is %s, not bool", kindOf(condition))
	case holds:
		return m.all(s.then)
	}
	return m.all(s.otherwise)
}

func (s *returning) run(m *machine) error {
	v, err := s.value.eval(m)
	if err != nil {
		return err
	}
	return &result{v}
}

func (s *calling) run(m *machine) error {
	_, err := s.call.eval(m)
	return err
}

func (s *assignment) run(m *machine) error {
	v, err := s.value.eval(m)
	if err != nil {
		return err
	}
	if _, isVariable := m.variables[s.name]; isVariable {
		m.variables[s.name] = v
		return nil
	}
	ok := false
	switch s.name {
	case "preference":
		m.route.Preference, ok = v.(uint32)
	case "bgp_local_pref":
		var n uint32
		n, ok = v.(uint32)
		m.route.LocalPref = &n
	case "krt_metric":
		var n uint32
		n, ok = v.(uint32)
		m.route.Metric = &n
	case "krt_tunnel":
		var name string
		name, ok = v.(string)
		m.route.Tunnel = &name
	case "bgp_next_hop":
		m.route.NextHop, ok = v.(netip.Addr)
	}
	if !ok {
		return s.at.errorf("%s does not take a value of type %s", s.name, kindOf(v))
	}
	return nil
}

// run replaces lists, which others may share.
func (s *addition) run(m *machine) error {
	v, err := s.value.eval(m)
	if err != nil {
		return err
	}
	r := m.route
	switch v := v.(type) {
	case uint32:
		if s.attribute == "bgp_path" && r.ASPath != nil {
			r.ASPath = slices.Concat([]uint32{v}, r.ASPath)
			return nil
		}
	case Community:
		if s.attribute == "bgp_community" {
			r.Communities = addOnce(r.Communities, v)
			return nil
		}
	case LargeCommunity:
		if s.attribute == "bgp_large_community" {
			r.LargeCommunities = addOnce(r.LargeCommunities, v)
			return nil
		}
	}
	return s.at.errorf("%s.%s does not take a value of type %s", s.attribute, s.verb, kindOf(v))
}

// addOnce adds to a set at its end (nest/a-set.c).
func addOnce[T comparable](set []T, v T) []T {
	if slices.Contains(set, v) {
		return set
	}
	return append(slices.Clip(set), v)
}

func (e *constant) eval(*machine) (value, error) { return e.value, nil }

func (e *variable) eval(m *machine) (value, error) { return m.variables[e.name], nil }

func (e *attribute) eval(m *machine) (value, error) {
	r := m.route
	switch e.name {
	case "net":
		return r.Net, nil
	case "source":
		return r.Source, nil
	case "ifname":
		return r.Interface, nil
	case "preference":
		return r.Preference, nil
	case "bgp_next_hop":
		if r.NextHop.IsValid() {
			return r.NextHop, nil
		}
	case "bgp_local_pref":
		return optional(r.LocalPref), nil
	case "krt_metric":
		return optional(r.Metric), nil
	case "krt_tunnel":
		return optional(r.Tunnel), nil
	case "bgp_path":
		if r.ASPath != nil {
			return asPath(r.ASPath), nil
		}
	case "bgp_community":
		return communities(r.Communities), nil
	case "bgp_large_community":
		return largeCommunities(r.LargeCommunities), nil
	}
	return nil, nil
}

func optional[T any](v *T) value {
	if v == nil {
		return nil
	}
	return *v
}

func (e *call) eval(m *machine) (value, error) {
	variables := map[string]value{}
	for i, argument := range e.arguments {
		v, err := argument.eval(m)
		if err != nil {
			return nil, err
		}
		if want := e.function.parameters[i]; kindOf(v) != want.kind {
			return nil, e.at.errorf("parameter %s of %s is of type %s, not %s", want.name, e.function.name, want.kind, kindOf(v))
		}
		variables[e.function.parameters[i].name] = v
	}
	outer := m.variables
	m.variables = variables
	err := m.all(e.function.body)
	m.variables = outer
	var end *result
	if errors.As(err, &end) {
		return end.value, nil
	}
	return nil, err
}

func (e *unary) eval(m *machine) (value, error) {
	v, err := e.operand.eval(m)
	if err != nil || e.operator == "defined" {
		return v != nil, err
	}
	b, isBool := v.(bool)
	if !isBool {
		return nil, e.at.errorf("! is applied to %s, not bool", kindOf(v))
	}
	return !b, nil
}

func (e *tuple) eval(m *machine) (value, error) {
	var numbers []uint32
	for _, item := range e.items {
		v, err := item.eval(m)
		if err != nil {
			return nil, err
		}
		n, isNumber := v.(uint32)
		if !isNumber {
			return nil, e.at.errorf("a community has %s, not int", kindOf(v))
		}
		numbers = append(numbers, n)
	}
	const most = 1<<16 - 1
	if len(numbers) == 3 {
		return LargeCommunity(numbers), nil
	}
	if numbers[0] > most || numbers[1] > most {
		return nil, e.at.errorf("the numbers of a community are at most %d", most)
	}
	return Community{uint16(numbers[0]), uint16(numbers[1])}, nil
}

func (e *binary) eval(m *machine) (value, error) {
	left, err := e.left.eval(m)
	if err != nil {
		return nil, err
	}
	if e.operator == "&&" || e.operator == "||" {
		return e.logical(m, left)
	}
	right, err := e.right.eval(m)
	if err != nil {
		return nil, err
	}
	switch e.operator {
	case "=":
		return reflect.DeepEqual(left, right), nil
	case "!=":
		return !reflect.DeepEqual(left, right), nil
	case "~", "!~":
		isIn, isKnown := within(left, right)
		if !isKnown {
			return nil, e.at.errorf("%s is applied to %s (%v) and %s (%v)", e.operator, kindOf(left), left, kindOf(right), right)
		}
		return isIn == (e.operator == "~"), nil
	}
	return e.arithmetic(left, right)
}

// logical asks for the right side only where the left one leaves it open.
func (e *binary) logical(m *machine, left value) (value, error) {
	l, isBool := left.(bool)
	if !isBool {
		return nil, e.at.errorf("%s is applied to %s, not bool", e.operator, kindOf(left))
	}
	if l == (e.operator == "||") {
		return l, nil
	}
	right, err := e.right.eval(m)
	if err != nil {
		return nil, err
	}
	r, isBool := right.(bool)
	if !isBool {
		return nil, e.at.errorf("%s is applied to %s, not bool", e.operator, kindOf(right))
	}
	return r, nil
}

func (e *binary) arithmetic(left, right value) (value, error) {
	l, isLeft := left.(uint32)
	r, isRight := right.(uint32)
	if !isLeft || !isRight {
		return nil, e.at.errorf("%s is applied to %s and %s, not to two of int", e.operator, kindOf(left), kindOf(right))
	}
	switch e.operator {
	case "+":
		return l + r, nil
	case "-":
		return l - r, nil
	case "*":
		return l * r, nil
	case "<":
		return l < r, nil
	case "<=":
		return l <= r, nil
	case ">":
		return l > r, nil
	case ">=":
		return l >= r, nil
	}
	if r == 0 {
		return nil, e.at.errorf("a division by 0")
	}
	return l / r, nil
}
