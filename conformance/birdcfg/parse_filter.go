package birdcfg

import (
	"slices"
	"strings"
)

// attributes are those of a route, by name, and whether filters may set them.
var attributes = map[string]bool{
	"net": false, "source": false, "ifname": false, "preference": true, "bgp_next_hop": true, "bgp_local_pref": true, "bgp_path": true,
	"bgp_community": true, "bgp_large_community": true, "krt_metric": true, "krt_tunnel": true,
}

// kinds are the types of parameters and variables.
var kinds = []string{"bool", "int", "ip", "prefix", "string"}

// namedFilter reads `filter name { … }` from its name on.
func (p *parser) namedFilter() error {
	name, err := p.newName()
	if err != nil {
		return err
	}
	f, err := p.filter()
	if err != nil {
		return err
	}
	f.Name = name
	p.config.Filters[name] = f
	return nil
}

// filter reads a filter in braces.
func (p *parser) filter() (*Filter, error) {
	from := p.tokens
	body, err := p.block(map[string]string{})
	if err != nil {
		return nil, err
	}
	return &Filter{Text: textOf(from[:len(from)-len(p.tokens)]), body: body}, nil
}

// textOf joins tokens.
func textOf(tokens []token) string {
	var words []string
	for _, t := range tokens {
		words = append(words, strings.Trim(t.String(), "`"))
	}
	return strings.Join(words, " ")
}

// filterUse reads what import and export have: all, none, where …, or a filter by its name or in braces.
func (p *parser) filterUse() (*Filter, error) {
	t := p.next()
	switch {
	case t.is("all"):
		return acceptAll, nil
	case t.is("none"):
		return rejectAll, nil
	case !t.is("filter"):
		return nil, t.at.errorf("%s stands where all, none or a filter is expected", t)
	}
	if p.tokens[0].is("{") {
		return p.filter()
	}
	name, err := p.take(word, "a filter")
	if err != nil {
		return nil, err
	}
	f := p.config.Filters[name.text]
	if f == nil {
		return nil, name.at.errorf("there is no filter %s before this", name)
	}
	return f, nil
}

// function reads `function name (…) { … }` from its name on.
func (p *parser) function() error {
	name, err := p.newName()
	if err != nil {
		return err
	}
	f := &function{name: name}
	if err := p.expect("("); err != nil {
		return err
	}
	variables := map[string]string{}
	for !p.accept(")") {
		if len(f.parameters) > 0 {
			if err := p.expect(";"); err != nil {
				return err
			}
		}
		kind := p.next()
		if !slices.Contains(kinds, kind.text) {
			return kind.at.errorf("%s is no type that is known", kind)
		}
		parameterName, err := p.take(word, "the name of a parameter")
		if err != nil {
			return err
		}
		f.parameters = append(f.parameters, parameter{parameterName.text, kind.text})
		variables[parameterName.text] = kind.text
	}
	if f.body, err = p.block(variables); err != nil {
		return err
	}
	p.config.functions[name] = f
	return nil
}

// block reads statements in braces that know some variables.
func (p *parser) block(variables map[string]string) ([]statement, error) {
	p.variables = variables
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	return p.statements()
}

// statements reads to the closing brace.
func (p *parser) statements() ([]statement, error) {
	var all []statement
	for !p.accept("}") {
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// branchBody is one statement, or several in braces.
func (p *parser) branchBody() ([]statement, error) {
	if p.accept("{") {
		return p.statements()
	}
	s, err := p.statement()
	return []statement{s}, err
}

func (p *parser) statement() (statement, error) {
	t := p.next()
	switch {
	case t.is("accept"), t.is("reject"):
		return &verdict{t.at, t.text == "accept"}, p.expect(";")
	case t.is("print"):
		return p.printing()
	case t.is("if"):
		return p.branch(t)
	case t.is("return"):
		value, err := p.term()
		if err != nil {
			return nil, err
		}
		return &returning{value}, p.expect(";")
	case t.kind != word:
		return nil, t.at.errorf("%s begins no statement", t)
	case p.tokens[0].is("("):
		c, err := p.call(t)
		if err != nil {
			return nil, err
		}
		return &calling{c}, p.expect(";")
	case p.accept("="):
		return p.assignment(t)
	case p.accept("."):
		return p.addition(t)
	}
	return nil, t.at.errorf("%s begins no statement that is known", t)
}

func (p *parser) printing() (statement, error) {
	s := &printing{}
	for !p.accept(";") {
		if len(s.terms) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		term, err := p.term()
		if err != nil {
			return nil, err
		}
		s.terms = append(s.terms, term)
	}
	return s, nil
}

func (p *parser) branch(first token) (statement, error) {
	s := &branch{at: first.at}
	var err error
	if s.condition, err = p.term(); err != nil {
		return nil, err
	}
	if err := p.expect("then"); err != nil {
		return nil, err
	}
	if s.then, err = p.branchBody(); err != nil {
		return nil, err
	}
	if p.accept("else") {
		s.otherwise, err = p.branchBody()
	}
	return s, err
}

func (p *parser) assignment(name token) (statement, error) {
	maySet, isAttribute := attributes[name.text]
	switch {
	case isAttribute && !maySet:
		return nil, name.at.errorf("%s is read-only", name)
	case !isAttribute && p.variables[name.text] == "":
		return nil, name.at.errorf("there is no variable or attribute %s that is known", name)
	}
	value, err := p.term()
	if err != nil {
		return nil, err
	}
	return &assignment{name.at, name.text, value}, p.expect(";")
}

// verbs are what lists can be told, by attribute.
var verbs = map[string]string{"bgp_path": "prepend", "bgp_community": "add", "bgp_large_community": "add"}

func (p *parser) addition(name token) (statement, error) {
	verb := p.next()
	if verbs[name.text] == "" || !verb.is(verbs[name.text]) {
		return nil, verb.at.errorf("%s.%s is nothing that is known", name.text, verb.text)
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	value, err := p.term()
	if err != nil {
		return nil, err
	}
	return &addition{name.at, name.text, verb.text, value}, p.expect(")", ";")
}

// call reads the arguments of a function that is defined before.
func (p *parser) call(name token) (*call, error) {
	f := p.config.functions[name.text]
	if f == nil {
		return nil, name.at.errorf("there is no function %s before this", name)
	}
	c := &call{at: name.at, function: f}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for !p.accept(")") {
		if len(c.arguments) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		argument, err := p.term()
		if err != nil {
			return nil, err
		}
		c.arguments = append(c.arguments, argument)
	}
	if len(c.arguments) != len(f.parameters) {
		return nil, name.at.errorf("%s takes %d arguments, not %d", name, len(f.parameters), len(c.arguments))
	}
	return c, nil
}
