package firewall

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/artifact"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/goldentest"
	"topoc/compiler/load"
	"topoc/topologies/topogen"
)

func TestMain(m *testing.M) { os.Exit(goldentest.Main(m)) }

// link returns the fabric of a topology without mistakes.
func link(t *testing.T, topology []byte) *fabric.Fabric {
	t.Helper()
	r, err := load.Load(t.Context(), []string{"-"}, load.Options{Stdin: bytes.NewReader(topology)})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Fatalf("topology has a mistake: %s: %s", d.Path, d.Message)
	}
	f, found := fabric.Link(r.Topology)
	for _, d := range found {
		t.Fatalf("topology does not link: %s: %s", d.Path, d.Message)
	}
	return f
}

func topology(t *testing.T, name string) []byte {
	t.Helper()
	a, err := txtar.ParseFile("testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return a.Files[0].Data
}

// Read a golden as somebody who keeps firewalls and has not seen the topology.
func TestGolden(t *testing.T) {
	goldentest.Run(t, "testdata/*.txtar", func(t *testing.T, input *txtar.Archive) map[string][]byte {
		var set artifact.Set
		for _, file := range Compile(link(t, input.Files[0].Data)) {
			if err := set.Add(file); err != nil {
				t.Error(err)
			}
			if len(file.Declared) == 0 {
				t.Errorf("%s is declared nowhere", file.Path)
			}
		}
		got := map[string][]byte{}
		for _, file := range set.Files() {
			got[file.Path] = file.Data
		}
		return got
	})
}

func TestMerge(t *testing.T) {
	for _, tt := range []struct{ name, of, want string }{
		{"nothing", "", ""},
		{"neighbors join", "10.0.0.0/32 10.0.0.1/32", "10.0.0.0/31"},
		{"neighbors of two halves stay", "10.0.0.1/32 10.0.0.2/32", "10.0.0.1/32 10.0.0.2/32"},
		{"joins go up", "10.0.0.3/32 10.0.0.0/32 10.0.0.1/32 10.0.0.2/32", "10.0.0.0/30"},
		{"what is inside goes", "10.0.0.7/32 10.0.0.0/24 10.0.0.0/25", "10.0.0.0/24"},
		{"a longer one joins after a shorter", "10.0.0.0/25 10.0.0.128/26 10.0.0.192/26", "10.0.0.0/24"},
		{"everything", "0.0.0.0/1 128.0.0.0/1 10.0.0.0/8", "0.0.0.0/0"},
		{"IPv6", "fd00::/64 fd00:0:0:1::/64", "fd00::/63"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var given []netip.Prefix
			for _, word := range strings.Fields(tt.of) {
				given = append(given, netip.MustParsePrefix(word))
			}
			if got := strings.Trim(fmt.Sprint(merge(given)), "[]"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Twice the nodes and racks make about twice the text, where pairs would make four times as much; and no row names them all.
func TestSizeGrowsWithNodes(t *testing.T) {
	size := func(racks int) (all int) {
		var b bytes.Buffer
		if err := topogen.WriteFabric(&b, racks, 25); err != nil {
			t.Fatal(err)
		}
		for _, file := range Compile(link(t, b.Bytes())) {
			all += len(file.Data)
			for line := range strings.Lines(string(file.Data)) {
				if len(line) > 500 {
					t.Fatalf("%s has a line of %d characters", file.Path, len(line))
				}
			}
		}
		return all
	}
	small, large := size(20), size(40)
	if small == 0 || large > small*5/2 {
		t.Errorf("500 nodes make %d bytes, 1000 nodes %d", small, large)
	}
}

// nasty are strings that mean something to nft, to Markdown, or to a shell.
var nasty = []string{
	"a\nadd rule inet filter input accept", "a\r\nb", "}", "{", "a; b", "#", "a\" b", "a|b", "`id`", "$(id)", "<b>", "a\u2028b", "é", "\xff", "\x00", "", " ", "-->",
	strings.Repeat("a", 300), "include \"/etc/passwd\"",
}

// No name makes a file say more than one with harmless names does: all that is no comment stays the same, and so do the cells.
func TestNamesSayNothing(t *testing.T) {
	plain := Compile(link(t, topology(t, "all-kinds")))
	for _, s := range nasty {
		f := link(t, topology(t, "all-kinds"))
		f.Name = s
		for _, c := range f.Clusters {
			c.Name += s
			for _, n := range c.Nodes {
				n.Name += s
			}
			for _, r := range c.Racks {
				r.Name += s
			}
			for _, g := range c.Groups {
				g.Name += s
			}
			for _, p := range c.Pools {
				p.Name += s
			}
		}
		for _, sw := range f.Switches {
			sw.Name += s
		}
		for _, h := range f.Hosts {
			h.Name += s
			h.DNS.Zones[0].Domain += s
		}
		renamed := Compile(f)
		if len(renamed) != len(plain) {
			t.Fatalf("%q: %d files, want %d", s, len(renamed), len(plain))
		}
		got, want := meaning(renamed), meaning(plain)
		if !slices.Equal(got, want) {
			t.Errorf("%q: says\n%s\nwant\n%s", s, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

var escaped = regexp.MustCompile(`\\.`)

// meaning returns all that the files say to a program: rules, and the shape of the table.
func meaning(files []artifact.File) []string {
	var said []string
	for _, file := range files {
		for line := range strings.Lines(string(file.Data)) {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasSuffix(file.Path, ".md"):
				said = append(said, fmt.Sprintf("%d cells", strings.Count(escaped.ReplaceAllString(line, ""), "|")))
			case !strings.HasPrefix(line, "#"):
				said = append(said, line)
			}
		}
	}
	return said
}

func TestFileNamesAreUnique(t *testing.T) {
	taken := map[string]bool{}
	var got []string
	for _, name := range []string{"a-rack-nodes", "a-rack-nodes", "A-rack-nodes", "b"} {
		got = append(got, fileName(taken, name))
	}
	if want := []string{"a-rack-nodes.nft", "a-rack-nodes-x.nft", "A-rack-nodes-x-x.nft", "b.nft"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
