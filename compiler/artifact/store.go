package artifact

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
)

// store changes a directory. Each of its methods that changes one makes a single step or says otherwise, so that a test can end a
// build before any of them, as the death of the process would.
type store struct {
	*tree
	around stepper // nil outside tests
}

// stepper makes a step, or does not.
type stepper func(doing, path string, do func() error) error

// oneByOne is a stepper that makes one step at a time.
func (around stepper) oneByOne() stepper {
	if around == nil {
		return nil
	}
	var steps sync.Mutex
	return func(doing, path string, do func() error) error {
		steps.Lock()
		defer steps.Unlock()
		return around(doing, path, do)
	}
}

// step does what changes the directory, and says on failure what could not be done to which file of it.
func (s *store) step(doing, p string, do func() error) error {
	var err error
	if s.around != nil {
		err = s.around(doing, p, do)
	} else {
		err = do()
	}
	if err != nil {
		return s.failed(doing, p, err)
	}
	return nil
}

// create writes a new file at place. On failure it speaks of the file as f.Path. The umask applies, and nothing changes the mode
// afterwards; what a umask would leave to the group and to others, they don't get.
func (s *store) create(place string, f *File) error {
	perm := Plain
	if f.isExecutable() {
		perm = Executable
	}
	var file io.WriteCloser
	err := s.step("create", f.Path, func() (err error) {
		file, err = s.createNew(place, perm)
		return err
	})
	if err != nil {
		return err
	}
	defer file.Close() // again, but where a test ends the build before the next step: Windows could not remove an open file
	return s.step("write", f.Path, func() error {
		_, err := file.Write(f.Data)
		return errors.Join(err, file.Close())
	})
}

// rename puts what stands at place at p: a file in place of the one there, a directory where nothing stands, or an empty one.
func (s *store) rename(doing, place, p string) error {
	return s.step(doing, p, func() error { return insist(func() error { return s.move(place, p) }, isHeld) })
}

// mkdir makes a directory at place. On failure it speaks of it as dir.
func (s *store) mkdir(place, dir string) error {
	return s.step("create", dir, func() error { return s.newDir(place) })
}

// mkdirAll makes the directories above p that are not there.
func (s *store) mkdirAll(p string) error {
	if s.isInDirectory(p) {
		return nil
	}
	for _, dir := range ancestors(p) {
		at, err := s.lookDir(dir)
		if err != nil {
			return err
		}
		if at.what == directory {
			continue
		}
		if err := s.mkdir(dir, dir); err != nil {
			return err
		}
		s.dirs[dir] = found{what: directory, at: dir}
	}
	return nil
}

// remove removes the file or empty directory at p. There need be none.
func (s *store) remove(p string) error {
	return s.step("remove", p, func() error {
		above, name, err := s.near(p)
		if err != nil {
			return err
		}
		return insist(func() error { return ignore(above.root.Remove(name), fs.ErrNotExist) }, isHeld)
	})
}

// removeAll removes what stands at p and, if it is a directory, all below. It follows no link.
func (s *store) removeAll(p string) error {
	s.forget()
	return s.step("remove", p, func() error { return insist(func() error { return s.root.RemoveAll(p) }, isHeld) })
}

// prune removes the directories above the files that stood at paths, as far as nothing is left in them, the innermost first.
func (s *store) prune(paths []string) error {
	above := map[string]bool{}
	for _, p := range paths {
		for _, dir := range ancestors(p) {
			above[dir] = true
		}
	}
	for _, dir := range slices.Backward(sortedKeys(above)) {
		at, err := s.lookDir(dir)
		if err != nil {
			return err
		}
		if at.what != directory {
			continue
		}
		isEmpty, err := s.isEmpty(dir)
		if err != nil {
			return err
		}
		if !isEmpty {
			continue
		}
		clear(s.dirs) // all of it: where case is ignored, other spellings of dir are in there too
		s.forget()
		if err := s.remove(dir); err != nil {
			return err
		}
	}
	return nil
}

// fewFiles is how many files sync flushes one by one. Flushing a file system at once takes the time of a few files, but has
// to write out what other programs have not yet flushed.
const fewFiles = 16

// sync makes files and directories durable, so that a rename after it cannot reach the disk before them: after a loss of
// power a file would else have its name and not its content.
func (s *store) sync(places []string) error {
	if len(places) > fewFiles {
		err := s.step("flush", ".", func() error { return flushAll(s.root) })
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	for _, p := range places {
		if err := s.step("flush", p, func() error { return s.flush(p) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) flush(p string) error {
	flag := os.O_RDONLY
	if runtime.GOOS == "windows" { // where no directory can be flushed, nor a file that is open for reading
		if info, err := s.root.Lstat(p); err != nil || info.IsDir() {
			return err
		}
		flag = os.O_RDWR
	}
	file, err := s.root.OpenFile(p, flag, 0)
	if err != nil {
		return err
	}
	// Some network and user-space file systems flush no directories, and say so by one of these.
	return errors.Join(ignore(file.Sync(), errors.ErrUnsupported, syscall.EINVAL), file.Close())
}

// ignore returns err unless it is one of those.
func ignore(err error, those ...error) error {
	for _, that := range those {
		if errors.Is(err, that) {
			return nil
		}
	}
	return err
}
