package switchconf_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// nvueGrammar is from NVIDIA's list of the commands of Cumulus Linux 5; a patch in YAML has the same paths.
var nvueGrammar = grammar{dialect: "nvue", comment: "#", start: "nv", flatten: flattenYAML, views: map[string][]string{
	"nv": families(append(append([]string{
		"set router policy prefix-list <name63> type {ipv4|ipv6}",
		"set router policy prefix-list <name63> rule <1-4294967295> action {permit|deny}",
		"set router policy prefix-list <name63> rule <1-4294967295> match <prefix>",
		"set router policy prefix-list <name63> rule <1-4294967295> match <prefix> {min-prefix-len|max-prefix-len} <0-128>",
		"set router policy route-map <name63> rule <1-65535> action {permit|deny}",
		"set router policy route-map <name63> rule <1-65535> match type {ipv4|ipv6}",
		"set router policy route-map <name63> rule <1-65535> match ip-prefix-list <name63>",
		"set router bgp enable {on|off}",
		"set vrf <name15> router static <prefix> address-family {ipv4-unicast|ipv6-unicast}",
		"set vrf <name15> router static <prefix> via <ip> type {ipv4-address|ipv6-address}",
		"set vrf <name15> router bgp enable {on|off}",
		"set vrf <name15> router bgp autonomous-system <1-4294967295>",
		"set vrf <name15> router bgp router-id <ipv4>",
		"set vrf <name15> router bgp route-reflection enable {on|off}",
		"set vrf <name15> router bgp route-reflection cluster-id <ipv4>",
		"set vrf <name15> router bgp path-selection multipath aspath-ignore {on|off}",
		"set vrf <name15> router bgp address-family {ipv4-unicast|ipv6-unicast} enable {on|off}",
		"set vrf <name15> router bgp address-family ipv4-unicast network <prefix4>",
		"set vrf <name15> router bgp address-family ipv6-unicast network <prefix6>",
		"set vrf <name15> router bgp address-family {ipv4-unicast|ipv6-unicast} redistribute static enable {on|off}",
		"set vrf <name15> router bgp address-family {ipv4-unicast|ipv6-unicast} redistribute static route-map <name63>",
		"set vrf <name15> router bgp address-family {ipv4-unicast|ipv6-unicast} multipaths {ebgp|ibgp} <1-128>",
		"set vrf <name15> router bgp dynamic-neighbor listen-range <prefix> peer-group <name63>",
		"set vrf <name15> router bgp dynamic-neighbor limit <1-5000>",
		"set vrf <name15> router bgp neighbor <ip> type numbered",
		"set vrf <name15> router bgp neighbor swp<name12> type unnumbered",
		"set vrf <name15> router bgp neighbor <ip> description <name80>",
		"set vrf <name15> router bgp neighbor swp<name12> description <name80>",
		"set vrf <name15> router bgp neighbor <ip> peer-group <name63>",
		"nv unset router policy {prefix-list|route-map} <name63>",
		"nv unset vrf <name15> router static <prefix>",
		"nv unset vrf <name15> router bgp route-reflection",
		"nv unset vrf <name15> router bgp path-selection multipath aspath-ignore",
		"nv unset vrf <name15> router bgp address-family ipv4-unicast network <prefix4>",
		"nv unset vrf <name15> router bgp address-family ipv6-unicast network <prefix6>",
		"nv unset vrf <name15> router bgp address-family {ipv4-unicast|ipv6-unicast} redistribute static",
		"nv unset vrf <name15> router bgp address-family {ipv4-unicast|ipv6-unicast} multipaths",
		"nv unset vrf <name15> router bgp dynamic-neighbor listen-range <prefix>",
		"nv unset vrf <name15> router bgp dynamic-neighbor limit",
		"nv unset vrf <name15> router bgp neighbor <ip>",
		"nv unset vrf <name15> router bgp neighbor swp<name12>",
		"nv unset vrf <name15> router bgp peer-group <name63>",
	}, nvueSession("neighbor <ip>")...), append(nvueSession("neighbor swp<name12>"), nvueSession("peer-group <name63>")...)...)...),
}}.ready()

// nvueSession returns what a group and a neighbor both take.
func nvueSession(peer string) []string {
	var all []string
	for _, line := range []string{
		"remote-as <1-4294967295>",
		"update-source <ip>",
		"ttl-security enable {on|off}",
		"ttl-security hops <1-254>",
		"multihop-ttl <1-255>",
		"timers keepalive <1-65535>",
		"timers hold <3-65535>",
		"bfd enable {on|off}",
		"graceful-restart mode {auto|off|helper-only|full}",
	} {
		all = append(all, "set vrf <name15> router bgp "+peer+" "+line)
	}
	for _, line := range []string{
		"enable {on|off}",
		"policy {inbound|outbound} route-map <name63>",
		"prefix-limits inbound maximum <0-4294967295>",
		"prefix-limits inbound warning-threshold <1-100>",
		"prefix-limits inbound reestablish-wait <1-4294967295>",
		"aspath replace-peer-as {on|off}",
		"route-reflector-client {on|off}",
		"nexthop-setting {auto|self|force}",
		"default-route-origination enable {on|off}",
	} {
		all = append(all, "set vrf <name15> router bgp "+peer+" address-family {ipv4-unicast|ipv6-unicast} "+line)
	}
	return all
}

var nvueNames = nameTable{
	"prefix list": {
		find(`^set router policy prefix-list (\S+) `),
		find(` match ip-prefix-list (\S+)$`),
		find(`^nv unset router policy prefix-list (\S+)$`),
	},
	"route map": {
		find(`^set router policy route-map (\S+) `),
		find(` (?:inbound|outbound|static) route-map (\S+)$`),
		find(`^nv unset router policy route-map (\S+)$`),
	},
	"group": {
		find(`^set vrf \S+ router bgp peer-group (\S+) `),
		find(` neighbor \S+ peer-group (\S+)$`, ` listen-range \S+ peer-group (\S+)$`),
		find(`^nv unset vrf \S+ router bgp peer-group (\S+)$`),
	},
	"neighbor": {
		find(` router bgp neighbor (\S+) `, ` listen-range (\S+) `),
		nil,
		find(` router bgp neighbor (\S+)$`, ` listen-range (\S+)$`),
	},
	"static route": {
		find(`^set vrf \S+ router static (\S+) `),
		nil,
		find(`^nv unset vrf \S+ router static (\S+)$`),
	},
}

// flattenYAML turns a patch into commands: one for each value, and for each mapping without any. It fails where that is no YAML, or
// has one key twice.
func flattenYAML(t *testing.T, text string) string {
	t.Helper()
	var document []map[string]any
	if err := yaml.UnmarshalStrict([]byte(text), &document); err != nil || len(document) != 1 {
		t.Errorf("%v, %d items:\n%s", err, len(document), text)
	}
	var lines []string
	path := []string{"set"}
	for line := range strings.Lines(text) {
		entry := strings.TrimSpace(line)
		if strings.HasPrefix(entry, "#") || entry == "- set:" {
			continue
		}
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		key, value, _ := strings.Cut(strings.ReplaceAll(entry, "'", "")+" ", ": ")
		path = append(path[:depth-1], key)
		if value = strings.TrimSpace(value); value == "{}" {
			lines = append(lines, strings.Join(path, " "))
		} else if value != "" {
			lines = append(lines, strings.Join(path, " ")+" "+value)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestNVUEGrammar reads every golden as a switch would.
func TestNVUEGrammar(t *testing.T) { nvueGrammar.testNames(t, nvueNames) }
