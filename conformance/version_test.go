package conformance

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// calicoCommit is the version of Calico's module that its tag v3.31.0 is.
const calicoCommit = "v0.0.0-20251021213802-b1f3c43f8437"

// goList asks the go command about the module of Calico, as this module builds with it.
func goList(ctx context.Context, format string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", format, "github.com/projectcalico/calico").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// calicoDir is where Calico's source is.
func calicoDir(ctx context.Context) (string, error) { return goList(ctx, "{{.Dir}}") }

func TestCalicoUnderTestIsTheRelease(t *testing.T) {
	got, err := goList(t.Context(), "{{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}")
	if err != nil {
		t.Fatal(err)
	}
	if got != calicoCommit {
		t.Errorf("Calico is at %s, want %s, which is %s", got, calicoCommit, calicoRelease)
	}
}
