package emulate

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/program"
)

// startOpenBGPD starts OpenBGPD and waits until it answers.
func (m *machine) startOpenBGPD(ctx context.Context) error {
	file := filepath.Join(m.dir, "openbgpd.conf")
	conf := append([]byte(fmt.Sprintf("socket %q\n", m.socketOf("openbgpd"))), m.plan.OpenBGPD...)
	if err := os.WriteFile(file, conf, 0o600); err != nil {
		return err
	}
	path, err := program.Path("openbgpd")
	if err != nil {
		return err
	}
	d, err := m.start("openbgpd", path, "-d", "-f", file)
	if err != nil {
		return err
	}
	return d.wait(func() bool {
		_, err := m.openbgpctl(ctx, "show")
		return err == nil
	})
}

// openbgpctl asks the machine's OpenBGPD.
func (m *machine) openbgpctl(ctx context.Context, words ...string) ([]byte, error) {
	return m.ask(ctx, "openbgpctl", append([]string{"-s", m.socketOf("openbgpd"), "-j"}, words...)...)
}

// startGoBGP starts GoBGP, waits until it answers, and tells it what to announce.
func (m *machine) startGoBGP(ctx context.Context) error {
	file := filepath.Join(m.dir, "gobgpd.toml")
	if err := os.WriteFile(file, m.plan.GoBGP, 0o600); err != nil {
		return err
	}
	path, err := program.Path("gobgpd")
	if err != nil {
		return err
	}
	d, err := m.start("gobgpd", path, "-f", file, "--pprof-disable")
	if err != nil {
		return err
	}
	if err := d.wait(func() bool {
		_, err := m.gobgp(ctx, "global")
		return err == nil
	}); err != nil {
		return err
	}
	for _, p := range m.plan.Announced {
		if _, err := m.gobgp(ctx, "global", "rib", "add", "-a", gobgpFamily(fabric.FamilyOf(p.Addr())), p.String(), "origin", "igp"); err != nil {
			return err
		}
	}
	return nil
}

// gobgp asks the machine's GoBGP.
func (m *machine) gobgp(ctx context.Context, words ...string) ([]byte, error) {
	return m.ask(ctx, "gobgp", append([]string{"-j"}, words...)...)
}

// gobgpFamily is the word of a family.
func gobgpFamily(f fabric.Family) string { return "ipv" + f.String()[3:] }

// ask runs a program of package program in the machine's namespace and returns what it printed.
func (m *machine) ask(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := program.Path(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := m.ns.do(cmd.Start); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s%s", name, err, out.Bytes(), said.Bytes())
	}
	return out.Bytes(), nil
}

// seeOpenBGPD asks OpenBGPD for its sessions, and writes its routes into the kernel.
func (m *machine) seeOpenBGPD(ctx context.Context) ([]SeenSession, error) {
	neighbors, err := m.openbgpctl(ctx, "show", "neighbor")
	if err != nil {
		return nil, err
	}
	rib, err := m.openbgpctl(ctx, "show", "rib")
	if err != nil {
		return nil, err
	}
	routes, err := openbgpdRIB(rib)
	if err == nil {
		err = m.writeFIB(routes)
	}
	if err != nil {
		return nil, err
	}
	return openbgpdSessions(neighbors)
}

// seeGoBGP asks GoBGP for its sessions, and writes its routes into the kernel.
func (m *machine) seeGoBGP(ctx context.Context) ([]SeenSession, error) {
	neighbors, err := m.gobgp(ctx, "neighbor")
	if err != nil {
		return nil, err
	}
	internal := map[string]bool{}
	for _, r := range m.plan.Device.(*fabric.Switch).Routers {
		for _, n := range r.Neighbors {
			internal[n.Address.String()] = n.Internal || n.Group != nil && n.Group.Internal
		}
	}
	all := map[fabric.Family][]byte{}
	for _, f := range families {
		if all[f], err = m.gobgp(ctx, "global", "rib", "-a", gobgpFamily(f)); err != nil {
			return nil, err
		}
	}
	routes, err := gobgpRIB(all[fabric.IPv4], internal)
	if err != nil {
		return nil, err
	}
	other, err := gobgpRIB(all[fabric.IPv6], internal)
	if err != nil {
		return nil, err
	}
	maps.Copy(routes, other)
	if err := m.writeFIB(routes); err != nil {
		return nil, err
	}
	return gobgpSessions(neighbors)
}
