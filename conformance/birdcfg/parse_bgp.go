package birdcfg

import "slices"

// bgp reads `protocol bgp` or `template bgp` from its name on.
func (p *parser) bgp(isTemplate bool) error {
	name, err := p.newName()
	if err != nil {
		return err
	}
	b := &BGP{Common: Common{Import: acceptAll, Export: rejectAll}}
	if p.accept("from") {
		t, err := p.take(word, "a template")
		if err != nil {
			return err
		}
		template := p.templates[t.text]
		if template == nil {
			return t.at.errorf("there is no template %s before this", t)
		}
		*b = *template
	}
	b.Name = name
	at := p.tokens[0].at
	if err := p.items(&b.Common, func(first token) error { return p.bgpItem(b, first) }); err != nil {
		return err
	}
	if isTemplate {
		p.templates[name] = b
		return nil
	}
	p.config.BGP = append(p.config.BGP, b)
	switch { // bgp_check_config
	case b.LocalASN == 0:
		return at.errorf("%s has no local AS number", name)
	case !b.Neighbor.IsValid():
		return at.errorf("%s has no neighbor", name)
	case b.PeerASN == 0:
		return at.errorf("%s has no remote AS number", name)
	}
	return nil
}

// bgpItems are the items of `protocol bgp`, by their first words, those with more words first.
var bgpItems = []struct {
	words []string
	read  func(*parser, *BGP) error
}{
	{[]string{"local", "as"}, func(p *parser, b *BGP) error { return p.asn(&b.LocalASN) }},
	{[]string{"neighbor"}, (*parser).neighbor},
	{[]string{"source", "address"}, func(p *parser, b *BGP) error {
		t, err := p.take(address, "an address")
		b.Source = t.address
		return err
	}},
	{[]string{"passive"}, func(p *parser, b *BGP) error { b.IsPassive = p.boolean(); return nil }},
	{[]string{"multihop"}, (*parser).multihop},
	{[]string{"direct"}, func(_ *parser, b *BGP) error { b.Multihop = 0; return nil }},
	{[]string{"ttl", "security"}, func(p *parser, b *BGP) error { b.TTLSecurity = p.boolean(); return nil }},
	{[]string{"rr", "client"}, func(_ *parser, b *BGP) error { b.IsClient = true; return nil }},
	{[]string{"rr", "cluster", "id"}, func(p *parser, b *BGP) error {
		t, err := p.take(address, "a cluster ID")
		b.ClusterID = t.address
		return err
	}},
	{[]string{"next", "hop", "self"}, func(_ *parser, b *BGP) error { b.NextHop = "self"; return nil }},
	{[]string{"next", "hop", "keep"}, func(_ *parser, b *BGP) error { b.NextHop = "keep"; return nil }},
	{[]string{"allow", "local", "as"}, (*parser).allowLocalAS},
	{[]string{"password"}, func(p *parser, b *BGP) error {
		t, err := p.take(text, "a password")
		b.Password = t.text
		return err
	}},
	{[]string{"graceful", "restart", "time"}, func(p *parser, b *BGP) error { return p.seconds(&b.RestartTime) }},
	{[]string{"graceful", "restart"}, func(p *parser, b *BGP) error { b.GracefulRestart = p.boolean(); return nil }},
	{[]string{"keepalive", "time"}, func(p *parser, b *BGP) error { return p.seconds(&b.KeepaliveTime) }},
	{[]string{"add", "paths"}, func(p *parser, b *BGP) error { b.AddPaths = p.boolean(); return nil }},
	{[]string{"gateway", "recursive"}, func(_ *parser, b *BGP) error { b.GatewayRecursive = true; return nil }},
	{[]string{"connect", "delay", "time"}, func(p *parser, b *BGP) error { return p.seconds(&b.ConnectDelay) }},
	{[]string{"connect", "retry", "time"}, func(p *parser, b *BGP) error { return p.seconds(&b.ConnectRetry) }},
	{[]string{"error", "wait", "time"}, func(p *parser, b *BGP) error {
		if err := p.seconds(&b.ErrorWait[0]); err != nil {
			return err
		}
		return p.seconds(&b.ErrorWait[1], ",")
	}},
}

func (p *parser) bgpItem(b *BGP, first token) error {
	for _, item := range bgpItems {
		if first.is(item.words[0]) && p.accept(item.words[1:]...) {
			return item.read(p, b)
		}
	}
	words := []token{first}
	for _, t := range p.tokens[:min(2, len(p.tokens))] {
		words = append(words, t)
	}
	isWord := func(t token) bool { return t.kind == word }
	if i := slices.IndexFunc(words, func(t token) bool { return !isWord(t) }); i > 0 {
		words = words[:i]
	}
	return first.at.errorf("%v begins no item of `protocol bgp` that is known", words)
}

func (p *parser) asn(into *uint32) error {
	n, err := p.number("AS number", 1, 1<<32-1)
	*into = n
	return err
}

// neighbor reads the address, and port and AS number in any order.
func (p *parser) neighbor(b *BGP) error {
	t, err := p.take(address, "the address of a neighbor")
	if err != nil {
		return err
	}
	if b.Neighbor.IsValid() {
		return t.at.errorf("%s has a neighbor already", b.Name)
	}
	b.Neighbor = t.address
	for {
		switch {
		case p.accept("port"):
			n, err := p.number("port", 1, 65535)
			if err != nil {
				return err
			}
			b.Port = uint16(n)
		case p.accept("as"):
			if err := p.asn(&b.PeerASN); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// multihop reads the number of hops, 64 where none is written.
func (p *parser) multihop(b *BGP) error {
	b.Multihop = 64
	if p.tokens[0].kind != number {
		return nil
	}
	n, err := p.number("number of hops", 1, 255)
	b.Multihop = int(n)
	return err
}

// allowLocalAS reads how often the own AS number may stand in a path; without a number, as often as it likes.
func (p *parser) allowLocalAS(b *BGP) error {
	b.AllowsLocalAS = -1
	if p.tokens[0].kind != number {
		return nil
	}
	n, err := p.number("count", 0, 1<<31-1)
	b.AllowsLocalAS = int(n)
	return err
}
