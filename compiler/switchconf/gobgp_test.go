//go:build unix

package switchconf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// gobgpRunning starts GoBGP with a configuration and returns what asks it, and what it complained of at its start.
func gobgpRunning(t *testing.T, dir string, config []byte) (ask func(words ...string) string, complaints func() string, hangUp func()) {
	t.Helper()
	gobgpd, gobgp := requireProgram(t, "gobgpd"), requireProgram(t, "gobgp")
	writeFiles(t, dir, map[string]string{"gobgpd.toml": string(config)})
	log := func() string {
		said, _ := os.ReadFile(filepath.Join(dir, "log"))
		return string(said)
	}
	inside, pid := startIn(t, dir, "exec "+gobgpd+" -f gobgpd.toml --pprof-disable", func() bool { return log() != "" })
	ask = func(words ...string) string {
		out, _ := inside(append([]string{gobgp}, words...)...).CombinedOutput()
		return string(out)
	}
	settled(log)
	complaints = func() string {
		var wrong strings.Builder
		for line := range strings.Lines(log()) {
			if !strings.Contains(line, `"level":"info"`) {
				wrong.WriteString(line)
			}
		}
		return wrong.String()
	}
	hangUp = func() {
		if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
			t.Fatal("gobgpd is gone: ", err)
		}
	}
	return ask, complaints, hangUp
}

// gobgpShow is everything that GoBGP has been told.
func gobgpShow(ask func(...string) string) string {
	return settled(func() string {
		return regexp.MustCompile(`\d\d:\d\d:\d\d`).ReplaceAllString(ask("neighbor")+ask("policy")+ask("global", "policy")+
			ask("policy", "prefix")+ask("policy", "neighbor")+ask("global", "rib")+ask("global", "rib", "-a", "ipv6"), "age")
	})
}

// TestGoBGPAccepts starts GoBGP with every snippet and asks it for what the snippet configures: a wrong reference it ignores, an
// unknown key it refuses.
func TestGoBGPAccepts(t *testing.T) {
	gobgpd := requireProgram(t, "gobgpd")
	requireNamespaces(t)
	for _, g := range goldensOf(t, "gobgp") {
		t.Run(g.name, func(t *testing.T) {
			dir := t.TempDir()
			ask, complaints, _ := gobgpRunning(t, dir, g.data)
			shown := gobgpShow(ask)
			for _, found := range regexp.MustCompile(`(?m)^ *(?:neighbor-address|(?:prefix-set|neighbor-set|)-?name) = "([^"]+)"`).FindAllStringSubmatch(string(g.data), -1) {
				if !strings.Contains(shown, found[1]) {
					t.Errorf("GoBGP has no %s in\n%s", found[1], shown)
				}
			}
			for _, found := range regexp.MustCompile(`(?m)^#   gobgp (global rib add .*)`).FindAllStringSubmatch(string(g.data), -1) {
				if said := ask(strings.Fields(found[1])...); said != "" {
					t.Errorf("gobgp %s: %s", found[1], said)
				}
				words := strings.Fields(found[1])
				if rib := ask("global", "rib", "-a", words[4]); !strings.Contains(rib, "*> "+words[5]+" ") {
					t.Errorf("GoBGP does not announce %s:\n%s", words[5], rib)
				}
			}
			if said := ask("global", "rib", "add", "192.0.2.0/24"); said != "" || strings.Contains(ask("global", "rib"), "192.0.2.0") {
				t.Errorf("GoBGP announces a network that nobody wrote: %s", said)
			}
			if said := complaints(); said != "" {
				t.Errorf("GoBGP says:\n%s", said)
			}
			if out, err := exec.Command(gobgpd, "-d", "-f", filepath.Join(dir, "gobgpd.toml")).CombinedOutput(); err != nil {
				t.Errorf("gobgpd -d: %v\n%s", err, out)
			}
		})
	}
}

// TestGoBGPReloads gives a running GoBGP what its undo says, by SIGHUP and by a restart.
func TestGoBGPReloads(t *testing.T) {
	requireNamespaces(t)
	for _, g := range goldensOf(t, "gobgp") {
		if !strings.Contains(g.name, "knobs") && !strings.Contains(g.name, "listen") {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			dir := t.TempDir()
			ask, complaints, hangUp := gobgpRunning(t, dir, g.data)
			loaded := gobgpShow(ask)
			hangUp()
			if again := gobgpShow(ask); again != loaded {
				t.Errorf("a second load changes what GoBGP has from\n%s\nto\n%s", loaded, again)
			}
			if said := complaints(); said != "" {
				t.Errorf("GoBGP says:\n%s", said)
			}
			writeFiles(t, dir, map[string]string{"gobgpd.toml": string(g.undoData)})
			hangUp()
			if left := gobgpShow(ask); strings.Contains(left, "_V4") || strings.Contains(left, "172.20") {
				t.Errorf("with the undo file GoBGP has\n%s", left)
			}
			fresh, complaints, _ := gobgpRunning(t, t.TempDir(), g.undoData)
			if left := gobgpShow(fresh); strings.Contains(left, "_V4") || strings.Contains(left, "172.20") || complaints() != "" {
				t.Errorf("restarted with the undo file GoBGP has\n%s%s", left, complaints())
			}
		})
	}
}

// TestGoBGPRefuses shows that GoBGP notices mistakes in keys, and that what TestGoBGPAccepts asks shows those in values.
func TestGoBGPRefuses(t *testing.T) {
	gobgpd := requireProgram(t, "gobgpd")
	dir, seen, refused := t.TempDir(), map[string]bool{}, 0
	keyword := regexp.MustCompile(`^[a-z][a-z.-]+$`)
	for _, g := range goldensOf(t, "gobgp") {
		for _, mutant := range mutantsOf(string(g.data), keyword.MatchString, seen) {
			writeFiles(t, dir, map[string]string{"gobgpd.toml": mutant})
			if out, err := exec.Command(gobgpd, "-d", "-f", filepath.Join(dir, "gobgpd.toml")).CombinedOutput(); err == nil {
				t.Errorf("GoBGP takes a mutant of %s:\n%s\n%s", g.name, changed(string(g.data), mutant), out)
			}
			refused++
		}
	}
	t.Logf("%d mutants refused", refused)
	requireNamespaces(t)
	whole := goldensOf(t, "gobgp")[0]
	rightly, _, _ := gobgpRunning(t, t.TempDir(), whole.data)
	right := gobgpShow(rightly)
	for _, c := range []struct{ from, to string }{
		{`prefix-set = "PROD_RACK1_IN_V4"`, `prefix-set = "PROD_RACK1_IN"`},
		{`neighbor-set = "PROD_RACK1_V4"`, `neighbor-set = "PROD_RACK1"`},
		{`"PROD_RACK1_IN_V4",`, `"PROD_RACK1_IN",`},
		{`route-disposition = "accept-route"`, `route-disposition = "accept"`},
		{`default-import-policy = "reject-route"`, `default-import-policy = "reject"`},
		{`neighbor-address = "172.20.0.11"`, `neighbor-address = "172.20.0.1l"`},
		{`ipv4-unicast`, `ipv4-unikast`},
	} {
		mutant := strings.Replace(string(whole.data), c.from, c.to, 1)
		if mutant == string(whole.data) {
			t.Fatalf("%s has no %q", whole.name, c.from)
		}
		writeFiles(t, dir, map[string]string{"gobgpd.toml": mutant})
		if exec.Command(gobgpd, "-d", "-f", filepath.Join(dir, "gobgpd.toml")).Run() != nil {
			continue
		}
		if ask, complaints, _ := gobgpRunning(t, t.TempDir(), []byte(mutant)); complaints() == "" && gobgpShow(ask) == right {
			t.Errorf("with %s nobody notices", c.to)
		}
	}
}
