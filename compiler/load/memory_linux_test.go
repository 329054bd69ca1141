package load

import (
	"path/filepath"
	"testing"
)

func TestMemoryOfTheMachineIsRead(t *testing.T) {
	dir := write(t, map[string]string{"meminfo": "MemTotal:       24683764 kB\nMemFree: 1 kB\n"})
	for name, want := range map[string]uint64{"meminfo": 24683764 << 10, "absent": 0} {
		if got := machineMemory(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
