package main

import (
	"runtime"
	"testing"
)

// A share of an unknown size would be no limit at all.
func TestMemoryOfTheMachineIsKnown(t *testing.T) {
	if size := availableMemory(); size < 64<<20 || size > 1<<50 {
		t.Errorf("on %s the machine has %d bytes", runtime.GOOS, size)
	}
}
