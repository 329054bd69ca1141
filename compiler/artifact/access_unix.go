//go:build darwin || linux

package artifact

import (
	"os"

	"golang.org/x/sys/unix"
)

// mayChange returns an error where this process may not create, rename and remove files in dir.
func mayChange(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Faccessat(int(f.Fd()), ".", unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}
