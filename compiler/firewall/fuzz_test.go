package firewall

import (
	"slices"
	"strings"
	"testing"

	"topoc/compiler/artifact"
	"topoc/compiler/fabric"
)

// FuzzNames proves that no name can make a file say more than one with harmless names does: rules for nftables are the same, and the
// table has as many cells.
func FuzzNames(f *testing.F) {
	for _, s := range []string{
		"a", "", " ", "a b", "a\nb", "a\r\nb", "#", "}", "{ }", "|", "\\|", "a | b", "`", "<b>", "[x](y)", "*", "$x", ";", "\"", "'", "é", "\u2028", "\xff", "\x00", "\x7f",
		"\\", "\u0085", "include \"/etc/passwd\"", strings.Repeat("long ", 60), "..", "../x", "%s%d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, name := range []string{"all-kinds", "mesh"} {
			harmless, files := Compile(renamed(t, name, "x")), Compile(renamed(t, name, s))
			if len(files) != len(harmless) {
				t.Fatalf("%d files, want %d", len(files), len(harmless))
			}
			slices.SortFunc(files, func(a, b artifact.File) int { return strings.Compare(says(a), says(b)) })
			slices.SortFunc(harmless, func(a, b artifact.File) int { return strings.Compare(says(a), says(b)) })
			for i, file := range files {
				if got, want := says(file), says(harmless[i]); got != want {
					t.Errorf("%q:\n%s\nwant\n%s", s, got, want)
				}
				if bad := strings.IndexFunc(string(file.Data), func(r rune) bool { return r != '\n' && r != '\t' && (r < ' ' || r == 0x7f) }); bad >= 0 {
					t.Errorf("%s holds %q", file.Path, file.Data[bad])
				}
			}
		}
	})
}

// renamed links a topology and puts s in the place of the names of all clusters, nodes, switches and hosts.
func renamed(t *testing.T, name, s string) *fabric.Fabric {
	t.Helper()
	f := link(t, topology(t, name))
	f.Name = s
	for _, c := range f.Clusters {
		c.Name = s
		for _, n := range c.Nodes {
			n.Name = s
		}
		for _, r := range c.Racks {
			r.Name = s
		}
	}
	for _, d := range f.Switches {
		d.Name = s
	}
	for _, h := range f.Hosts {
		h.Name = s
	}
	return f
}

// says is what a file says to its readers: commands of nftables without comments, or of a table how many cells each row has.
func says(file artifact.File) string {
	var lines []string
	for line := range strings.Lines(string(file.Data)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasSuffix(file.Path, ".md"):
			line = strings.Repeat("|", strings.Count(strings.ReplaceAll(strings.ReplaceAll(line, `\\`, ""), `\|`, ""), "|"))
		case strings.HasPrefix(strings.TrimSpace(line), "#"):
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
