package switchconf_test

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// comwareGrammar is from the command references of Comware 7.
var comwareGrammar = grammar{dialect: "comware", comment: "#", leave: "quit", indent: " ", start: "system", views: map[string][]string{
	"system": {
		"ip prefix-list <name63> index <1-65535> {permit|deny} <ipv4> <0-32> [greater-equal <0-32>] [less-equal <0-32>]",
		"ipv6 prefix-list <name63> index <1-65535> {permit|deny} <ipv6> <0-128> [greater-equal <0-128>] [less-equal <0-128>]",
		"undo {ip|ipv6} prefix-list <name63>",
		"route-policy <name63> {permit|deny} node <0-65535> => policy",
		"undo route-policy <name63>",
		"ip route-static [vpn-instance <name31>] <ipv4> <0-32> <ipv4> [tag <1-4294967295>] description <text60>",
		"ipv6 route-static [vpn-instance <name31>] <ipv6> <0-128> <ipv6> [tag <1-4294967295>] description <text60>",
		"undo ip route-static [vpn-instance <name31>] <ipv4> <0-32> <ipv4>",
		"undo ipv6 route-static [vpn-instance <name31>] <ipv6> <0-128> <ipv6>",
		"bgp <1-4294967295> => bgp",
	},
	"policy": {
		"if-match {ip|ipv6} address prefix-list <name63>",
		"if-match tag <1-4294967295>",
	},
	"bgp": append([]string{
		"graceful-restart",
		"undo graceful-restart",
		"ip vpn-instance <name31> => vpn",
	}, comwareSessions...),
	"vpn": comwareSessions,
	"family": {
		"reflector cluster-id <ipv4>",
		"undo reflector cluster-id",
		"balance <1-64>",
		"undo balance",
		"balance as-path-relax",
		"undo balance as-path-relax",
		"network <ipv4> <0-32>",
		"network <ipv6> <0-128>",
		"undo network <ipv4> <0-32>",
		"undo network <ipv6> <0-128>",
		"import-route static route-policy <name63>",
		"undo import-route static",
		"peer <peer> enable",
		"peer <peer> route-policy <name63> {import|export}",
		"peer <peer> route-limit <1-4294967295> <1-100> reconnect <1-65535>",
		"peer <peer> reflect-client",
		"peer <peer> next-hop-local",
		"peer <peer> default-route-advertise",
	},
}}.ready()

var comwareSessions = []string{
	"router-id <ipv4>",
	"group <name47> {internal|external}",
	"undo group <name47>",
	"peer <peer> as-number <1-4294967295>",
	"peer <peer> group <name47>",
	"peer <peer> description <text79>",
	"peer <peer> connect-interface <name63>",
	"peer <peer> ebgp-max-hop <1-255>",
	"peer <peer> ttl-security hops <1-254>",
	"peer <peer> timer keepalive <0-21845> hold <3-65535>",
	"peer <peer> bfd",
	"peer <peer> substitute-as",
	"undo peer <peer>",
	"address-family {ipv4|ipv6} unicast => family",
}

// comwareTable is what a Comware snippet configures, as "display bgp peer" would show it.
type comwareTable struct {
	asn, routerID string
	peers         map[string]*comwarePeer // by address; a range is "172.20.0.0 24"
}

type comwarePeer struct {
	as, group string
	families  []string // activated in, sorted
}

// parseComware reads a snippet as the switch would, and fails at every line that it would refuse.
func parseComware(t testing.TB, name, text string) *comwareTable {
	t.Helper()
	table := &comwareTable{peers: map[string]*comwarePeer{}}
	groups := map[string]*comwarePeer{}
	family := ""
	for _, fault := range comwareGrammar.read(text, func(_, command string) {
		words := strings.Fields(command)
		switch words[0] {
		case "bgp":
			table.asn = words[1]
		case "router-id":
			table.routerID = words[1]
		case "address-family":
			family = words[1]
		case "group":
			groups[words[1]] = &comwarePeer{}
			if words[2] == "internal" {
				groups[words[1]].as = table.asn
			}
		case "peer":
			applyPeer(t, table, groups, family, words[1:])
		}
	}) {
		t.Errorf("%s:%v", name, fault)
	}
	for _, p := range table.peers {
		if g := groups[p.group]; g != nil {
			p.families = append(p.families, g.families...)
			if p.as == "" {
				p.as = g.as
			}
		}
		slices.Sort(p.families)
		p.families = slices.Compact(p.families)
	}
	return table
}

// applyPeer takes a peer command, without its first word, into the table.
func applyPeer(t testing.TB, table *comwareTable, groups map[string]*comwarePeer, family string, words []string) {
	t.Helper()
	name, rest := words[0], words[1:]
	if len(rest) > 1 && rest[0][0] >= '0' && rest[0][0] <= '9' {
		name, rest = name+" "+rest[0], rest[1:]
	}
	p := groups[name]
	if p == nil {
		p = table.peers[name]
	}
	if p == nil {
		if rest[0] != "as-number" && rest[0] != "group" {
			t.Errorf("peer %s does not exist yet", name)
		}
		p = &comwarePeer{}
		table.peers[name] = p
	}
	switch rest[0] {
	case "as-number":
		p.as = rest[1]
	case "group":
		if p.group = rest[1]; groups[p.group] == nil {
			t.Errorf("peer %s joins group %s, which does not exist yet", name, p.group)
		}
	case "enable":
		p.families = append(p.families, family)
	}
}

// TestComwareGrammar reads every golden as a switch would.
func TestComwareGrammar(t *testing.T) { comwareGrammar.testGoldens(t) }

// TestComwareActivation reads what goldens configure.
func TestComwareActivation(t *testing.T) {
	goldens, err := filepath.Glob("testdata/comware-*.txtar")
	if err != nil || len(goldens) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, golden := range goldens {
		a, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range compile(t, a.Files[0].Data) {
			table := parseComware(t, golden+":"+path.Base(f.Path), string(f.Data))
			for address, p := range table.peers {
				want := "ipv4"
				if strings.Contains(address, ":") {
					want = "ipv6"
				}
				if !slices.Equal(p.families, []string{want}) {
					t.Errorf("%s: peer %s is activated in %v, want %s", f.Path, address, p.families, want)
				}
			}
		}
	}
}

// TestComwareGrammarRefuses shows that the grammar is good for something.
func TestComwareGrammarRefuses(t *testing.T) {
	for _, c := range []struct{ view, command string }{
		{"system", "ip prefix-list L permit 10.0.0.0/8"},
		{"system", "ip prefix-list L index 10 permit 10.0.0.0 33"},
		{"system", "ipv6 prefix-list L index 10 permit 10.0.0.0 8"},
		{"system", "peer 10.0.0.1 enable"},
		{"bgp", "peer 10.0.0.1 enable"},
		{"bgp", "peer 10.0.0.1 timer keepalive 10"},
		{"bgp", "group G sideways"},
		{"family", "balance 65"},
		{"family", "peer 10.0.0.1 route-limit 1000 75 reconnect 70000"},
		{"policy", "if-match ip address L"},
	} {
		if rule, _ := comwareGrammar.find(c.view, c.command); rule != nil {
			t.Errorf("%s view takes %q", c.view, c.command)
		}
	}
}

// TestLeafSpineSessions is what the operator of the lab saw in "display bgp peer ipv4".
func TestLeafSpineSessions(t *testing.T) {
	a, err := txtar.ParseFile("testdata/comware-leaf-reflectors.txtar")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, f := range compile(t, a.Files[0].Data) {
		if strings.HasSuffix(f.Path, ".undo.cfg") {
			continue
		}
		table := parseComware(t, f.Path, string(f.Data))
		lines := []string{table.routerID + " " + table.asn}
		for _, address := range slices.Sorted(maps.Keys(table.peers)) {
			p := table.peers[address]
			lines = append(lines, fmt.Sprintf("%s %s %s", address, p.as, strings.Join(p.families, ",")))
		}
		got[path.Base(f.Path)] = lines
	}
	want := map[string][]string{
		"leaf01.cfg":  {"2.2.2.2 65009", "100.0.0.1 65008 ipv4", "172.20.0.11 64512 ipv4", "172.20.0.12 64512 ipv4"},
		"leaf02.cfg":  {"3.3.3.3 65010", "100.0.0.5 65008 ipv4", "173.20.0.11 64513 ipv4", "173.20.0.12 64513 ipv4"},
		"spine01.cfg": {"1.1.1.1 65008", "100.0.0.2 65009 ipv4", "100.0.0.6 65010 ipv4"},
	}
	for name := range want {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("%s configures\n%q, want\n%q", name, got[name], want[name])
		}
	}
}
