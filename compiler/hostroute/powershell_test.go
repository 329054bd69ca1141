package hostroute

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// cmdlet is what Microsoft's reference says of a command: its parameters with the kind of their values (see psValue), and those
// that it cannot do without, of which "a|b" is a choice. It stands for PowerShell where there is none to ask.
type cmdlet struct {
	parameters map[string]string
	required   []string
}

// common are parameters of every cmdlet here (about_CommonParameters); changing those of the ones that change something.
var (
	common   = map[string]string{"ErrorAction": "Continue|Ignore|Inquire|SilentlyContinue|Stop", "Verbose": "switch"}
	changing = map[string]string{"Confirm": "switch", "WhatIf": "switch"}

	netRoute = map[string]string{
		"DestinationPrefix": "prefix", "InterfaceAlias": "string", "InterfaceIndex": "0-4294967295", "NextHop": "address",
		"AddressFamily": "IPv4|IPv6", "Publish": "Age|No|Yes", "RouteMetric": "0-65535",
		"Protocol": "Bgp|Dhcp|Icmp|Local|NetMgmt|Ospf|Other|Rip", "PolicyStore": "ActiveStore|PersistentStore",
	}
	forwarderZone = map[string]string{"Name": "domain", "MasterServers": "address", "ComputerName": "string", "ForwarderTimeout": "0-15"}
)

// cmdlets are from the references of the modules NetTCPIP and DnsServer for Windows Server 2019. New-NetRoute takes no
// PersistentStore: it writes both stores, or the active one.
var cmdlets = map[string]cmdlet{
	"New-NetRoute": {merge(netRoute, common, changing, map[string]string{"PolicyStore": "ActiveStore"}),
		[]string{"DestinationPrefix", "InterfaceAlias|InterfaceIndex"}},
	"Remove-NetRoute":   {merge(netRoute, common, changing), []string{"DestinationPrefix|NextHop"}},
	"Get-NetRoute":      {merge(netRoute, common), nil},
	"Find-NetRoute":     {merge(common, map[string]string{"RemoteIPAddress": "address", "InterfaceIndex": "0-4294967295"}), []string{"RemoteIPAddress"}},
	"Get-DnsServerZone": {merge(common, map[string]string{"Name": "domain", "ComputerName": "string"}), nil},
	"Remove-DnsServerZone": {merge(common, changing, map[string]string{"Name": "domain", "ComputerName": "string", "Force": "switch"}),
		[]string{"Name"}},
	"Add-DnsServerConditionalForwarderZone": {merge(forwarderZone, common, changing,
		map[string]string{"ReplicationScope": "Custom|Domain|Forest|Legacy"}), []string{"Name", "MasterServers"}},
	"Out-Null": {},
}

func merge(maps ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range maps {
		for name, kind := range m {
			all[name] = kind
		}
	}
	return all
}

// psValue checks a value without its quotes: of a range of numbers, a choice of words, prefix, address, domain or string.
func psValue(kind, value string) error {
	var err error
	switch {
	case kind == "string":
	case kind == "prefix":
		var p netip.Prefix
		if p, err = netip.ParsePrefix(value); err == nil && p != p.Masked() {
			err = fmt.Errorf("%s has host bits", p)
		}
	case kind == "address":
		_, err = netip.ParseAddr(value)
	case kind == "domain":
		if !regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`).MatchString(value) {
			err = fmt.Errorf("%q is no domain", value)
		}
	case strings.Contains(kind, "-"):
		low, high, _ := strings.Cut(kind, "-")
		n, numberErr := strconv.ParseUint(value, 10, 64)
		l, _ := strconv.ParseUint(low, 10, 64)
		h, _ := strconv.ParseUint(high, 10, 64)
		if err = numberErr; err == nil && (n < l || n > h) {
			err = fmt.Errorf("%d is not in %s", n, kind)
		}
	case !slices.Contains(strings.Split(kind, "|"), value):
		err = fmt.Errorf("%q is none of %s", value, kind)
	}
	return err
}

var (
	psToken = regexp.MustCompile(`^(?:'((?:[^']|'')*)'|-([A-Za-z]+)|([A-Za-z]+-[A-Za-z]+)|([A-Za-z0-9]+))(?: |$)`)
	psIf    = regexp.MustCompile(`^if \(\((Get-DnsServerZone [^()]*)\)\.ZoneType -eq '(?:Forwarder|Primary|Secondary|Stub)'\) \{$`)
	psIndex = regexp.MustCompile(`\((Find-NetRoute [^()]*)\)\[0\]\.InterfaceIndex`)
)

// psCommand checks one command: its name, its parameters and their values.
func psCommand(text string) error {
	name, rest, _ := strings.Cut(text, " ")
	known, ok := cmdlets[name]
	if !ok {
		return fmt.Errorf("no cmdlet %q", name)
	}
	given := map[string]bool{}
	for rest = strings.TrimSpace(rest) + " "; strings.TrimSpace(rest) != ""; {
		parameter, after, _ := strings.Cut(rest, " ")
		parameter, isSet := strings.CutSuffix(strings.TrimPrefix(parameter, "-"), ":$false")
		kind, ok := known.parameters[parameter]
		if !ok || rest[0] != '-' || given[parameter] || isSet && kind != "switch" {
			return fmt.Errorf("%s has no parameter %q here", name, parameter)
		}
		given[parameter], rest = true, after
		if kind == "switch" {
			continue
		}
		m := psToken.FindStringSubmatch(rest)
		if m == nil || m[2] != "" {
			return fmt.Errorf("-%s of %s has no value", parameter, name)
		}
		if err := psValue(kind, strings.ReplaceAll(m[1]+m[4], "''", "'")); err != nil {
			return fmt.Errorf("-%s of %s: %w", parameter, name, err)
		}
		rest = rest[len(m[0]):]
	}
	for _, one := range known.required {
		if !slices.ContainsFunc(strings.Split(one, "|"), func(p string) bool { return given[p] }) {
			return fmt.Errorf("%s needs -%s", name, one)
		}
	}
	return nil
}

// psScript checks a script of flat statements, and of ifs around one.
func psScript(text string) error {
	depth := 0
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		statement := strings.TrimSpace(line)
		m := psIf.FindStringSubmatch(statement)
		var err error
		switch {
		case statement == "", statement == "#Requires -RunAsAdministrator", strings.HasPrefix(statement, "# "), statement == "#":
		case statement == "$ErrorActionPreference = 'Stop'":
		case statement == "}" && depth > 0:
			depth--
		case m != nil:
			depth++
			err = psCommand(m[1])
		default:
			err = psPipeline(statement)
		}
		if err != nil {
			return fmt.Errorf("%d: %w: %s", i+1, err, line)
		}
	}
	if depth != 0 {
		return fmt.Errorf("%d blocks are open at the end", depth)
	}
	return nil
}

// psPipeline checks commands with pipes between them. An index that another command finds counts as the number it is.
func psPipeline(statement string) error {
	for _, m := range psIndex.FindAllStringSubmatch(statement, -1) {
		if err := psCommand(m[1]); err != nil {
			return err
		}
	}
	for _, command := range strings.Split(psIndex.ReplaceAllString(statement, "7"), " | ") {
		if err := psCommand(command); err != nil {
			return err
		}
	}
	return nil
}

// TestPowerShell reads every script of the goldens, and then sees that none is taken any more in which a letter of a cmdlet or
// parameter, a quote or a brace is missing, or an address is none.
func TestPowerShell(t *testing.T) {
	goldens, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	scripts, wrong := 0, 0
	for _, golden := range goldens {
		text, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range txtar.Parse(text).Files {
			if filepath.Ext(file.Name) != ".ps1" {
				continue
			}
			scripts++
			if err := psScript(string(file.Data)); err != nil {
				t.Errorf("%s: %s:%v", golden, file.Name, err)
			}
			for _, part := range []string{`-?[A-Z][A-Za-z]+`, `Stop|NetMgmt|Forwarder`, `(?m)/[0-9]+'|[0-9a-f]'`, `(?m)[{}]`} {
				for what, mutant := range psMutants(string(file.Data), regexp.MustCompile(part)) {
					wrong++
					if psScript(mutant) == nil {
						t.Errorf("%s: %s is taken with %s\n%s", golden, file.Name, what, mutant)
					}
				}
			}
		}
	}
	if scripts == 0 || wrong < 100 {
		t.Errorf("%d scripts, %d mutants: the test is blind", scripts, wrong)
	}
	t.Logf("%d scripts, %d mutants refused", scripts, wrong)
}

// psMutants returns a script without its comments, and without the last letter of one match each time.
func psMutants(text string, part *regexp.Regexp) map[string]string {
	text = strings.Join(statements(text), "\n") + "\n"
	all := map[string]string{}
	for _, at := range part.FindAllStringIndex(text, -1) {
		all[fmt.Sprintf("a letter less at %d: %q", at[1], text[at[0]:at[1]])] = text[:at[1]-1] + text[at[1]:]
	}
	return all
}

func TestPowerShellGrammarRefuses(t *testing.T) {
	for _, script := range []string{
		"New-NetRoute -DestinationPrefix '10.0.0.0/8' -NextHop '10.0.0.1'",
		"New-NetRoute -DestinationPrefix '10.0.0.0/8' -NextHop '10.0.0.1' -InterfaceIndex 7 -PolicyStore PersistentStore",
		"New-NetRoute -DestinationPrefix '10.0.0.1/8' -NextHop '10.0.0.1' -InterfaceIndex 7",
		"New-NetRoute -DestinationPrefix '10.0.0.0/8' -NextHop '10.0.0' -InterfaceIndex 7",
		"New-NetRoute -DestinationPrefix '10.0.0.0/8' -NextHop '10.0.0.1' -InterfaceIndex 7; Remove-NetRoute",
		"Remove-NetRoute -Confirm:$false",
		"Remove-NetRoute -DestinationPrefix '10.0.0.0/8' -Confirm $false",
		"Get-DnsServerZone -Name 'a' | Remove-DnsServerZones",
		"Add-DnsServerConditionalForwarderZone -Name 'a.example'",
		"Add-DnsServerConditionalForwarderZone -Name 'a'b' -MasterServers '10.0.0.1'",
		"if ((Get-DnsServerZone -Name 'a').ZoneType -eq 'Forwarder') {",
		"Invoke-Expression 'x'",
	} {
		if psScript(script) == nil {
			t.Errorf("the grammar takes %s", script)
		}
	}
}

func TestPSStringIsOneString(t *testing.T) {
	for _, s := range nasty {
		m := psToken.FindStringSubmatch(psString(s))
		if m == nil || m[0] != psString(s) || strings.ReplaceAll(m[1], "''", "'") != printable(s) {
			t.Errorf("%q becomes %s", s, psString(s))
		}
	}
}
