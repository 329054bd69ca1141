package artifact

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// asNobody takes root's rights on files from the test's thread until the test ends.
func asNobody(t *testing.T) bool {
	runtime.LockOSThread()
	if err := unix.Setfsuid(65534); err != nil {
		runtime.UnlockOSThread()
		return false
	}
	t.Cleanup(func() {
		if err := unix.Setfsuid(0); err == nil { // else the thread ends with the goroutine
			runtime.UnlockOSThread()
		}
	})
	return true
}
