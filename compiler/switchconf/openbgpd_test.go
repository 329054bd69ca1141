package switchconf_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// openbgpdBase is the bgpd.conf that a snippet's header asks for, with what an operator has besides.
func openbgpdBase(dir string, g golden) string {
	var to strings.Builder
	for line := range strings.Lines(string(g.data)) {
		if macro, isMacro := strings.CutPrefix(line, "#   password_"); isMacro {
			to.WriteString("password_" + macro)
		}
	}
	fmt.Fprintf(&to, "AS 64496\nrouter-id 192.0.2.1\nnetwork 192.0.2.0/24\nneighbor 192.0.2.2 {\n  remote-as 64497\n}\nallow from 192.0.2.2\n")
	fmt.Fprintf(&to, "include \"%s\"\n", filepath.Join(dir, g.snippet))
	return to.String()
}

func openbgpdParse(bgpd, dir string) (string, error) {
	out, err := exec.Command(bgpd, "-n", "-f", filepath.Join(dir, "bgpd.conf")).CombinedOutput()
	return string(out), err
}

// TestOpenBGPDAccepts gives every snippet to OpenBGPD, by itself and below the bgpd.conf of somebody.
func TestOpenBGPDAccepts(t *testing.T) {
	bgpd := requireProgram(t, "openbgpd")
	dir := t.TempDir()
	for _, g := range goldensOf(t, "openbgpd") {
		for _, data := range [][]byte{g.data, g.undoData} {
			writeFiles(t, dir, map[string]string{g.snippet: string(data), "bgpd.conf": openbgpdBase(dir, g)})
			if said, err := openbgpdParse(bgpd, dir); err != nil || said != "configuration OK\n" {
				t.Errorf("%s: %v\n%s", g.name, err, said)
			}
		}
	}
}

// TestOpenBGPDRefuses shows that OpenBGPD notices mistakes.
func TestOpenBGPDRefuses(t *testing.T) {
	bgpd := requireProgram(t, "openbgpd")
	dir, seen, refused := t.TempDir(), map[string]bool{}, 0
	keyword := regexp.MustCompile(`^[a-z-]{2,}$`)
	for _, g := range goldensOf(t, "openbgpd") {
		for _, mutant := range mutantsOf(string(g.data), keyword.MatchString, seen) {
			writeFiles(t, dir, map[string]string{g.snippet: mutant, "bgpd.conf": openbgpdBase(dir, g)})
			if said, err := openbgpdParse(bgpd, dir); err == nil {
				t.Errorf("OpenBGPD takes a mutant of %s:\n%s\n%s", g.name, changed(string(g.data), mutant), said)
			}
			refused++
		}
	}
	t.Logf("%d mutants refused", refused)
}

// openbgpdScript starts OpenBGPD in a namespace, with the user that its package would have made.
const openbgpdScript = `
mount -t tmpfs tmpfs /run; mkdir /run/openbgpd
for f in passwd group; do cp /etc/$f $f; done
echo '_openbgpd:x:64999:64999::/run/openbgpd:/usr/sbin/nologin' >>passwd
echo '_openbgpd:x:64999:' >>group
for f in passwd group; do mount --bind $f /etc/$f; done
: >ready
exec %s -d -f %s/bgpd.conf
`

// TestOpenBGPDLoads loads every snippet into a running OpenBGPD, twice, and takes it back.
func TestOpenBGPDLoads(t *testing.T) {
	bgpd, bgpctl := requireProgram(t, "openbgpd"), requireProgram(t, "openbgpctl")
	requireNamespaces(t)
	for _, g := range goldensOf(t, "openbgpd") {
		t.Run(g.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, map[string]string{g.snippet: string(g.undoData), "bgpd.conf": openbgpdBase(dir, g)})
			inside, _ := startIn(t, dir, fmt.Sprintf(openbgpdScript, bgpd, dir), func() bool { _, err := os.Stat(filepath.Join(dir, "ready")); return err == nil })
			say := func(words ...string) string {
				out, _ := inside(append([]string{bgpctl}, words...)...).CombinedOutput()
				return string(out)
			}
			for range 100 { // until the control socket is there
				if !strings.Contains(settled(func() string { return say("show") }), "connect:") {
					break
				}
			}
			show := func() string {
				ages := regexp.MustCompile(`\d\d:\d\d:\d\d`)
				return settled(func() string {
					return say("show", "summary", "terse") + ages.ReplaceAllString(say("show", "sets"), "age") + say("network", "show") + say("show", "rib")
				})
			}
			load := func(data []byte) string {
				writeFiles(t, dir, map[string]string{g.snippet: string(data)})
				if said := say("reload"); !strings.Contains(said, "request processed") {
					t.Errorf("OpenBGPD says:\n%s", said)
				}
				return show()
			}
			before := show()
			loaded := load(g.data)
			for _, found := range regexp.MustCompile(`(?m)^ *(?:descr "|neighbor )([^ "{\n]+)"?$`).FindAllStringSubmatch(string(g.data), -1) {
				if !strings.Contains(loaded, "\n"+found[1]+" ") {
					t.Errorf("OpenBGPD has no neighbor %s in\n%s", found[1], loaded)
				}
			}
			if again := load(g.data); again != loaded {
				t.Errorf("a second load changes what OpenBGPD has from\n%s\nto\n%s", loaded, again)
			}
			if after := load(g.undoData); after != before {
				t.Errorf("with the undo file OpenBGPD has\n%s\nand had\n%s", after, before)
			}
		})
	}
}
