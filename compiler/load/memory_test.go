package load

import (
	"path/filepath"
	"testing"
)

func TestMemoryLimitsAreRead(t *testing.T) {
	dir := write(t, map[string]string{
		"meminfo": "MemTotal:       24683764 kB\nMemFree: 1 kB\n", "max": "max\n", "limit": "536870912\n", "v1": "9223372036854771712\n",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	if got := machineMemory(at("meminfo")); got != 24683764<<10 {
		t.Errorf("meminfo: %d", got)
	}
	for name, want := range map[string]uint64{"max": 0, "limit": 512 << 20, "v1": 0, "absent": 0} {
		if got := cgroupMemory(at(name)); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
