package switchconf

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// fold makes a string harmless: every byte that isn't a letter, a digit or one of marks becomes an underscore, blanks at the
// ends go, and what is longer than limit is cut. So it neither ends a line nor, where marks has no blank, a word. An empty
// string becomes an underscore.
func fold(s, marks string, limit int) string {
	s = strings.Trim(s, " ")
	s = s[:min(len(s), limit)]
	b := []byte(s)
	for i, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(marks, c) >= 0:
		default:
			b[i] = '_'
		}
	}
	if s = strings.Trim(string(b), " "); s != "" {
		return s
	}
	return "_"
}

// wordMarks is what a word may hold besides letters and digits; textMarks, what free text may.
const (
	wordMarks = "._:/@+-"
	textMarks = wordMarks + " "
)

// step is the distance between the numbers of a list's entries, which leaves room for what an operator adds in an emergency.
const step = 10

// prefixLists returns the prefix lists of all routers, each name once.
func prefixLists(s *fabric.Switch) []*fabric.PrefixList {
	return unique(s, func(r *fabric.BGPRouter) []*fabric.PrefixList { return r.PrefixLists },
		func(l *fabric.PrefixList) string { return l.Family.String() + l.Name })
}

// policies returns the policies of all routers, each name once.
func policies(s *fabric.Switch) []*fabric.Policy {
	return unique(s, func(r *fabric.BGPRouter) []*fabric.Policy { return r.Policies },
		func(p *fabric.Policy) string { return p.Name })
}

func unique[T any](s *fabric.Switch, of func(*fabric.BGPRouter) []T, name func(T) string) []T {
	var all []T
	seen := map[string]bool{}
	for _, r := range s.Routers {
		for _, item := range of(r) {
			if !seen[name(item)] {
				seen[name(item)] = true
				all = append(all, item)
			}
		}
	}
	return all
}

// lastSeq is the number of the node behind the terms of a policy.
func lastSeq(p *fabric.Policy) int {
	if len(p.Terms) == 0 {
		return step
	}
	return p.Terms[len(p.Terms)-1].Seq + step
}

// alone returns the neighbors that belong to no group.
func alone(r *fabric.BGPRouter) []*fabric.Neighbor {
	var all []*fabric.Neighbor
	for _, n := range r.Neighbors {
		if n.Group == nil {
			all = append(all, n)
		}
	}
	return all
}

// nodeSubnets returns the subnets of the switch's interfaces that nodes of a group are on.
func nodeSubnets(s *fabric.Switch, r *fabric.BGPRouter, g *fabric.PeerGroup) []netip.Prefix {
	var of, all []netip.Prefix
	for _, n := range r.Neighbors {
		if n.Group == g {
			of = append(of, netip.PrefixFrom(n.Address, n.Address.BitLen()))
		}
	}
	for _, l := range r.Listens {
		if l.Group == g {
			of = append(of, l.Prefix)
		}
	}
	for _, i := range s.Interfaces {
		for _, subnet := range []netip.Prefix{i.Address, i.Address6} {
			if slices.ContainsFunc(of, func(p netip.Prefix) bool { return i.VRF == r.VRF && subnet.IsValid() && subnet.Overlaps(p) }) {
				all = append(all, subnet.Masked())
			}
		}
	}
	return all
}

// configs returns what the groups and the neighbors that stand alone say, in that order.
func configs(r *fabric.BGPRouter) []*fabric.SessionConfig {
	var all []*fabric.SessionConfig
	for _, g := range r.Groups {
		all = append(all, &g.SessionConfig)
	}
	for _, n := range alone(r) {
		all = append(all, &n.SessionConfig)
	}
	return all
}

// anySession reports whether some session of the switch is as asked.
func anySession(s *fabric.Switch, is func(*fabric.SessionConfig) bool) bool {
	for _, r := range s.Routers {
		for _, c := range configs(r) {
			if is(c) {
				return true
			}
		}
	}
	return false
}

// carried returns what a session carries of a family, or nil.
func carried(c *fabric.SessionConfig, f fabric.Family) *fabric.FamilyConfig {
	for _, fc := range c.Families {
		if fc.Family == f {
			return fc
		}
	}
	return nil
}

// timers returns the keepalive interval and the hold time in seconds; ok is false where neither was written. Devices take
// only both, so that the missing one keeps the usual relation of one to three.
func timers(c *fabric.SessionConfig) (keepalive, hold int, ok bool) {
	switch {
	case c.Keepalive == 0 && c.Hold == 0:
		return 0, 0, false
	case c.Keepalive == 0:
		return max(c.Hold/3, 1), c.Hold, true
	case c.Hold == 0:
		return c.Keepalive, max(3*c.Keepalive, 3), true
	}
	return c.Keepalive, c.Hold, true
}

// PasswordName is the name by which a snippet knows a password that the operator defines for it, in the dialects that have
// definitions: bird2 and openbgpd.
type PasswordName struct {
	Name  string // letters, digits and underscores, at most 60: password_<secret>_<key>
	Of    model.SecretRef
	about string // a comment: which Secret holds it
}

// Passwords returns those of a switch's sessions, each once, in the order of the snippet. Those that would be called the same
// have a hash behind their name.
func Passwords(s *fabric.Switch) []PasswordName {
	var all []PasswordName
	count := map[string]int{}
	for _, r := range s.Routers {
		for _, c := range configs(r) {
			if c.Password == nil || slices.ContainsFunc(all, func(p PasswordName) bool { return p.Of == *c.Password }) {
				continue
			}
			p := PasswordName{Of: *c.Password, Name: fold("password_"+c.Password.Secret+"_"+c.Password.Key, "_", 50)}
			p.about = fmt.Sprintf("key %s of Secret %s", fold(c.Password.Key, wordMarks, 40), fold(c.Password.Secret, wordMarks, 40))
			count[p.Name]++
			all = append(all, p)
		}
	}
	for i, p := range all {
		if count[p.Name] > 1 {
			h := fnv.New32a()
			h.Write([]byte(p.Of.Secret + "/" + p.Of.Key))
			all[i].Name += fmt.Sprintf("_x%06x", h.Sum32()&0xffffff)
		}
	}
	return all
}

func nameOf(passwords []PasswordName, p *model.SecretRef) string {
	i := slices.IndexFunc(passwords, func(known PasswordName) bool { return known.Of == *p })
	return passwords[i].Name
}
