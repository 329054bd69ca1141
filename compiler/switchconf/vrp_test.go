package switchconf_test

import "testing"

// vrpGrammar is from Huawei's command references of CloudEngine switches, and from running configurations of them.
var vrpGrammar = grammar{dialect: "vrp", comment: "#", leave: "quit", indent: " ", start: "system", views: map[string][]string{
	"system": {
		"bfd => bfd",
		"ip ip-prefix <name169> index <1-4294967295> {permit|deny} <ipv4> <0-32> [greater-equal <0-32>] [less-equal <0-32>]",
		"ip ipv6-prefix <name169> index <1-4294967295> {permit|deny} <ipv6> <0-128> [greater-equal <0-128>] [less-equal <0-128>]",
		"undo ip {ip-prefix|ipv6-prefix} <name169>",
		"route-policy <name200> {permit|deny} node <0-65535> => policy",
		"undo route-policy <name200>",
		"ip route-static [vpn-instance <name31>] <ipv4> <0-32> <ipv4> [tag <1-4294967295>] description <text60>",
		"ipv6 route-static [vpn-instance <name31>] <ipv6> <0-128> <ipv6> [tag <1-4294967295>] description <text60>",
		"undo ip route-static [vpn-instance <name31>] <ipv4> <0-32> <ipv4>",
		"undo ipv6 route-static [vpn-instance <name31>] <ipv6> <0-128> <ipv6>",
		"bgp <1-4294967295> => bgp",
	},
	"policy": {
		"if-match ip-prefix <name169>",
		"if-match ipv6 address prefix-list <name169>",
		"if-match tag <0-4294967295>",
	},
	"bgp": append([]string{
		"bgp dynamic-session-limit <1-16000>",
		"undo bgp dynamic-session-limit <1-16000>",
		"graceful-restart",
		"undo graceful-restart",
		"ipv4-family unicast => ipv4",
		"ipv6-family unicast => ipv6",
		"ipv4-family vpn-instance <name31> => vpn4",
		"ipv6-family vpn-instance <name31> => vpn6",
	}, vrpSessions...),
	"ipv4": append([]string{"network <ipv4> <0-32>", "undo network <ipv4> <0-32>"}, vrpPublic...),
	"ipv6": append([]string{"network <ipv6> <0-128>", "undo network <ipv6> <0-128>"}, vrpPublic...),
	"vpn4": append(append([]string{"network <ipv4> <0-32>", "undo network <ipv4> <0-32>"}, vrpSessions...), vrpFamily...),
	"vpn6": append(append([]string{"network <ipv6> <0-128>", "undo network <ipv6> <0-128>"}, vrpSessions...), vrpFamily...),
}}.ready()

var vrpSessions = []string{
	"router-id <ipv4>",
	"group <name47> [listen] {internal|external}",
	"undo group <name47>",
	"peer <name47> as-number <1-4294967295>",
	"peer <name47> listen-as <1-4294967295>",
	"peer <name47> listen-net <ipv4> <0-32>",
	"undo peer <name47> listen-net <ipv4> <0-32>",
	"peer <name47> group <name47>",
	"peer <name47> description <text80>",
	"peer <name47> connect-interface <name63>",
	"peer <name47> ebgp-max-hop <1-255>",
	"peer <name47> valid-ttl-hops <1-255>",
	"peer <name47> timer keepalive <0-21845> hold <3-65535>",
	"peer <name47> bfd enable",
	"undo peer <name47>",
}

var vrpPublic = append([]string{
	"peer <name47> enable",
	"peer <name47> group <name47>",
	"reflector cluster-id <ipv4>",
	"undo reflector cluster-id",
}, vrpFamily...)

var vrpFamily = []string{
	"maximum load-balancing {ebgp|ibgp} <1-128>",
	"undo maximum load-balancing {ebgp|ibgp}",
	"load-balancing as-path-relax",
	"undo load-balancing as-path-relax",
	"import-route static route-policy <name200>",
	"undo import-route static",
	"peer <name47> advertise-community",
	"peer <name47> route-policy <name200> {import|export}",
	"peer <name47> route-limit <1-4294967295> <1-100> idle-timeout <1-1200>",
	"peer <name47> substitute-as",
	"peer <name47> reflect-client",
	"peer <name47> next-hop-local",
	"peer <name47> default-route-advertise",
}

var vrpNames = nameTable{
	"prefix list": {
		find(`^ip ip(?:v6)?-prefix (\S+) index`),
		find(`^if-match ip-prefix (\S+)$`, `^if-match ipv6 address prefix-list (\S+)$`),
		find(`^undo ip ip(?:v6)?-prefix (\S+)$`),
	},
	"route map": {
		find(`^route-policy (\S+) (?:permit|deny)`),
		find(`^peer \S+ route-policy (\S+) (?:import|export)$`, `^import-route static route-policy (\S+)$`),
		find(`^undo route-policy (\S+)$`),
	},
	"group": {
		find(`^group (\S+) `),
		find(`^peer \S+ group (\S+)$`, `^(?:undo )?peer (\S+) listen-net `),
		find(`^undo group (\S+)$`),
	},
	"neighbor": {
		find(`^peer ([0-9a-f.:]*[.:][0-9a-f.:]*) `),
		nil,
		find(`^undo peer ([0-9a-f.:]*[.:][0-9a-f.:]*)$`),
	},
}

// TestVRPGrammar reads every golden as a switch would.
func TestVRPGrammar(t *testing.T) { vrpGrammar.testNames(t, vrpNames) }
