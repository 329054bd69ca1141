package firewall

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"topoc/compiler/artifact"
)

// needs skips the test where programs or root are missing, and fails it where TOPOC_REQUIRE=all.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("TOPOC_REQUIRE") == "all" {
		missing = t.Fatalf
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing("%s is not installed", program)
		}
	}
	if os.Getuid() != 0 {
		missing("only root may make a network namespace")
	}
}

// script runs a shell script in a network namespace that ends with it, in a directory with the files of a topology.
func script(t *testing.T, topology []byte, text string) (output string, isFailed bool) {
	t.Helper()
	dir := t.TempDir()
	for _, file := range Compile(link(t, topology)) {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file.Path)), file.Data, artifact.Plain); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "unshare", "--net", "--pid", "--fork", "--kill-child", "sh", "-ec", text)
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err != nil
}

// nft takes every file, loads it twice to the same end, touches no other chain, and takes it away again, twice.
func TestNftLoads(t *testing.T) {
	needs(t, "nft", "unshare")
	for _, name := range []string{"all-kinds", "mesh"} {
		out, isFailed := script(t, topology(t, name), `
nft add table inet filter
nft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'
nft 'add chain inet filter forward { type filter hook forward priority 0; policy drop; }'
nft add rule inet filter input ct state established,related accept
nft list ruleset >before
for file in undo-*; do
	file=${file#undo-}
	nft -c -f $file
	nft -f $file; nft list ruleset >once
	nft -f $file; nft list ruleset >twice
	cmp once twice
	nft insert rule inet filter input jump topoc_input; nft insert rule inet filter forward jump topoc_forward
	! nft -f undo-$file 2>/dev/null; nft list chain inet filter topoc_input | grep -q accept
	nft flush chain inet filter input; nft flush chain inet filter forward; nft add rule inet filter input ct state established,related accept
	nft -f undo-$file; nft -f undo-$file
	nft list ruleset | cmp - before
done`)
		if isFailed {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// nft refuses each file in which a letter of a keyword, or a digit too many, makes no sense.
func TestNftRefusesMutants(t *testing.T) {
	needs(t, "nft", "unshare")
	dir := t.TempDir()
	var text string
	for _, file := range Compile(link(t, topology(t, "all-kinds"))) {
		if file.Path == "firewall/blue-rack-west.nft" {
			text = regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(string(file.Data), "")
		}
	}
	refuses := func(text string) (string, bool) {
		path := filepath.Join(dir, "mutant.nft")
		if err := os.WriteFile(path, []byte(text), artifact.Plain); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "unshare", "--net", "nft", "-c", "-f", path).CombinedOutput()
		return string(out), err != nil
	}
	if out, isRefused := refuses(text); isRefused {
		t.Fatalf("nft refuses\n%s\n%s", text, out)
	}
	mutants := map[string]string{}
	for _, at := range regexp.MustCompile(`[a-z]+6?|\}`).FindAllStringIndex(text, -1) {
		if word := text[at[0]:at[1]]; !regexp.MustCompile(`^(inet|filter|topoc|input|forward|[a-f]|db|fd)$`).MatchString(word) && mutants[word] == "" {
			mutants[word] = text[:at[1]-1] + text[at[1]:]
		}
	}
	delete(mutants, "ip6") // ip is a keyword too, and takes no IPv6 address: below
	mutants["an IPv6 address to ip"] = strings.Replace(text, "ip6 saddr", "ip saddr", 1)
	mutants["a port of six digits"] = strings.Replace(text, "1790", "179000", 1)
	mutants["an address of five bytes"] = strings.Replace(text, "192.0.2.200", "192.0.2.200.1", 1)
	mutants["a variable that is not defined"] = strings.Replace(text, "define topoc_3", "define topoc_9", 1)
	for what, mutant := range mutants {
		if _, isRefused := refuses(mutant); !isRefused {
			t.Errorf("nft takes a file with a mistake in %q", what)
		}
	}
	if len(mutants) < 15 {
		t.Errorf("%d mutants: the test is blind", len(mutants))
	}
}
