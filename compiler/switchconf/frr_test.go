package switchconf_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"topoc/compiler/artifact"
)

// requireFRR skips a test where the real FRR cannot run, unless TOPOC_REQUIRE=all says that it must.
func requireFRR(t *testing.T) {
	t.Helper()
	missing := ""
	for _, program := range []string{"vtysh", "unshare", "/usr/lib/frr/zebra", "/usr/lib/frr/staticd", "/usr/lib/frr/bgpd"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = fmt.Sprintf("%s is missing (Debian packages frr, util-linux)", program)
		}
	}
	if missing == "" && os.Geteuid() != 0 {
		missing = "FRR's daemons need root"
	}
	switch {
	case missing == "":
	case os.Getenv("TOPOC_REQUIRE") == "all":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// frrFiles returns every snippet for FRR that goldens hold, with its undo.
func frrFiles(t *testing.T) [][2]artifact.File {
	t.Helper()
	var all [][2]artifact.File
	for _, dialect := range []string{"frr", "sonic"} {
		goldens, err := filepath.Glob("testdata/" + dialect + "-*.txtar")
		if err != nil || len(goldens) == 0 {
			t.Fatal("no goldens", err)
		}
		for _, golden := range goldens {
			name := strings.TrimSuffix(filepath.Base(golden), ".txtar")
			files := slices.DeleteFunc(compile(t, goldenTopology(t, golden)), func(f artifact.File) bool { return !strings.HasSuffix(f.Path, ".conf") })
			for i := 0; i < len(files); i += 2 {
				pair := [2]artifact.File{files[i], files[i+1]}
				for j := range pair {
					pair[j].Path = name + "-" + strings.Replace(filepath.Base(pair[j].Path), ".frr.conf", ".conf", 1)
				}
				all = append(all, pair)
			}
		}
	}
	return all
}

// frrDir is a directory that FRR's daemons, which drop to the user frr, can work in. t.TempDir is searchable by root only.
func frrDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "topoc-frr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	u, err := user.Lookup("frr")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFRRParses gives every snippet to FRR's own parsers. The undo is for TestFRRLoads: without its I/O thread, which -C does
// not start, bgpd 8.4 aborts when it deletes a neighbor.
func TestFRRParses(t *testing.T) {
	requireFRR(t)
	dir := frrDir(t)
	for _, pair := range frrFiles(t) {
		for _, f := range pair {
			file := filepath.Join(dir, f.Path)
			if err := os.WriteFile(file, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("vtysh", "-C", "-f", file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("vtysh -C -f %s: %v\n%s", f.Path, err, out)
			}
		}
		// bgpd executes the commands without a network, tells what it thinks of them, and exits with 0 in any case.
		out, err := exec.Command("/usr/lib/frr/bgpd", "-C", "-f", filepath.Join(dir, pair[0].Path), "-p", "0",
			"-i", filepath.Join(dir, "bgpd.pid"), "-z", filepath.Join(dir, "none"), "--vty_socket", dir).CombinedOutput()
		if err != nil {
			t.Errorf("bgpd -C -f %s: %v\n%s", pair[0].Path, err, out)
		}
		othersCommand := regexp.MustCompile(`No such command on config line \d+: +(ip|ipv6) route `) // staticd's
		for line := range strings.Lines(string(out)) {
			if (frrComplaint.MatchString(line) || strings.Contains(line, "Config Failed")) && !othersCommand.MatchString(line) {
				t.Errorf("bgpd says of %s: %s", pair[0].Path, line)
			}
		}
	}
}

// frrComplaint is how FRR says that it did not take a command.
var frrComplaint = regexp.MustCompile(`(?m)^%|^line \d+|[Nn]o such command|Failure|Unknown|[Ee]rror|[Ii]nvalid|not valid|Unsatisfied`)

// frrSession starts zebra, staticd and bgpd in a network of their own and, for each snippet in $1/in, loads it twice and takes
// it back, keeping what FRR says and what it then is configured to in $1/out.
const frrSession = `
D=$1
ip link set lo up 2>/dev/null
start() {
	daemon=$1; shift
	: >$D/$daemon.conf
	/usr/lib/frr/$daemon -f $D/$daemon.conf -i $D/$daemon.pid -z $D/zserv.api --vty_socket $D -u frr -g frr -A 127.0.0.1 -P 0 "$@" >$D/$daemon.log 2>&1 &
	i=0
	until [ -S $D/$daemon.vty ] || [ $i -ge 100 ]; do sleep 0.05; i=$((i+1)); done
}
start zebra
start staticd
start bgpd -n -p 0
show() { vtysh --vty_socket $D -c 'show running-config' >$1; }
for f in $D/in/*.conf; do
	case $f in *.undo.conf) continue;; esac
	name=$(basename $f .conf)
	show $D/out/$name.before
	vtysh --vty_socket $D -f $f >$D/out/$name.load 2>&1; echo "rc $?" >>$D/out/$name.load
	show $D/out/$name.loaded
	vtysh --vty_socket $D -f $f >$D/out/$name.reload 2>&1; echo "rc $?" >>$D/out/$name.reload
	show $D/out/$name.reloaded
	vtysh --vty_socket $D -f $D/in/$name.undo.conf >$D/out/$name.undo 2>&1; echo "rc $?" >>$D/out/$name.undo
	show $D/out/$name.undone
	grep '^router bgp' $D/out/$name.undone | sort -r | sed 's/^/no /' >$D/clean.conf
	grep '^vrf' $D/out/$name.loaded | sed 's/^/no /' >>$D/clean.conf
	vtysh --vty_socket $D -f $D/clean.conf >/dev/null 2>&1
done
kill $(cat $D/bgpd.pid $D/staticd.pid $D/zebra.pid)
wait
`

// TestFRRLoads loads every snippet into a running FRR, twice, and takes it back.
func TestFRRLoads(t *testing.T) {
	requireFRR(t)
	dir := frrDir(t)
	pairs := frrFiles(t)
	for _, sub := range []string{"in", "out"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range pairs {
		for _, f := range pair {
			if err := os.WriteFile(filepath.Join(dir, "in", f.Path), f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, err := exec.Command("unshare", "-n", "sh", "-c", frrSession, "sh", dir).CombinedOutput(); err != nil {
		if strings.Contains(string(out), "unshare") && os.Getenv("TOPOC_REQUIRE") != "all" {
			t.Skipf("no network namespace can be made here: %s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	for _, pair := range pairs {
		name := strings.TrimSuffix(pair[0].Path, ".conf")
		t.Run(name, func(t *testing.T) {
			read := func(suffix string) string {
				text, err := os.ReadFile(filepath.Join(dir, "out", name+suffix))
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
			for _, step := range []string{".load", ".reload", ".undo"} {
				if said := read(step); frrComplaint.MatchString(said) || !strings.HasSuffix(said, "rc 0\n") {
					t.Errorf("%s: FRR says:\n%s", step, said)
				}
			}
			loaded := read(".loaded")
			if reloaded := read(".reloaded"); sorted(reloaded) != sorted(loaded) { // FRR shows route maps in the order of a hash
				t.Errorf("a second load changes the configuration:\n%s", reloaded)
			}
			takenOver(t, pair[0].Data, loaded)
			takenBack(t, read(".before"), read(".undone"))
		})
	}
}

func sorted(text string) string { return strings.Join(slices.Sorted(strings.Lines(text)), "") }

// takenOver checks that every command of a snippet is in the running configuration.
func takenOver(t *testing.T, snippet []byte, running string) {
	t.Helper()
	have := map[string]bool{}
	for line := range strings.Lines(running) {
		have[strings.TrimSpace(line)] = true
	}
	// What FRR writes otherwise than it was told, or not at all since it is the default.
	vrf := regexp.MustCompile(` vrf \S+$`)
	notShown := regexp.MustCompile(`^(!|no |exit|bgp listen limit 100$|bgp graceful-restart$)`)
	for line := range strings.Lines(string(snippet)) {
		line = strings.TrimSpace(line)
		if notShown.MatchString(line) && line != "no bgp default ipv4-unicast" {
			continue
		}
		line = strings.Replace(line, " 75 restart ", " restart ", 1)
		if strings.HasPrefix(line, "ip") {
			line = vrf.ReplaceAllString(line, "")
		}
		if line = strings.Replace(line, " ge 32 le 32", " ge 32", 1); have[line] || have[strings.Replace(line, " ge 32", " ge 32 le 32", 1)] {
			continue
		}
		t.Errorf("FRR does not have %q", line)
	}
}

// takenBack checks that no more is left than the undo's header says.
func takenBack(t *testing.T, before, after string) {
	t.Helper()
	had := map[string]bool{}
	for line := range strings.Lines(before) {
		had[line] = true
	}
	left := regexp.MustCompile(`^(router bgp \d+( vrf \S+)?| bgp router-id \S+| no bgp default ipv4-unicast|vrf \S+|exit(-vrf)?| ?!| exit-address-family)$`)
	for line := range strings.Lines(after) {
		if !had[line] && !left.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("the undo leaves %q", line)
		}
	}
}
