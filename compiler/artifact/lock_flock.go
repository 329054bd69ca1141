//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package artifact

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks an open directory until it is closed, unless another open file holds it.
func tryLock(dir *os.File, mode lockMode) (isBusy bool, err error) {
	how := syscall.LOCK_SH
	if mode == exclusive {
		how = syscall.LOCK_EX
	}
	for {
		err = syscall.Flock(int(dir.Fd()), how|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			return true, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}
