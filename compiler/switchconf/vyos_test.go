package switchconf_test

import (
	"slices"
	"testing"
)

// vyosGrammar is from the command definitions of VyOS 1.4 (interface-definitions of vyos-1x). It tells the two kinds of prefix
// lists apart by the end of the names that topoc gives them.
var vyosGrammar = grammar{dialect: "vyos", comment: "#", start: "configure", views: map[string][]string{
	"configure": families(slices.Concat([]string{
		"set policy prefix-list <name60>_V4 rule <1-65535> action {permit|deny}",
		"set policy prefix-list <name60>_V4 rule <1-65535> prefix <prefix4>",
		"set policy prefix-list <name60>_V4 rule <1-65535> {ge|le} <0-32>",
		"set policy prefix-list6 <name60>_V6 rule <1-65535> action {permit|deny}",
		"set policy prefix-list6 <name60>_V6 rule <1-65535> prefix <prefix6>",
		"set policy prefix-list6 <name60>_V6 rule <1-65535> {ge|le} <0-128>",
		"delete policy prefix-list <name60>_V4",
		"delete policy prefix-list6 <name60>_V6",
		"delete policy route-map <name63>",
		"set policy route-map <name63> rule <1-65535> action {permit|deny}",
		"set policy route-map <name63> rule <1-65535> match {ip|ipv6} address prefix-list <name63>",
	}, vyosIn("set", "protocols static ",
		"route <prefix4> description <text80>",
		"route6 <prefix6> description <text80>",
		"route <prefix4> next-hop <ipv4>",
		"route6 <prefix6> next-hop <ipv6>",
	), vyosIn("delete", "protocols static ",
		"route <prefix4>",
		"route6 <prefix6>",
	), vyosIn("set", "protocols bgp ",
		"system-as <1-4294967294>",
		"parameters router-id <ipv4>",
		"parameters cluster-id <ipv4>",
		"parameters bestpath as-path multipath-relax",
		"address-family ipv4-unicast network <prefix4>",
		"address-family ipv6-unicast network <prefix6>",
		"address-family {ipv4-unicast|ipv6-unicast} redistribute static route-map <name63>",
		"address-family {ipv4-unicast|ipv6-unicast} maximum-paths {ebgp|ibgp} <1-256>",
		"listen range <prefix> peer-group <name63>",
		"listen limit <1-5000>",
		"timers {keepalive|holdtime} <0-65535>",
		"neighbor <ip> peer-group <name63>",
		"neighbor <ip> description <text255>",
		"neighbor eth<name12> description <text255>",
		"neighbor <ip> timers {keepalive|holdtime} <0-65535>",
		"neighbor eth<name12> timers {keepalive|holdtime} <0-65535>",
		"neighbor <ip> remote-as <1-4294967294>",
		"neighbor eth<name12> interface v6only remote-as <1-4294967294>",
		"peer-group <name63> remote-as <1-4294967294>",
	), vyosIn("delete", "protocols bgp ",
		"parameters cluster-id",
		"parameters bestpath as-path multipath-relax",
		"address-family ipv4-unicast network <prefix4>",
		"address-family ipv6-unicast network <prefix6>",
		"address-family {ipv4-unicast|ipv6-unicast} redistribute static",
		"address-family {ipv4-unicast|ipv6-unicast} maximum-paths",
		"listen range <prefix>",
		"listen limit",
		"timers",
		"neighbor <ip>",
		"neighbor eth<name12>",
		"peer-group <name63>",
	), vyosSession("peer-group <name63> "), vyosSession("neighbor <ip> "), vyosSession("neighbor eth<name12> "))...),
}}.ready()

// vyosIn returns commands below a path, which can also be in a VRF.
func vyosIn(verb, path string, lines ...string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, verb+" "+path+line, verb+" vrf name <name15> "+path+line)
	}
	return all
}

// vyosSession returns what a group and a neighbor both take.
func vyosSession(peer string) []string {
	var all []string
	for _, line := range []string{
		"update-source <ip>",
		"ttl-security hops <1-254>",
		"ebgp-multihop <1-255>",
		"bfd",
		"graceful-restart {enable|disable|restart-helper}",
		"address-family {ipv4-unicast|ipv6-unicast} route-map {import|export} <name63>",
		"address-family {ipv4-unicast|ipv6-unicast} maximum-prefix <1-4294967295>",
		"address-family {ipv4-unicast|ipv6-unicast} as-override",
		"address-family {ipv4-unicast|ipv6-unicast} route-reflector-client",
		"address-family {ipv4-unicast|ipv6-unicast} nexthop-self",
		"address-family {ipv4-unicast|ipv6-unicast} default-originate",
	} {
		all = append(all, vyosIn("set", "protocols bgp ", peer+line)...)
	}
	return all
}

var vyosNames = nameTable{
	"prefix list": {
		find(`^set policy prefix-list6? (\S+) rule`),
		find(` match ip(?:v6)? address prefix-list (\S+)$`),
		find(`^delete policy prefix-list6? (\S+)$`),
	},
	"route map": {
		find(`^set policy route-map (\S+) rule \S+ action`),
		find(` route-map (?:import|export) (\S+)$`, ` redistribute static route-map (\S+)$`),
		find(`^delete policy route-map (\S+)$`),
	},
	"group": {
		find(`^set .*bgp peer-group (\S+) `),
		find(` neighbor \S+ peer-group (\S+)$`, ` listen range \S+ peer-group (\S+)$`),
		find(`^delete .*bgp peer-group (\S+)$`),
	},
	"neighbor": {
		find(`^set .*bgp neighbor (\S+) `, `^set .*bgp listen range (\S+) `),
		nil,
		find(`^delete .*bgp neighbor (\S+)$`, `^delete .*bgp listen range (\S+)$`),
	},
	"static route": {
		find(`^set .*static route6? (\S+) `),
		nil,
		find(`^delete .*static route6? (\S+)$`),
	},
}

// TestVyOSGrammar reads every golden as a router would.
func TestVyOSGrammar(t *testing.T) { vyosGrammar.testNames(t, vyosNames) }
