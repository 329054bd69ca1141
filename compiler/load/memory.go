package load

import (
	"os"
	"strconv"
	"strings"
)

// DefaultMaxMemory returns three quarters of the memory of the machine or of the process's cgroup, whichever is smaller; 0
// where neither is known. What --max-memory is by default.
func DefaultMaxMemory() uint64 {
	least := machineMemory("/proc/meminfo")
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if n := cgroupMemory(file); n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least / 4 * 3
}

// machineMemory reads the total from a file like /proc/meminfo.
func machineMemory(file string) uint64 {
	data, _ := os.ReadFile(file)
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kib, _ := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10
		}
	}
	return 0
}

// cgroupMemory reads a cgroup's limit; 0 where there is none ("max", or version 1's number beyond all memory).
func cgroupMemory(file string) uint64 {
	data, _ := os.ReadFile(file)
	n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	if err != nil || n >= 1<<60 {
		return 0
	}
	return n
}
