package birdcfg

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// ParseFile reads a configuration file, and what it includes from the file's directory.
func ParseFile(file string) (*Config, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read BIRD's configuration: %w", err)
	}
	return Parse(filepath.Base(file), string(content), func(name string) (string, error) {
		included, err := os.ReadFile(filepath.Join(filepath.Dir(file), name))
		return string(included), err
	})
}

// Parse reads a configuration. The name is that of the file, for positions; include gets the content of an included file.
func Parse(name, content string, include func(name string) (string, error)) (*Config, error) {
	p := &parser{include: include, templates: map[string]*BGP{}, names: map[string]bool{},
		config: &Config{Filters: map[string]*Filter{}, functions: map[string]*function{}}}
	if err := p.file(name, content); err != nil {
		return nil, err
	}
	return p.config, nil
}

type parser struct {
	config    *Config
	include   func(name string) (string, error)
	templates map[string]*BGP
	names     map[string]bool // of protocols, templates, functions and filters: one name space
	tokens    []token         // of the file at hand, from the next one on; ends with endOfFile
	variables map[string]string
	depth     int // of included files
}

// file reads one file.
func (p *parser) file(name, content string) error {
	const deepest = 8 // MAX_INCLUDE_DEPTH
	if p.depth++; p.depth > deepest {
		return position{name, 1, 1}.errorf("files include each other more than %d deep", deepest)
	}
	outer := p.tokens
	var err error
	if p.tokens, err = lex(name, content); err != nil {
		return err
	}
	for p.tokens[0].kind != endOfFile {
		if err := p.topLevel(); err != nil {
			return err
		}
	}
	p.tokens = outer
	p.depth--
	return nil
}

// next takes the next token.
func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != endOfFile {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept takes keywords or marks if they come next, all of them.
func (p *parser) accept(all ...string) bool {
	for i, text := range all {
		if i >= len(p.tokens) || !p.tokens[i].is(text) {
			return false
		}
	}
	p.tokens = p.tokens[len(all):]
	return true
}

// expect takes keywords or marks, all of which must come.
func (p *parser) expect(all ...string) error {
	for _, text := range all {
		if t := p.next(); !t.is(text) {
			return t.at.errorf("%s stands where `%s` is expected", t, text)
		}
	}
	return nil
}

// take takes a token of a kind.
func (p *parser) take(kind tokenKind, what string) (token, error) {
	t := p.next()
	if t.kind != kind {
		return t, t.at.errorf("%s stands where %s is expected", t, what)
	}
	return t, nil
}

func (p *parser) number(what string, low, high uint32) (uint32, error) {
	t, err := p.take(number, what)
	if err == nil && (t.number < low || t.number > high) {
		err = t.at.errorf("%d is no %s: those are %d to %d", t.number, what, low, high)
	}
	return t.number, err
}

// newName takes a name that nothing else has.
func (p *parser) newName() (string, error) {
	t, err := p.take(word, "a name")
	if err != nil {
		return "", err
	}
	if p.names[t.text] {
		return "", t.at.errorf("the name %s is taken", t)
	}
	p.names[t.text] = true
	return t.text, nil
}

// boolean takes on, off, yes or no, or nothing, which means on.
func (p *parser) boolean() bool {
	for _, text := range []string{"off", "no"} {
		if p.accept(text) {
			return false
		}
	}
	_ = p.accept("on") || p.accept("yes")
	return true
}

// topLevel reads one item outside of all others.
func (p *parser) topLevel() error {
	t := p.next()
	switch {
	case t.is("include"):
		return p.included()
	case t.is("router"):
		return p.routerID()
	case t.is("listen"):
		return p.listen()
	case t.is("protocol"), t.is("template"):
		return p.protocol(t.text == "template")
	case t.is("function"):
		return p.function()
	case t.is("filter"):
		return p.namedFilter()
	}
	return t.at.errorf("%s begins nothing that is known", t)
}

func (p *parser) included() error {
	t, err := p.take(text, "the name of a file")
	if err != nil {
		return err
	}
	if err := p.expect(";"); err != nil {
		return err
	}
	content, err := p.include(t.text)
	if err != nil {
		return t.at.errorf("include: %v", err)
	}
	return p.file(t.text, content)
}

func (p *parser) routerID() error {
	if err := p.expect("id"); err != nil {
		return err
	}
	t, err := p.take(address, "a router ID")
	if err != nil {
		return err
	}
	if !t.address.Is4() {
		return t.at.errorf("%s is no router ID", t)
	}
	p.config.RouterID = t.address
	return p.expect(";")
}

func (p *parser) listen() error {
	if err := p.expect("bgp"); err != nil {
		return err
	}
	for !p.accept(";") {
		switch t := p.next(); {
		case t.is("address"):
			a, err := p.take(address, "an address")
			if err != nil {
				return err
			}
			p.config.Listen.Address = a.address
		case t.is("port"):
			n, err := p.number("port", 1, 65535)
			if err != nil {
				return err
			}
			p.config.Listen.Port = uint16(n)
		default:
			return t.at.errorf("%s is no option of `listen bgp` that is known", t)
		}
	}
	return nil
}

// prefix takes address/length without host bits, which BIRD refuses.
func (p *parser) prefix() (netip.Prefix, error) {
	a, err := p.take(address, "a prefix")
	if err != nil {
		return netip.Prefix{}, err
	}
	if err := p.expect("/"); err != nil {
		return netip.Prefix{}, err
	}
	n, err := p.number("prefix length", 0, uint32(a.address.BitLen()))
	if err != nil {
		return netip.Prefix{}, err
	}
	made := netip.PrefixFrom(a.address, int(n))
	if made != made.Masked() {
		return made, a.at.errorf("%s has host bits", made)
	}
	return made, nil
}
