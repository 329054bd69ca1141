package hostroute

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"topoc/compiler/fabric"
)

// nasty are strings that mean something to one of the formats, or to a shell.
var nasty = []string{
	"", " ", "a b", "a\nb", "a\r\nb", "x\n[ipv4]\nmethod=auto", "x\nserver=/#/1.2.3.4", "a/b#c", "a'b", `a"b`, `a\nb`, `end\`, "$(id)", "`id`",
	"; id", "&& id", "#", " #", "a: b", "- a", "*a", "&a", "!a", "%a", "@a", "yes", "null", "1e3", "0x1f", "1:2", "~", "é", "a\u2028b", "a\u0085b",
	"\xff", "\x00", "\x7f", "a\tb", "..", "../..", "-rf", "--", "%s%d%!", "\u202eabc", strings.Repeat("a", 150), "eth0", "Ethernet 2", "a.b",
}

// rename returns example with s wherever a name of the user's stands. What it means is that of example with other names.
func rename(system, server, s string) *fabric.Host {
	h := example(system)
	h.Name, h.Interface, h.DNS.Server = s, s, server
	cluster := &fabric.Cluster{Name: s}
	for i := range h.Routes {
		h.Routes[i].Cluster = cluster
		for n := range h.Routes[i].Nodes {
			h.Routes[i].Nodes[n] = &fabric.Node{Name: s, Cluster: cluster}
		}
		h.Routes[i].NextHops = slices.Clone(h.Routes[i].NextHops)
		for n, a := range h.Routes[i].NextHops {
			h.Routes[i].NextHops[n] = a.WithZone(s) // IPv6 only
		}
	}
	h.Gateway6 = h.Gateway6.WithZone(s)
	for i := range h.DNS.Zones {
		z := &h.DNS.Zones[i]
		z.Cluster, z.Domain, z.Service = cluster, strings.ReplaceAll(z.Domain, "prod.example", s), z.Service.WithZone(s)
	}
	return h
}

// plain returns example without the domains that rename makes no names of, so that both forward as much.
func plain(system, server, s string) *fabric.Host {
	h := example(system)
	h.DNS.Server = server
	for i, z := range rename(system, server, s).DNS.Zones {
		if !isDomain(z.Domain) {
			h.DNS.Zones[i].Domain = ""
		}
	}
	return h
}

// FuzzNames proves that no name can make a file say more than one with harmless names does.
func FuzzNames(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > longestName {
			return
		}
		for _, system := range AllSystems() {
			sayTheSame(t, plain(system.Name, "dnsmasq", s), rename(system.Name, "dnsmasq", s), s)
		}
		for _, server := range AllDNSServers() {
			sayTheSame(t, plain("iproute2", server.Name, s), rename("iproute2", server.Name, s), s)
		}
	})
}

// longestName is more than any name of a topology has, and less than YAML takes for a key: 1024 characters, quotes and escapes included.
const longestName = 256

func sayTheSame(t *testing.T, plain, renamed *fabric.Host, s string) {
	t.Helper()
	harmless, files := Compile(plain, "lab"), Compile(renamed, s)
	if len(files) != len(harmless) {
		t.Fatalf("%d files, want %d", len(files), len(harmless))
	}
	for i, file := range files {
		name := strings.TrimPrefix(harmless[i].Path, "hosts/web/")
		text := string(file.Data)
		if bad := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }); bad >= 0 {
			t.Fatalf("%s holds %q", name, text[bad])
		}
		same, isKnown := sameMeaning[strings.TrimPrefix(name, "undo-")]
		if !isKnown {
			t.Fatalf("no test knows %s", name)
		}
		if err := same(text, string(harmless[i].Data), s); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
	}
}

// sameMeaning compares, for each file, a text that was written for the name s with the one for harmless names, read by means
// other than those that wrote it.
var sameMeaning = map[string]func(got, harmless, s string) error{
	"routes.batch":              sameStatements(unchanged),
	"routes.ps1":                sameStatements(unchanged),
	"60-topoc.yaml":             sameYAML,
	"topoc.nmconnection":        sameStatements(harmlessSetting),
	"60-topoc.conf":             sameStatements(harmlessDevice),
	"interfaces":                sameStanzas,
	"dns-dnsmasq.conf":          sameForwarding,
	"dns-unbound.conf":          sameForwarding,
	"dns-bind.conf":             sameForwarding,
	"dns-coredns.conf":          sameForwarding,
	"dns-systemd-resolved.conf": sameForwarding,
	"dns-windows.ps1":           sameForwarding,
}

// extracted is a comment that the commands of a file take out of it, to be read by something.
var extracted = regexp.MustCompile(`^#[0-9]*\|`)

// statements returns the lines that are no comments, or are to be taken out of them.
func statements(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line == "" || strings.HasPrefix(line, "#") && !extracted.MatchString(line)
	})
}

func unchanged(line, _ string) string { return line }

// sameStatements compares line by line, after calm has put harmless names in place of s.
func sameStatements(calm func(line, s string) string) func(got, harmless, s string) error {
	return func(got, harmless, s string) error {
		lines, want := statements(got), statements(harmless)
		for i := range lines {
			lines[i] = calm(lines[i], s)
		}
		if !slices.Equal(lines, want) {
			return fmt.Errorf("says\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
		return nil
	}
}

// harmlessSetting reads the two settings of a keyfile that hold names as GLib does: blanks around a value go, then escapes.
func harmlessSetting(line, s string) string {
	key, value, _ := strings.Cut(line, "=")
	value = strings.NewReplacer(`\\`, `\`, `\s`, " ").Replace(strings.TrimSpace(value))
	switch {
	case key == "interface-name" && value == printable(s):
		return "interface-name=eth0"
	case key == "id" && value == "topoc-"+printable(s):
		return "id=topoc-eth0"
	}
	return line
}

// harmlessDevice reads the next hop of a route of systemd-networkd, which may stand without its interface.
func harmlessDevice(line, s string) string {
	if m := nextHop.FindStringSubmatch(line); m != nil && (m[2] == "" || m[2] == s) {
		return m[1] + "@eth0"
	}
	return line
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	nextHop   = regexp.MustCompile(`^(MultiPathRoute=[0-9a-f.:]+)(?:@([A-Za-z0-9_.-]+))?$`)
	stanza    = regexp.MustCompile(`(?m)^(iface|  up|  down) .*$`)
)

// sameStanzas wants the stanzas of ifupdown to be for the interface s, or none to be there.
func sameStanzas(got, harmless, s string) error {
	if !plainName.MatchString(s) || !stanza.MatchString(got) {
		harmless = stanza.ReplaceAllString(harmless, "")
	}
	return sameStatements(func(line, s string) string {
		for _, family := range []string{"inet", "inet6"} {
			if line == "iface "+s+" "+family+" manual" {
				return "iface eth0 " + family + " manual"
			}
		}
		return line
	})(got, harmless, s)
}

// dropInLine is a line that the comments tell the reader to extract.
var dropInLine = regexp.MustCompile(`^#\| (\[Route\]|Destination=[0-9./]+|MultiPathRoute=[0-9.]+(@[A-Za-z0-9_.-]+)?)$`)

// sameYAML compares as YAML. A name that is no UTF-8 cannot be the same in YAML.
func sameYAML(got, harmless, s string) error {
	for line := range strings.Lines(got) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#|") && !dropInLine.MatchString(line) {
			return fmt.Errorf("drop-in has the line %q", line)
		}
	}
	type document struct {
		Network struct {
			Version   int                       `json:"version"`
			Ethernets map[string]map[string]any `json:"ethernets"`
		} `json:"network"`
	}
	var a, b document
	if err := yaml.UnmarshalStrict([]byte(got), &a); err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict([]byte(harmless), &b); err != nil {
		return err
	}
	if len(a.Network.Ethernets) != len(b.Network.Ethernets) {
		return fmt.Errorf("has the interfaces %v", a.Network.Ethernets)
	}
	for name, device := range a.Network.Ethernets {
		if name != s && strings.ToValidUTF8(s, "") == s {
			return fmt.Errorf("has the interface %q, want %q", name, s)
		}
		if one, two := fmt.Sprint(device), fmt.Sprint(b.Network.Ethernets["eth0"]); one != two {
			return fmt.Errorf("has %s, want %s", one, two)
		}
	}
	return nil
}

// sameForwarding wants every statement to be that for the domain prod.example, with s in its place; s then has harmless characters.
func sameForwarding(got, harmless, s string) error {
	lines := statements(strings.ReplaceAll(harmless, "prod.example", s))
	if strings.Contains(harmless, "prod.example") && !plainName.MatchString(s) {
		return fmt.Errorf("forwards the domain %q", s)
	}
	return sameStatements(unchanged)(got, strings.Join(lines, "\n"), s)
}

// The commands in comments are there to be pasted.
func TestShellWordIsOneWord(t *testing.T) {
	need(t, false, "sh")
	for _, s := range nasty {
		out, err := exec.Command("sh", "-c", "printf '<%s>' "+shellWord(s)).CombinedOutput()
		if want := "<" + printable(s) + ">"; err != nil || string(out) != want {
			t.Errorf("the shell takes %s for %q (%v), want %q", shellWord(s), out, err, want)
		}
	}
}

func TestIsDomain(t *testing.T) {
	for _, tt := range []struct {
		name string
		want bool
	}{
		{"cluster.local", true},
		{"Prod-1.example", true},
		{"_tcp.example", true},
		{"x", true},
		{strings.Repeat("a", 63) + ".example", true},
		{strings.Repeat("a", 64) + ".example", false},
		{strings.Repeat("a.", 127) + "a", false},
		{"", false},
		{".", false},
		{"a..b", false},
		{"a.", false},
		{"-a", false},
		{"a/b", false},
		{"a#53", false},
		{"a\n", false},
		{"é.example", false},
	} {
		if got := isDomain(tt.name); got != tt.want {
			t.Errorf("isDomain(%q) = %v, want %v", tt.name, got, tt.want)
		}
	}
}
