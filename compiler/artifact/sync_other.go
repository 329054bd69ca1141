//go:build !linux

package artifact

import (
	"errors"
	"os"
)

// flushAll is what only Linux does for one file system.
func flushAll(*os.Root) error { return errors.ErrUnsupported }
