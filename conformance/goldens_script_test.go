package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Calico's golden scenarios live in shell scripts: what is applied before which rendering is compared. The scripts run here as
// they are, on functions in place of the programs that they call, which write down what they are asked to do.

// step is one thing that the scripts do.
type step struct {
	verb string // apply, delete: objects of Calico's; create: any of Kubernetes; remove: likewise; confd, compare, expect
	node string // of confd: whose
	arg  string // of confd: CALICO_ROUTER_ID; of compare: the directory of the rendering; of expect: how many sessions
	text string // of apply, delete, create, remove: YAML
}

// shims are the functions. Everything else that the scripts call must be a builtin of the shell: there is no PATH. They write
// the fields of a step to descriptor 3, each with a NUL behind it.
const shims = `
step() { printf '%s\0' "$1" "$2" "$3" "$4" >&3; }
body() { if [ "$1" = - ]; then printf %s "$(</dev/stdin)"; else printf %s "$(<"$1")"; fi; }
calicoctl() {
	if [ "$1" = --allow-version-mismatch ]; then shift; fi
	case "$1 $2" in
	"apply -f" | "delete -f") step "$1" "" "" "$(body "$3")" ;;
	"delete "*) step delete "" "" "{kind: $2, metadata: {name: $3}}" ;;
	*) step "calicoctl $*" ;;
	esac
}
kubectl() {
	case "$1 $2" in
	"create -f" | "apply -f" | "replace -f") step create "" "" "$(body "$3")" ;;
	"delete -f") step remove "" "" "$(body "$3")" ;;
	"delete "*) step remove "" "" "{kind: $2, metadata: {name: $3}}" ;;
	*) step "kubectl $*" ;;
	esac
}
confd() { step confd "$NODENAME" "$CALICO_ROUTER_ID"; }
test_confd_templates() { step compare "" "$1"; }
expect_peerings() { step expect "" "$1"; }
cat() { body -; }
seq() { local i; for ((i = $1; i <= $2; i++)); do echo $i; done; }
start_typha() { :; }
kill_typha() { :; }
mkdir() { :; }
rm() { :; }
kill() { :; }
sleep() { :; }
grep() { :; }
`

// recordSteps runs the suite of one kind of datastore, etcdv3 or kubernetes, and returns what it does.
func recordSteps(t *testing.T, tests, datastore string) []step {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		missing(t, "Calico's golden scenarios are told by a script for bash: "+err.Error())
	}
	common, err := os.ReadFile(filepath.Join(tests, "test_suite_common.sh"))
	if err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll(string(common), "/tests/", tests+"/")
	etc := t.TempDir()
	if err := os.MkdirAll(filepath.Join(etc, "confd", "endpoint-status"), 0o755); err != nil {
		t.Fatal(err)
	}
	script = strings.ReplaceAll(script, "/etc/calico/", etc+"/")
	script = strings.ReplaceAll(script, "2>&1 &\n", "2>&1\n") // what runs beside the script elsewhere only notes here that it began
	script += shims + "set -e\nexecute_test_suite\n"

	file := filepath.Join(t.TempDir(), "suite.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	record, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, "--noprofile", "--norc", file)
	cmd.Env = []string{"PATH=/nonexistent", "DATASTORE_TYPE=" + datastore, "LOGPATH=" + t.TempDir(), "TMPDIR=" + t.TempDir()}
	cmd.ExtraFiles = []*os.File{end}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end.Close()
	written, err := io.ReadAll(record)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the scenarios of %s: %v: %s", datastore, err, lastLines(said.Bytes(), 5))
	}
	if err != nil {
		t.Fatal(err)
	}
	if said.Len() > 0 {
		t.Fatalf("the scenarios of %s ask for what has no function here: %s", datastore, lastLines(said.Bytes(), 5))
	}
	steps, err := readSteps(string(written))
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func readSteps(written string) ([]step, error) {
	const fields = 4
	parts := strings.Split(written, "\x00")
	if len(parts)%fields != 1 {
		return nil, fmt.Errorf("%d fields of steps", len(parts)-1)
	}
	var all []step
	for ; len(parts) > fields; parts = parts[fields:] {
		s := step{parts[0], parts[1], parts[2], parts[3]}
		switch s.verb {
		case "apply", "delete", "create", "remove", "confd", "compare", "expect":
		default:
			return nil, fmt.Errorf("the script does what is not known: %s", s.verb)
		}
		all = append(all, s)
	}
	return all, nil
}

// missing skips a test where a program is missing, and fails it under TOPOC_REQUIRE=all.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("TOPOC_REQUIRE") == "all" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// calicoSource is the directory of Calico's module in the module cache.
func calicoSource(t testing.TB) string {
	t.Helper()
	dir, err := calicoDir(t.Context())
	if err != nil {
		t.Fatalf("find Calico's module: %v", err)
	}
	return dir
}
