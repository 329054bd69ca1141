package artifact

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// patience is how long a build waits for another one in the same directory. None takes that long, but a stopped one.
var patience = time.Minute

type lockMode bool

const (
	shared    lockMode = false // for reading
	exclusive lockMode = true
)

// lock waits until no other process, and no other call in this one, is changing the directory of root. The lock is the
// kernel's and ends with the process, however that ends: no lock can be left behind. It is on the directory itself, so that no
// file for it stands in the user's output.
func lock(root *os.Root, mode lockMode) (unlock func(), err error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(patience)
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		isBusy, err := tryLock(dir, mode)
		switch {
		case err != nil:
			dir.Close()
			return lockBeside(root, mode)
		case !isBusy:
			return func() { dir.Close() }, nil
		case time.Now().After(deadline):
			dir.Close()
			return nil, errTooLong()
		}
		time.Sleep(wait)
	}
}

// lockBeside locks where directories cannot be locked: on Windows and on NFS. It takes a file for it among the user's temporary
// ones, named for the directory, which keeps out this user's builds on this machine.
func lockBeside(root *os.Root, mode lockMode) (unlock func(), err error) {
	dir, err := filepath.Abs(root.Name())
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("topoc-%d-%x.lock", os.Getuid(), sha256.Sum256([]byte(dir)))
	flag := os.O_CREATE | os.O_RDONLY
	if mode == exclusive {
		flag = os.O_CREATE | os.O_RDWR
	}
	return inTime(func() (func(), error) {
		file, err := lockedfile.OpenFile(filepath.Join(os.TempDir(), name), flag, 0o666)
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			return func() {}, nil // a system without locks, and so without two builds at once
		case err != nil:
			return nil, err
		}
		return func() { file.Close() }, nil
	})
}

// inTime waits for a lock that can only be waited for without end. One that comes too late is given back.
func inTime(wait func() (unlock func(), err error)) (unlock func(), err error) {
	type outcome struct {
		unlock func()
		err    error
	}
	came := make(chan outcome, 1)
	go func() {
		unlock, err := wait()
		came <- outcome{unlock, err}
	}()
	select {
	case o := <-came:
		return o.unlock, o.err
	case <-time.After(patience):
		go func() {
			if o := <-came; o.err == nil {
				o.unlock()
			}
		}()
		return nil, errTooLong()
	}
}

func errTooLong() error { return fmt.Errorf("%w, and has not ended in %v", ErrBusy, patience) }
