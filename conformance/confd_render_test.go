package conformance

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"topoc/compiler/fabric"
)

// renderLimit bounds one run of confd.
const renderLimit = 60 * time.Second

// renderer renders the BIRD configurations of nodes with Calico's confd.
type renderer struct {
	confd       string   // the program
	environment []string // that tells confd where Calico's objects are
	etc         string   // confd's directory in Calico's module
}

// newRenderer returns a renderer from the objects that a Server holds.
func newRenderer(t testing.TB, s *Server) *renderer {
	t.Helper()
	return &renderer{confd: s.programs.Path("confd"), environment: []string{"DATASTORE_TYPE=kubernetes", "KUBECONFIG=" + s.Kubeconfig},
		etc: filepath.Join(calicoSource(t), "confd", "etc", "calico", "confd")}
}

// render writes what confd makes for a node into a new directory below dir, and returns that: bird.cfg, bird6.cfg, and what these
// include. The router ID of a node without an IPv4 address is told to be made of its name, as calico-node must be there.
func (r *renderer) render(ctx context.Context, dir string, n *fabric.Node) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, renderLimit)
	defer cancel()
	dir = filepath.Join(dir, n.Name)
	config := filepath.Join(dir, "config")
	if err := r.prepare(dir, config); err != nil {
		return "", fmt.Errorf("render %s: %w", n.Name, err)
	}
	cmd := exec.CommandContext(ctx, r.confd, "-confdir", dir, "-onetime")
	cmd.Env = append([]string{"NODENAME=" + n.Name, "CALICO_ENDPOINT_STATUS_PATH_PREFIX=" + dir, "PATH=" + os.Getenv("PATH")}, r.environment...)
	if !n.Addr(fabric.IPv4).IsValid() {
		cmd.Env = append(cmd.Env, "CALICO_ROUTER_ID=hash")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("render %s: %w: %s", n.Name, err, lastLines(out, 5))
	}
	for _, name := range []string{"bird.cfg", "bird6.cfg"} {
		if _, err := os.Stat(filepath.Join(config, name)); err != nil {
			return "", fmt.Errorf("render %s: %w: %s", n.Name, err, lastLines(out, 5))
		}
	}
	return config, nil
}

// prepare lays out a directory for confd: its templates, and where the files go. What confd would run besides is left out, a
// check of BIRD's, which only Calico's own BIRD passes, and a signal to BIRD.
func (r *renderer) prepare(dir, config string) error {
	if err := os.MkdirAll(filepath.Join(dir, "conf.d"), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(config, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join(r.etc, "templates"), filepath.Join(dir, "templates")); err != nil {
		return err
	}
	resources, err := filepath.Glob(filepath.Join(r.etc, "conf.d", "*.toml"))
	if err != nil || len(resources) == 0 {
		return fmt.Errorf("no template resources in %s: %w", r.etc, err)
	}
	for _, resource := range resources {
		data, err := os.ReadFile(resource)
		if err != nil {
			return err
		}
		var kept []byte
		for line := range bytes.Lines(data) {
			if !bytes.HasPrefix(line, []byte("check_cmd")) && !bytes.HasPrefix(line, []byte("reload_cmd")) {
				kept = append(kept, bytes.Replace(line, []byte("/etc/calico/confd/config"), []byte(config), 1)...)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "conf.d", filepath.Base(resource)), kept, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// renderAll renders all nodes, some at a time, and returns the directory of each, in their order.
func (r *renderer) renderAll(ctx context.Context, dir string, nodes []*fabric.Node) ([]string, error) {
	dirs, errs := make([]string, len(nodes)), make([]error, len(nodes))
	var running sync.WaitGroup
	places := make(chan struct{}, runtime.GOMAXPROCS(0)+1)
	for i, n := range nodes {
		running.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			dirs[i], errs[i] = r.render(ctx, dir, n)
		})
	}
	running.Wait()
	var failed []string
	for _, err := range errs {
		if err != nil {
			failed = append(failed, err.Error())
		}
	}
	if failed != nil {
		return nil, fmt.Errorf("%s", strings.Join(failed, "; "))
	}
	return dirs, nil
}
