package main

import "golang.org/x/sys/unix"

// machineMemory asks the kernel.
func machineMemory() uint64 {
	size, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return size
}
