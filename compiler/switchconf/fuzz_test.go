package switchconf_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/switchconf"
)

// everywhere is a switch on which every string that comes from the user is s. Comware has no unnumbered sessions and leaves
// that neighbor out.
func everywhere(d *fabric.Dialect, s string) *fabric.Switch {
	cluster := &fabric.Cluster{Name: s}
	node := &fabric.Node{Cluster: cluster, Name: s}
	list := &fabric.PrefixList{Name: s, Family: fabric.IPv4, Entries: []fabric.PrefixEntry{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), LE: 26}}}
	policy := &fabric.Policy{Name: s, Family: fabric.IPv4, Terms: []fabric.Term{{Seq: 10, PrefixList: list, Tag: 1}}}
	session := fabric.SessionConfig{
		RemoteASN: 64512, UpdateSource: netip.MustParseAddr("10.255.0.1"), UpdateSourceInterface: s,
		Password: &model.SecretRef{Secret: s, Key: s},
		Families: []*fabric.FamilyConfig{{Family: fabric.IPv4, In: policy, Out: policy, MaxPrefixes: 10, WarnPercent: 75, RestartMinutes: 5}},
	}
	group := &fabric.PeerGroup{Name: s, SessionConfig: session}
	hop := netip.MustParseAddr("10.0.0.1")
	router := &fabric.BGPRouter{
		VRF: s, ASN: 65001, RouterID: hop, MaximumPaths: 2, WantedPaths: 2, Families: []fabric.Family{fabric.IPv4},
		PrefixLists: []*fabric.PrefixList{list}, Policies: []*fabric.Policy{policy}, Groups: []*fabric.PeerGroup{group},
		Neighbors: []*fabric.Neighbor{
			{Address: hop, Group: group, Description: s},
			{Address: hop.Next(), Description: s, SessionConfig: session},
			{Interface: s, Description: s, SessionConfig: session},
		},
		Listens:      []*fabric.Listen{{Prefix: netip.MustParsePrefix("10.0.1.0/24"), Group: group, Limit: 100}},
		Redistribute: []*fabric.Redistribution{{Family: fabric.IPv4, Policy: policy}},
	}
	return &fabric.Switch{
		Name: s, Dialect: d, Managed: true, Model: &model.Switch{}, Routers: []*fabric.BGPRouter{router},
		Statics: []*fabric.StaticRoute{{Cluster: cluster, Prefix: netip.MustParsePrefix("10.1.0.0/16"), VRF: s,
			NextHops: []netip.Addr{hop}, Nodes: []*fabric.Node{node}}},
	}
}

// FuzzUserStrings holds every printer to this: whatever the user's strings are, there are as many lines as for harmless ones,
// each with the same command and as many words of it.
func FuzzUserStrings(f *testing.F) {
	for _, s := range []string{
		"leaf01", "two words", "a\nno router bgp", "a\r\nundo bgp 1", "!", "#", " # x", "\x00", "ä", "\u2028", "-", "?", "; reload", "`id`", "\"", "permit any",
		strings.Repeat("long ", 100), "\xff", "<key>", "{}", "%d%s", "quit", "10.0.0.1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" { // no description, the default VRF
			return
		}
		for _, p := range switchconf.All() {
			d := fabric.DialectByName(p.Dialect)
			harmless, files := switchconf.Compile(everywhere(d, "leaf"), "leaf"), switchconf.Compile(everywhere(d, s), s)
			if len(files) != len(harmless) {
				t.Fatalf("%s: %d files, want %d", p.Dialect, len(files), len(harmless))
			}
			for i, file := range files {
				wellFormed(t, file)
				got, want := strings.Split(string(file.Data), "\n"), strings.Split(string(harmless[i].Data), "\n")
				if len(got) != len(want) {
					t.Fatalf("%s: %d lines, want %d:\n%s", p.Dialect, len(got), len(want), file.Data)
				}
				for j := range got {
					if shape(got[j]) != shape(want[j]) {
						t.Errorf("%s: line %d is\n%q, of another shape than\n%q", p.Dialect, j+1, got[j], want[j])
					}
				}
			}
		}
	})
}

// jsonString is a string of JSON at the end of a line, the value of a member or an item of a list.
var jsonString = regexp.MustCompile(`(: |^ *)"[^"]*"(,?)$`)

// shape is a line's indentation, its first word and how many words follow, a quoted string being one; what comes after a description is
// free text, a comment is a comment, and a first word in quotes, which is a key, is a name.
func shape(line string) string {
	if strings.HasPrefix(strings.TrimLeft(line, " "), `"`) {
		line = jsonString.ReplaceAllString(line, "${1}x$2")
	}
	line = quotation.ReplaceAllString(line, "x")
	command, _, described := strings.Cut(line, " description ")
	words := strings.Fields(command)
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	switch {
	case len(words) == 0:
		return indent
	case words[0] == "!" || words[0] == "#":
		return indent + words[0]
	case described:
		words = append(words, "description")
	}
	words[0] = quotedKey.ReplaceAllString(words[0], "''")
	return indent + words[0] + strings.Repeat(" x", len(words)-1)
}

var quotedKey = regexp.MustCompile(`^'[^']*'`)
