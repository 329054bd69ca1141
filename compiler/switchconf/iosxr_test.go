package switchconf_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// iosxrGrammar is from Cisco's command references and published configurations of IOS XR.
var iosxrGrammar = grammar{dialect: "iosxr", comment: "!", leave: "exit", indent: " ", start: "config", views: map[string][]string{
	"config": {
		"prefix-set <name64> => prefix set, end-set",
		"no prefix-set <name64>",
		"route-policy <name64> => policy, end-policy",
		"no route-policy <name64>",
		"router static => static",
		"router bgp <1-4294967295> => bgp",
	},
	"prefix set": {"<element4>", "<element6>"},
	"policy": {
		"if destination in <name64> then => if, endif",
		"if tag eq <1-4294967295> then => if, endif",
		"if destination in <name64> and tag eq <1-4294967295> then => if, endif",
		"drop", "done", "pass",
	},
	"if":     {"drop", "done", "pass"},
	"static": {"vrf <name32> => static vrf", "address-family {ipv4|ipv6} unicast => routes"},
	"static vrf": {
		"address-family {ipv4|ipv6} unicast => routes",
	},
	"routes": {
		"<prefix4> <ipv4> [tag <1-4294967295>] [description <text30>]",
		"<prefix6> <ipv6> [tag <1-4294967295>] [description <text30>]",
		"no <prefix4> <ipv4>",
		"no <prefix6> <ipv6>",
	},
	"bgp": append([]string{
		"bgp graceful-restart",
		"no bgp graceful-restart",
		"address-family {vpnv4|vpnv6} unicast => vpn",
		"neighbor-group <name64> => group",
		"no neighbor-group <name64>",
		"vrf <name32> => vrf",
	}, iosxrInstance...),
	"vrf": iosxrInstance,
	"family": families(
		"maximum-paths {ebgp|ibgp} <2-1024>",
		"no maximum-paths {ebgp|ibgp} <2-1024>",
		"network <prefix>",
		"no network <prefix>",
		"redistribute static route-policy <name64>",
		"no redistribute static",
		"as-path-loopcheck out disable",
		"no as-path-loopcheck out disable",
	),
	"group":    iosxrSession,
	"neighbor": append([]string{"use neighbor-group <name64>", "description <text80>"}, iosxrSession...),
	"range":    {"use neighbor-group <name64>", "maximum-peers <1-4294967295>"},
	"session": {
		"route-policy <name64> {in|out}",
		"send-community-ebgp",
		"maximum-prefix <1-4294967295> <1-100> restart <1-65535>",
		"as-override",
		"route-reflector-client",
		"next-hop-self",
		"default-originate",
	},
}}.ready()

var iosxrInstance = families(
	"bgp router-id <ipv4>",
	"bgp bestpath as-path multipath-relax",
	"no bgp bestpath as-path multipath-relax",
	"address-family {ipv4|ipv6} unicast => family",
	"neighbor <ip> => neighbor",
	"no neighbor <ip>",
	"neighbor <prefix> => range",
	"no neighbor <prefix>",
)

var iosxrSession = []string{
	"remote-as <1-4294967295>",
	"cluster-id <ipv4>",
	"update-source <name63>",
	"ttl-security",
	"ebgp-multihop <1-255>",
	"timers <0-65535> <3-65535>",
	"bfd fast-detect",
	"address-family {ipv4|ipv6} unicast => session",
}

// TestIOSXRGrammar reads every golden as a router would.
func TestIOSXRGrammar(t *testing.T) {
	iosxrGrammar.testOrder(t,
		kind{"prefix set", find(`^prefix-set (\S+)`), find(`^if destination in (\S+)`), find(`^no prefix-set (\S+)`)},
		kind{
			"policy", find(`^route-policy (\S+)$`), find(`^route-policy (\S+) (?:in|out)`, `^redistribute static route-policy (\S+)`),
			find(`^no route-policy (\S+)`),
		},
		kind{
			"session", find(`^neighbor(?:-group)? (\S+)`), find(`^use neighbor-group (\S+)`), find(`^no neighbor(?:-group)? (\S+)`),
		})
}

// TestIOSXRElements reads elements of prefix sets, and sees that all but the last of a set end in a comma.
func TestIOSXRElements(t *testing.T) {
	for _, wrong := range []string{"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8 le 33", "10.0.0.0/8 ge 24", "10.0.0.0/8 l 24", "10.0.0.0/8 le 24;", "le 24", "fd00::/64"} {
		if element("element4", wrong) == nil {
			t.Errorf("%q is taken for an element", wrong)
		}
	}
	goldens, err := filepath.Glob("testdata/iosxr-*.txtar")
	if err != nil || len(goldens) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, golden := range goldens {
		a, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files[1:] {
			isInSet, last := false, ""
			for line := range strings.Lines(string(f.Data)) {
				line = strings.TrimSuffix(line, "\n")
				switch isEnd := line == "end-set"; {
				case strings.HasPrefix(line, "prefix-set "):
					isInSet, last = true, ""
				case isInSet && last != "" && strings.HasSuffix(last, ",") == isEnd:
					t.Errorf("%s: %s: %q comes before %q", golden, f.Name, last, line)
				case isEnd && last == "":
					t.Errorf("%s: %s: a prefix set is empty", golden, f.Name)
				default:
					last = line
				}
				isInSet = isInSet && line != "end-set"
			}
		}
	}
}
