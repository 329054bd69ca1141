package emulate

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
)

// Run runs a program in a machine's namespace, as `ip netns exec` would, and returns what it printed on both streams. The error
// has it too.
func (r *Running) Run(ctx context.Context, machine, program string, args ...string) ([]byte, error) {
	m := r.machineOf(machine)
	if m == nil {
		return nil, fmt.Errorf("no machine is called %s", machine)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := m.ns.do(cmd.Start); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return out.Bytes(), fmt.Errorf("%s on %s: %w: %s", program, machine, err, bytes.TrimSpace(out.Bytes()))
	}
	return out.Bytes(), nil
}
