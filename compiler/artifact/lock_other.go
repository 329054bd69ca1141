//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package artifact

import (
	"errors"
	"os"
)

// tryLock is what this system cannot do to a directory.
func tryLock(*os.File, lockMode) (isBusy bool, err error) { return false, errors.ErrUnsupported }
