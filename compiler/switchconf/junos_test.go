package switchconf_test

import (
	"strings"
	"testing"
)

// junosGrammar is from Juniper's references of statements: one view, in which each command says the whole path. Of a group and of a
// neighbor the same may be said, in a routing instance the same as outside.
var junosGrammar = grammar{dialect: "junos", comment: "#", start: "configuration", views: map[string][]string{
	"configuration": append([]string{
		"delete policy-options policy-statement <name255>",
		"set policy-options policy-statement <name255> then {reject|accept}",
		"set policy-options policy-statement <name255> then load-balance per-packet",
		"set policy-options policy-statement <name255> term <name255> from protocol {bgp|direct|static}",
		"set policy-options policy-statement <name255> term <name255> from route-type {external|internal}",
		"set policy-options policy-statement <name255> term <name255> from tag <0-4294967295>",
		"set policy-options policy-statement <name255> term <name255> from route-filter <prefix4> {exact|orlonger}",
		"set policy-options policy-statement <name255> term <name255> from route-filter <prefix4> upto /<0-32>",
		"set policy-options policy-statement <name255> term <name255> from route-filter <prefix4> prefix-length-range /<0-32>-/<0-32>",
		"set policy-options policy-statement <name255> term <name255> from route-filter <prefix6> {exact|orlonger}",
		"set policy-options policy-statement <name255> term <name255> from route-filter <prefix6> upto /<0-128>",
		"set policy-options policy-statement <name255> term <name255> from route-filter <prefix6> prefix-length-range /<0-128>-/<0-128>",
		"set policy-options policy-statement <name255> term <name255> then {accept|reject}",
		"set policy-options policy-statement <name255> term <name255> then next-hop self",
		"set routing-options forwarding-table export <name255>",
		"delete routing-options forwarding-table export <name255>",
		"delete routing-options rib inet6.0 static route <prefix6>",
		"set routing-options rib inet6.0 static route <prefix6> next-hop <ipv6>",
		"set routing-options rib inet6.0 static route <prefix6> tag <0-4294967295>",
	}, junosScopes()...),
}}.ready()

// junosScopes are the statements that stand outside of routing instances and in them, and on groups and their neighbors.
func junosScopes() []string {
	sessions := []string{
		"local-address <ip>",
		"multihop ttl <1-255>",
		"hold-time <3-65535>",
		"bfd-liveness-detection minimum-interval <1-255000>",
		"import <name255>",
		"export <name255>",
		"family <family> unicast",
		"family <family> unicast prefix-limit maximum <1-4294967295>",
		"family <family> unicast prefix-limit teardown <1-100> idle-timeout <1-2400>",
		"as-override",
		"advertise-peer-as",
		"cluster <ipv4>",
		"peer-as <1-4294967295>",
		"graceful-restart disable",
		"log-updown",
		"multipath",
		"multipath multiple-as",
		"authentication-key-chain <name255>",
	}
	lines := []string{
		"set routing-options router-id <ipv4>",
		"set routing-options autonomous-system <1-4294967295>",
		"delete routing-options static route <prefix4>",
		"set routing-options static route <prefix4> next-hop <ipv4>",
		"set routing-options static route <prefix4> tag <0-4294967295>",
		"delete protocols bgp group <name255>",
		"set protocols bgp group <name255> type {external|internal}",
		"set protocols bgp group <name255> allow <prefix>",
		"set protocols bgp group <name255> neighbor <ip> description \"<text255>\"",
		"set protocols bgp group <name255> neighbor <ip>",
	}
	for _, s := range sessions {
		lines = append(lines, "set protocols bgp group <name255> "+s)
		for _, family := range []string{"<ipv4>", "<ipv6>"} {
			lines = append(lines, "set protocols bgp group <name255> neighbor "+family+" "+s)
		}
	}
	var all []string
	for _, line := range families(lines...) {
		all = append(all, line, strings.Replace(line, " ", " routing-instances <name128> ", 1))
	}
	return append(all,
		"delete routing-instances <name128> routing-options rib <name137> static route <prefix6>",
		"set routing-instances <name128> routing-options rib <name137> static route <prefix6> next-hop <ipv6>",
		"set routing-instances <name128> routing-options rib <name137> static route <prefix6> tag <0-4294967295>")
}

// TestJunosGrammar reads every golden as a switch would.
func TestJunosGrammar(t *testing.T) {
	junosGrammar.testOrder(t,
		kind{
			"policy",
			find(`^set policy-options policy-statement (\S+)`),
			find(`^set .*bgp group \S+ (?:neighbor \S+ )?(?:import|export) (\S+)$`, `^set .*forwarding-table export (\S+)$`),
			find(`^delete policy-options policy-statement (\S+)$`),
		},
		kind{"route", find(`^set (.*static route \S+)`), nil, find(`^delete (.*static route \S+)$`)},
		kind{
			"group",
			find(`^set (.*protocols bgp group \S+) type`),
			find(`^set (.*protocols bgp group \S+) (?:import|export|neighbor|family|allow|peer-as)`),
			find(`^delete (.*protocols bgp group \S+)$`),
		})
}
