package main

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// availableMemory returns how many bytes the machine, or the cgroup that topoc runs in, has; 0 where neither can be told.
func availableMemory() uint64 {
	size := machineMemory()
	for _, file := range cgroupLimits("/proc/self/cgroup") {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64) // "max": no limit
		if err == nil && limit > 0 && (size == 0 || limit < size) {
			size = limit
		}
	}
	return size
}

// cgroupLimits returns the files that may limit the memory of this process: those of its cgroup and of all above it, for
// version 2 (memory.max) and 1 (memory.limit_in_bytes). In a container its own cgroup is often seen as the root.
func cgroupLimits(selfCgroup string) []string {
	files := []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}
	text, err := os.ReadFile(selfCgroup)
	if err != nil {
		return files
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // hierarchy-ID:controllers:path (cgroups(7))
		if len(parts) < 3 {
			continue
		}
		root, name := "/sys/fs/cgroup", "memory.max"
		if strings.Contains(","+parts[1]+",", ",memory,") {
			root, name = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if parts[1] != "" {
			continue
		}
		for dir := path.Clean("/" + parts[2]); dir != "/"; dir = path.Dir(dir) {
			files = append(files, path.Join(root, dir, name))
		}
	}
	return files
}
