package hostroute

import (
	"fmt"
	"net/netip"
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
func rename(system, s string) *fabric.Host {
	h := example(system)
	h.Name, h.Interface = s, s
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
		h.DNS.Zones[i].Cluster, h.DNS.Zones[i].Domain = cluster, s
		h.DNS.Zones[i].Service = h.DNS.Zones[i].Service.WithZone(s)
	}
	return h
}

// FuzzNames proves that no name can make a file say more than one with harmless names does.
func FuzzNames(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, system := range AllSystems() {
			harmless := Compile(example(system.Name), "lab")
			files := Compile(rename(system.Name, s), s)
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
	})
}

// sameMeaning compares, for each file, a text that was written for the name s with the one for harmless names, read by means
// other than those that wrote it.
var sameMeaning = map[string]func(got, harmless, s string) error{
	"routes.batch":       sameStatements(func(line, _ string) string { return line }),
	"60-topoc.yaml":      sameYAML,
	"topoc.nmconnection": sameStatements(harmlessSetting),
	"dns-dnsmasq.conf":   sameForwarding,
}

// statements returns the lines that are no comments.
func statements(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return line == "" || strings.HasPrefix(line, "#") })
}

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

var forwarding = regexp.MustCompile(`^(server=/([a-zA-Z0-9_.-]+)/([0-9a-f.:]+)|rebind-domain-ok=/([a-zA-Z0-9_.-]+)/|rev-server=([0-9a-f.:/]+),([0-9a-f.:]+))$`)

// sameForwarding wants every statement to be of its form, with s for its domain, and all or none of them.
func sameForwarding(got, harmless, s string) error {
	lines := statements(got)
	if len(lines) != 0 && len(lines) != len(statements(harmless)) {
		return fmt.Errorf("%d statements, want %d or none", len(lines), len(statements(harmless)))
	}
	for _, line := range lines {
		m := forwarding.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("has the line %q", line)
		}
		if domain := m[2] + m[4]; domain != "" && domain != s {
			return fmt.Errorf("has the domain %q, want %q", domain, s)
		}
		if service := m[3] + m[6]; service != "" && !netip.MustParseAddr(service).IsValid() {
			return fmt.Errorf("has the service %q", service)
		}
	}
	return nil
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
