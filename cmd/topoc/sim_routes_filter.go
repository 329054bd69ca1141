package main

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/simulate"
)

// routeFilter is a flag value: which routes are printed. The zero routeFilter lets all pass.
type routeFilter struct {
	prefix    netip.Prefix
	isAddress bool // the routes that contain it; else those that lie in it
}

func (f *routeFilter) isSet() bool { return f.prefix.IsValid() }

func (f *routeFilter) String() string {
	if !f.isSet() {
		return ""
	}
	return f.prefix.String()
}

// Set implements pflag.Value.
func (f *routeFilter) Set(s string) error {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		*f = routeFilter{netip.PrefixFrom(a, a.BitLen()), true}
		return nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Errorf("%q is neither a range nor an address: write it as 10.200.0.0/16 or 10.200.0.1", s)
	}
	if p != p.Masked() {
		return fmt.Errorf("%s has host bits: write %s, or the address alone", s, p.Masked())
	}
	*f = routeFilter{p, false}
	return nil
}

// Type implements pflag.Value.
func (*routeFilter) Type() string { return "PREFIX" }

// of returns the rows that pass.
func (f *routeFilter) of(rows []simulate.RouteRow) []simulate.RouteRow {
	if !f.isSet() {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r simulate.RouteRow) bool { return !f.passes(r.Prefix) })
}

func (f *routeFilter) passes(p netip.Prefix) bool {
	if f.isAddress {
		return p.Contains(f.prefix.Addr())
	}
	return p.Bits() >= f.prefix.Bits() && f.prefix.Contains(p.Addr())
}
