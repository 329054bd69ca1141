package artifact

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushAll makes everything in the file system of root durable. The error wraps errors.ErrUnsupported
// where the kernel cannot.
func flushAll(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.Syncfs(int(dir.Fd()))
}
