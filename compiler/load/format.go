package load

import (
	"fmt"
	"net/netip"
	"strings"
)

// format is how the values of a scalar definition are called in messages, and which mistake it is to write another.
type format struct {
	check string // of a value of the right kind that the definition refuses
	want  string // the values that it accepts, with an example
	// hint proposes the edit for a refused string; nil, or empty where there is nothing to propose.
	hint func(s string) string
}

const (
	checkSyntax       = "syntax"
	checkUndefined    = "undefined"
	checkConflict     = "conflict"
	checkUnknownField = "unknown-field"
	checkMissingField = "missing-field"
	checkWrongType    = "wrong-type"
	checkOutOfRange   = "out-of-range"
	checkBadAddress   = "bad-address"
	checkBadPrefix    = "bad-prefix"
	checkBadName      = "bad-name"
)

// formats has an entry for every scalar definition of the schema.
var formats = map[string]format{
	"#ASNumber": {checkOutOfRange, `an AS number from 0 to 4294967295, or asdot such as "1.10"`, asNumberHint},
	"#CIDR":     {checkBadPrefix, `a range such as "10.244.0.0/16"`, prefixHint},
	"#Address":  {checkBadPrefix, `an IPv4 address with its subnet's length, such as "172.20.0.11/24"`, address4Hint},
	"#Address6": {checkBadPrefix, `an IPv6 address with its subnet's length, such as "fd00:20::11/64"`, address6Hint},
	"#IP":       {checkBadAddress, `an IP address such as "10.0.0.1" or "fd00::1"`, addressHint},
	"#IPv4":     {checkBadAddress, `an IPv4 address such as "10.0.0.1"`, addressHint},
	"#IPv6":     {checkBadAddress, `an IPv6 address such as "fd00::1"`, addressHint},
	"#Duration": {checkWrongType, `a duration such as "120s" or "2m"`, durationHint},
	"#Date":     {checkWrongType, `a day such as "2027-01-31"`, nil},
	"#Line":     {checkWrongType, "one line of text without control characters", nil},
	"#Text":     {checkWrongType, "one line of text that is not blank", nil},
	"#CIDR6":    {checkBadPrefix, `an IPv6 address with its length, such as "fd00::1/128"`, cidr6Hint},
	"#Title":    {checkBadName, "one line of text without control characters or outer spaces", nil},
	"#Label":    {checkBadName, "a DNS label: at most 63 lower-case letters, digits and hyphens", nameHint("#Label")},
	"#DNSName": {checkBadName,
		"a DNS name: lower-case letters, digits and hyphens, with dots between, at most 253", nameHint("#DNSName")},
	"#DeviceName": {checkBadName,
		"a device's name: at most 63 letters, digits and any of -_. between them", nameHint("#DeviceName")},
	"#LinkName":      {checkBadName, "a link's name: letters, digits and any of -_.:/+@~, at most 128", nil},
	"#InterfaceName": {checkBadName, `an interface's name such as "Vlan-interface20" or "Ethernet1/1"`, nil},
	"#NICName":       {checkBadName, `a Linux interface's name such as "eth0", at most 15 characters`, nil},
	"#LabelKey":      {checkBadName, `a label's key such as "disk", or behind a DNS name "example.com/disk"`, nil},
	"#LabelValue":    {checkBadName, "a label's value: at most 63 letters, digits and any of -_. between them", nil},
	"#Selector":      {checkWrongType, `a selector such as "all()", in one line`, nil},
	"#CommunityName": {checkBadName, "a community's name: at most 63 letters, digits and any of -_. between them", nil},
	"#Community":     {checkOutOfRange, `a community such as "64512:100", or large such as "64512:1:100"`, nil},
	"#CommunityRef":  {checkBadName, `a community's name or value, such as "64512:100"`, nil},
	"#Version":       {checkWrongType, `a release of Calico such as "3.31" or "3.30.2"`, versionHint},
	"#InterfacePattern": {checkBadName,
		`an interface's name of at most 15 characters, in which * stands for any, such as "docker*"`, nil},
	"#SecretKey": {checkBadName, "a key of a Secret: at most 253 letters, digits, dots, hyphens and underscores", nil},
}

// format returns what to say of a scalar.
func (s *scalar) format() format {
	if f, ok := formats[s.name]; ok {
		return f
	}
	switch {
	case s.kinds == intKind && s.min.isSet && s.max.isSet:
		return format{checkOutOfRange, fmt.Sprintf("an integer from %d to %d", s.min.n, s.max.n), nil}
	case s.kinds == intKind:
		return format{checkOutOfRange, "an integer", nil}
	case s.kinds == boolKind:
		return format{checkWrongType, "true or false", nil}
	}
	return format{checkWrongType, "a string", nil}
}

// want says what a value of the type looks like.
func (t *schemaType) want() string {
	switch t.form {
	case listForm:
		return "a list [ … ]"
	case mapForm:
		return "a struct { NAME: … }"
	case structForm:
		return "a struct { " + t.fieldNames() + " }"
	}
	return t.scalar.format().want
}

// fieldNames names the first fields of a struct, those that are required before others.
func (t *schemaType) fieldNames() string {
	const most = 4
	var required, optional []string
	for _, f := range t.fields {
		if f.required {
			required = append(required, f.name)
		} else {
			optional = append(optional, f.name)
		}
	}
	names := append(required, optional...)
	if t.label != nil {
		names = append([]string{"NAME: …"}, names...)
	}
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return strings.Join(names, ", ")
}

func prefixHint(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return fmt.Sprintf("add the length: \"%s/%d\" is this address alone", s, a.BitLen())
	}
	return ""
}

func address4Hint(s string) string { return hostHint(s, "address6", netip.Addr.Is6) }
func address6Hint(s string) string { return hostHint(s, "address", netip.Addr.Is4) }

// hostHint is the hint for an address with a subnet's length. isOther tells the family that belongs into the field other.
func hostHint(s, other string, isOther func(netip.Addr) bool) string {
	bare, _, hasLength := strings.Cut(s, "/")
	a, err := netip.ParseAddr(bare)
	switch {
	case err != nil:
		return ""
	case isOther(a):
		return "an address of this family belongs into " + other
	case !hasLength:
		return fmt.Sprintf("add the length of its subnet: %q", s+map[bool]string{true: "/24", false: "/64"}[a.Is4()])
	}
	return ""
}

func cidr6Hint(s string) string {
	bare, _, _ := strings.Cut(s, "/")
	if a, err := netip.ParseAddr(bare); err == nil && a.Is4() {
		return "an IPv4 address belongs into the field of the same name without the 6"
	}
	return prefixHint(s)
}

func addressHint(s string) string {
	if bare, _, ok := strings.Cut(s, "/"); ok && isAddress(bare) {
		return fmt.Sprintf("leave out the length: %q", bare)
	}
	if at, err := netip.ParseAddrPort(s); err == nil {
		return fmt.Sprintf("leave out the port: %q", at.Addr().WithZone(""))
	}
	if bare, _, ok := strings.Cut(s, "%"); ok && isAddress(bare) {
		return fmt.Sprintf("leave out the zone: %q", bare)
	}
	return ""
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func durationHint(s string) string {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return fmt.Sprintf("add the unit: \"%ss\"", s)
	}
	return ""
}

func asNumberHint(s string) string {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return "write it without quotes"
	}
	if bare := strings.TrimPrefix(strings.ToUpper(s), "AS"); plainNumber().MatchString(bare) && !strings.Contains(bare, ".") {
		return "write " + bare
	}
	return ""
}

func versionHint(s string) string {
	if bare, ok := strings.CutPrefix(s, "v"); ok {
		return fmt.Sprintf("leave out the v: %q", bare)
	}
	return ""
}

// nameHint proposes the name that comes closest to what the definition accepts.
func nameHint(definition string) func(string) string {
	return func(s string) string {
		hyphens := strings.ReplaceAll(s, " ", "-")
		for _, mended := range []string{hyphens, strings.ToLower(strings.ReplaceAll(hyphens, "_", "-"))} {
			if mended != s && embeddedSchema()[definition].scalar.accepts(mended) {
				return fmt.Sprintf("write %q", mended)
			}
		}
		return ""
	}
}
