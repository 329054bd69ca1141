//go:build !(darwin || linux || windows)

package main

// machineMemory is not known here.
func machineMemory() uint64 { return 0 }
