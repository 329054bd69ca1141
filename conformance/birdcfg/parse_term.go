package birdcfg

import "net/netip"

// precedence of binary operators (conf/confbase.Y): and, or bind alike, and loosest; comparisons do not associate.
var precedence = map[string]int{"&&": 1, "||": 1, "=": 2, "!=": 2, "<": 2, "<=": 2, ">": 2, ">=": 2, "~": 2, "!~": 2,
	"+": 3, "-": 3, "*": 4, "/": 4}

const comparing = 2

// term reads an expression.
func (p *parser) term() (expression, error) { return p.operators(1) }

// operators reads operands between operators that bind at least as tightly as weakest.
func (p *parser) operators(weakest int) (expression, error) {
	left, err := p.operand()
	for err == nil {
		t := p.tokens[0]
		binds := precedence[t.text]
		if t.kind != mark || binds < weakest {
			return left, nil
		}
		p.next()
		var right expression
		if right, err = p.operators(binds + 1); err != nil {
			break
		}
		left = &binary{t.at, t.text, left, right}
		if after := p.tokens[0]; binds == comparing && after.kind == mark && precedence[after.text] == comparing {
			return nil, after.at.errorf("%s follows another comparison without parentheses", after)
		}
	}
	return nil, err
}

func (p *parser) operand() (expression, error) {
	t := p.tokens[0]
	switch {
	case t.is("!"):
		p.next()
		of, err := p.operand()
		return &unary{t.at, "!", of}, err
	case t.is("("):
		return p.parenthesis()
	case t.is("["):
		return p.set()
	case t.is("[="):
		return p.pathMask()
	case t.is("defined"):
		p.next()
		if err := p.expect("("); err != nil {
			return nil, err
		}
		of, err := p.term()
		if err != nil {
			return nil, err
		}
		return &unary{t.at, "defined", of}, p.expect(")")
	case t.kind == word:
		return p.name()
	case t.kind == address && len(p.tokens) > 1 && p.tokens[1].is("/"):
		prefix, err := p.prefix()
		return &constant{prefix}, err
	}
	p.next()
	switch t.kind {
	case number:
		return &constant{t.number}, nil
	case address:
		return &constant{t.address}, nil
	case text:
		return &constant{t.text}, nil
	}
	return nil, t.at.errorf("%s begins no term", t)
}

// name reads a constant, an attribute, a variable or a call.
func (p *parser) name() (expression, error) {
	t := p.next()
	switch {
	case t.text == "true", t.text == "false":
		return &constant{t.text == "true"}, nil
	case isSource(t.text):
		return &constant{Source(t.text)}, nil
	case p.tokens[0].is("("):
		return p.call(t)
	case p.variables[t.text] != "":
		return &variable{t.at, t.text}, nil
	}
	if _, known := attributes[t.text]; !known {
		return nil, t.at.errorf("there is no attribute, variable or constant %s that is known", t)
	}
	return &attribute{t.at, t.text}, nil
}

func isSource(name string) bool {
	switch Source(name) {
	case FromStatic, FromKernel, FromDevice, FromBGP:
		return true
	}
	return false
}

// parenthesis reads a term in parentheses, or a community.
func (p *parser) parenthesis() (expression, error) {
	t := p.next()
	first, err := p.term()
	if err != nil || p.accept(")") {
		return first, err
	}
	made := &tuple{t.at, []expression{first}}
	for !p.accept(")") {
		if err := p.expect(","); err != nil {
			return nil, err
		}
		item, err := p.term()
		if err != nil {
			return nil, err
		}
		made.items = append(made.items, item)
	}
	if len(made.items) > 3 {
		return nil, t.at.errorf("a community of %d numbers: 2 or 3 are one", len(made.items))
	}
	return made, nil
}

// set reads a set of prefixes, or one of sources or numbers.
func (p *parser) set() (expression, error) {
	t := p.next()
	if p.tokens[0].kind == address {
		return p.prefixSet()
	}
	var made itemSet
	for {
		item, err := p.setItem()
		if err != nil {
			return nil, err
		}
		made = append(made, item)
		if p.accept("]") {
			break
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
	for _, item := range made {
		if _, isNumber := item.low.(uint32); isNumber != made[0].isNumber() {
			return nil, t.at.errorf("a set of different things")
		}
	}
	return &constant{made}, nil
}

func (p *parser) setItem() (setItem, error) {
	t := p.next()
	switch {
	case t.kind == word && isSource(t.text):
		return setItem{Source(t.text), Source(t.text)}, nil
	case t.kind != number:
		return setItem{}, t.at.errorf("%s is nothing that sets have, as far as is known", t)
	}
	if !p.accept("..") {
		return setItem{t.number, t.number}, nil
	}
	high, err := p.take(number, "a number")
	return setItem{t.number, high.number}, err
}

// prefixSet reads prefixes with their patterns of lengths (BIRD's User's Guide, chapter 5, "prefix set").
func (p *parser) prefixSet() (expression, error) {
	var made prefixSet
	for {
		pattern, err := p.prefixPattern()
		if err != nil {
			return nil, err
		}
		made = append(made, pattern)
		if p.accept("]") {
			return &constant{made}, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

func (p *parser) prefixPattern() (prefixPattern, error) {
	at := p.tokens[0].at
	prefix, err := p.prefix()
	if err != nil {
		return prefixPattern{}, err
	}
	all := prefix.Addr().BitLen()
	made := prefixPattern{prefix, prefix.Bits(), prefix.Bits()}
	switch {
	case p.accept("+"):
		made.high = all
	case p.accept("-"):
		made.low = 0
	case p.accept("{"):
		var low, high uint32
		if low, err = p.number("prefix length", 0, uint32(all)); err == nil {
			err = p.expect(",")
		}
		if err == nil {
			high, err = p.number("prefix length", 0, uint32(all))
		}
		if err == nil {
			err = p.expect("}")
		}
		if err == nil && low > high {
			err = at.errorf("no length is %d at least and %d at most", low, high)
		}
		made.low, made.high = int(low), int(high)
	}
	return made, err
}

// pathMask reads [= … =].
func (p *parser) pathMask() (expression, error) {
	p.next()
	var made pathMask
	for !p.accept("=]") {
		switch t := p.next(); {
		case t.kind == number:
			made = append(made, maskItem{asn: t.number})
		case t.is("*"):
			made = append(made, maskItem{isAny: true})
		case t.is("?"):
			made = append(made, maskItem{isOne: true})
		default:
			return nil, t.at.errorf("%s is nothing that path masks have, as far as is known", t)
		}
	}
	return &constant{made}, nil
}

// prefixPattern is the prefixes whose length is within bounds and that are equal to a prefix as far as both go.
type prefixPattern struct {
	prefix    netip.Prefix
	low, high int
}

func (m prefixPattern) has(p netip.Prefix) bool {
	if p.Bits() < m.low || m.high < p.Bits() || p.Addr().BitLen() != m.prefix.Addr().BitLen() {
		return false
	}
	return m.prefix.Overlaps(p)
}
