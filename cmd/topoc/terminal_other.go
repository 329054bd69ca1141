//go:build !windows

package main

import "os"

// isTerminal reports whether f is a terminal, or at least a device that shows characters.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
