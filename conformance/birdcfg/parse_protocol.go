package birdcfg

// protocol reads a protocol, or a template of one, from its kind on.
func (p *parser) protocol(isTemplate bool) error {
	kind := p.next()
	if kind.is("bgp") {
		return p.bgp(isTemplate)
	}
	if isTemplate {
		return kind.at.errorf("%s begins no template that is known", kind)
	}
	switch {
	case kind.is("kernel"):
		k := &Kernel{}
		p.config.Kernels = append(p.config.Kernels, k)
		return p.body(&k.Common, func(t token) error { return p.kernelItem(k, t) })
	case kind.is("device"):
		d := &Device{}
		p.config.Devices = append(p.config.Devices, d)
		return p.body(&d.Common, func(t token) error {
			if !t.is("scan") {
				return t.at.errorf("%s begins no item of `protocol device` that is known", t)
			}
			return p.seconds(&d.ScanTime, "time")
		})
	case kind.is("direct"):
		d := &Direct{}
		p.config.Directs = append(p.config.Directs, d)
		return p.body(&d.Common, func(t token) error { return p.directItem(d, t) })
	case kind.is("static"):
		s := &Static{}
		p.config.Statics = append(p.config.Statics, s)
		return p.body(&s.Common, func(t token) error { return p.staticItem(s, t) })
	}
	return kind.at.errorf("%s begins no protocol that is known", kind)
}

// body reads a protocol's name, if it has one, and its items: those that every protocol may have, and others as item reads
// them from the word after their first. It reads the semicolons.
func (p *parser) body(c *Common, item func(first token) error) error {
	if p.tokens[0].kind == word {
		var err error
		if c.Name, err = p.newName(); err != nil {
			return err
		}
	}
	c.Import, c.Export = acceptAll, rejectAll
	return p.items(c, item)
}

func (p *parser) items(c *Common, item func(first token) error) error {
	if err := p.expect("{"); err != nil {
		return err
	}
	for !p.accept("}") {
		if p.accept(";") {
			continue // BIRD has an empty item
		}
		first := p.next()
		known, err := p.commonItem(c, first)
		if err == nil && !known {
			err = item(first)
		}
		if err != nil {
			return err
		}
		if err := p.expect(";"); err != nil {
			return err
		}
	}
	return nil
}

// commonItem reads an item that every protocol may have; false: it is none.
func (p *parser) commonItem(c *Common, first token) (bool, error) {
	var err error
	switch {
	case first.is("debug"):
		c.Debug, err = p.debug()
	case first.is("description"):
		var t token
		t, err = p.take(text, "a description")
		c.Description = t.text
	case first.is("import"):
		c.Import, err = p.filterUse()
	case first.is("export"):
		c.Export, err = p.filterUse()
	default:
		return false, nil
	}
	return true, err
}

// debug reads all, off, or a set in braces.
func (p *parser) debug() (string, error) {
	t := p.next()
	switch {
	case t.is("all"), t.is("off"):
		return t.text, nil
	case !t.is("{"):
		return "", t.at.errorf("%s stands where all, off or a set of what to debug is expected", t)
	}
	written := "{"
	for {
		t, err := p.take(word, "something to debug")
		if err != nil {
			return "", err
		}
		written += " " + t.text
		if p.accept("}") {
			return written + " }", nil
		}
		if err := p.expect(","); err != nil {
			return "", err
		}
		written += ","
	}
}

// seconds reads a number of seconds after some words.
func (p *parser) seconds(into *int, words ...string) error {
	if err := p.expect(words...); err != nil {
		return err
	}
	n, err := p.number("number of seconds", 0, 1<<31-1)
	*into = int(n)
	return err
}

func (p *parser) kernelItem(k *Kernel, first token) error {
	switch {
	case first.is("learn"):
		k.Learns = p.boolean()
	case first.is("persist"):
		k.Persists = p.boolean()
	case first.is("scan"):
		return p.seconds(&k.ScanTime, "time")
	case first.is("graceful"):
		k.GracefulRestart = true
		return p.expect("restart")
	case first.is("merge"):
		if err := p.expect("paths"); err != nil {
			return err
		}
		k.MergesPaths = p.boolean()
	default:
		return first.at.errorf("%s begins no item of `protocol kernel` that is known", first)
	}
	return nil
}

func (p *parser) directItem(d *Direct, first token) error {
	if !first.is("interface") {
		return first.at.errorf("%s begins no item of `protocol direct` that is known", first)
	}
	for {
		pattern := InterfacePattern{Excludes: p.accept("-")}
		t, err := p.take(text, "a pattern of interfaces")
		if err != nil {
			return err
		}
		pattern.Pattern = t.text
		d.Interfaces = append(d.Interfaces, pattern)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) staticItem(s *Static, first token) error {
	if !first.is("route") {
		return first.at.errorf("%s begins no item of `protocol static` that is known", first)
	}
	prefix, err := p.prefix()
	if err != nil {
		return err
	}
	r := StaticRoute{Prefix: prefix}
	switch t := p.next(); {
	case t.is("blackhole"):
	case t.is("via"):
		via, err := p.take(address, "a next hop")
		if err != nil {
			return err
		}
		r.Via = via.address
	default:
		return t.at.errorf("%s is no destination of a static route that is known", t)
	}
	s.Routes = append(s.Routes, r)
	return nil
}
