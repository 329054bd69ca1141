package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// CheckDir returns a *RefusedError where what stands at dir, or above it, keeps dir from being a directory. That dir does not
// exist is no error.
func CheckDir(dir string) error {
	for p := dir; ; p = above(p) {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			if info, err = os.Lstat(p); err != nil && p != above(p) {
				continue // nothing stands there
			}
		}
		switch {
		case err != nil || info.IsDir():
			return nil // what else may be wrong is told by who opens it
		case p == dir:
			return refuseDir(dir, "is "+unlike(info)+", where a directory is to be")
		}
		return refuseDir(dir, "needs the directory "+p+", which is "+unlike(info))
	}
}

func refuseDir(dir, reason string) error {
	return &RefusedError{Dir: dir, Files: []Refusal{{Path: ".", Reason: reason}}}
}

// unlike says what that is no directory info is of; a link is one that leads nowhere.
func unlike(info fs.FileInfo) string {
	if at := whatIs(info.Mode()); at != link {
		return at.String()
	}
	return "a symbolic link that leads nowhere"
}

// above returns the path of the directory that p is in, and p itself where it has no further name. Unlike filepath.Dir it does not
// resolve "..", which leads elsewhere behind a link.
func above(p string) string {
	trim := func(p string) string {
		for len(p) > 1 && os.IsPathSeparator(p[len(p)-1]) {
			p = p[:len(p)-1]
		}
		return p
	}
	dir, name := filepath.Split(trim(p))
	switch {
	case name == "":
		return p
	case dir == "":
		return "."
	}
	return trim(dir)
}

// openToWrite opens dir, which may be a link to a directory: whoever names it means where it leads. Where there is none, it
// makes one; made is the directories that this took, the innermost first. The directory is locked until done is called.
//
// A build that fails takes away the directories that it made, also from under one that is here: that one starts over.
func openToWrite(dir string) (root *os.Root, made []string, done func(), err error) {
	const most = 100
	for try := 1; ; try++ {
		root, more, done, err := tryToOpen(dir)
		made = append(more, made...)
		switch {
		case err == nil:
			return root, made, done, nil
		case errors.Is(err, fs.ErrNotExist) && try < most:
			continue
		case !errors.Is(err, ErrBusy): // who is writing there needs them
			unmake(made)
		}
		return nil, nil, nil, err
	}
}

// tryToOpen is openToWrite once. The error wraps fs.ErrNotExist where a directory was taken away meanwhile.
func tryToOpen(dir string) (root *os.Root, made []string, done func(), err error) {
	made, err = makeDir(dir)
	if err != nil {
		return nil, made, nil, err
	}
	root, done, err = openLocked(dir, exclusive)
	if err != nil {
		return nil, made, nil, err
	}
	opened, err := root.Stat(".")
	now, err2 := os.Stat(dir)
	if err = cmp.Or(err, err2); err == nil && !os.SameFile(opened, now) {
		err = fs.ErrNotExist
	}
	if err != nil {
		done()
		return nil, made, nil, fmt.Errorf("look at %s: %w", dir, reason(err))
	}
	return root, made, done, nil
}

// openLocked opens and locks dir until done is called.
func openLocked(dir string, mode lockMode) (root *os.Root, done func(), err error) {
	root, err = os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", dir, reason(err))
	}
	unlock, err := lock(root, mode)
	if err != nil {
		root.Close()
		return nil, nil, fmt.Errorf("lock %s: %w", dir, reason(err))
	}
	return root, func() { unlock(); root.Close() }, nil
}

// makeDir makes dir, and what it needs above it, and returns what it made, the innermost first, with an error too.
func makeDir(dir string) (made []string, err error) {
	if err := CheckDir(dir); err != nil {
		return nil, err
	}
	var missing []string
	for p := dir; p != above(p); p = above(p) {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, p)
	}
	for _, p := range slices.Backward(missing) {
		switch err := os.Mkdir(p, dirMode); {
		case err == nil:
			made = slices.Insert(made, 0, p)
		case !errors.Is(err, fs.ErrExist):
			return made, fmt.Errorf("create %s: %w", p, reason(err))
		}
	}
	return made, nil
}

// unmake removes what makeDir made, as far as nothing stands in it.
func unmake(made []string) {
	for _, dir := range made {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}
