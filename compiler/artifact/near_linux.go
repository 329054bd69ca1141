package artifact

import (
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// createNew creates a file that is not there. It asks the kernel by itself: os.Root makes six calls of one, to find out whether what it
// made is a file that one could wait for.
func (t *tree) createNew(p string, perm fs.FileMode) (io.WriteCloser, error) {
	dir, name, err := t.descriptor(p)
	if err != nil {
		return nil, err
	}
	var file int
	err = retried(func() error {
		file, err = unix.Openat(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(perm))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &newFile{file}, nil
}

// newFile is an open file. An os.File asks the kernel how it was opened, and has to be closed once the garbage collector finds it.
type newFile struct{ descriptor int }

func (f *newFile) Write(data []byte) (int, error) {
	written := 0
	for written < len(data) {
		n := 0
		err := retried(func() (err error) {
			n, err = unix.Write(f.descriptor, data[written:])
			return err
		})
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// Close closes the file, the first time.
func (f *newFile) Close() error {
	if f.descriptor < 0 {
		return nil
	}
	file := f.descriptor
	f.descriptor = -1
	return unix.Close(file)
}

// move renames a file. os.Root would open each directory on the way to both names.
func (t *tree) move(from, to string) error {
	source, oldName, err := t.descriptor(from)
	if err != nil {
		return err
	}
	target, newName, err := t.descriptor(to)
	if err != nil {
		return err
	}
	return retried(func() error { return unix.Renameat(source, oldName, target, newName) })
}

// newDir makes a directory.
func (t *tree) newDir(p string) error {
	above, name, err := t.descriptor(p)
	if err != nil {
		return err
	}
	return retried(func() error { return unix.Mkdirat(above, name, uint32(dirMode)) })
}

// descriptor is near with the descriptor of the directory. Of a directory in one that is open it asks the kernel by itself: os.Root makes ten
// calls of one until its descriptor is known.
func (t *tree) descriptor(p string) (int, string, error) {
	dir, name := split(p)
	above, last := split(dir)
	i := t.remembered(above)
	if dir == "" || t.remembered(dir) >= 0 || i < 0 || t.recent[i].file == nil {
		return t.descriptorOfRoot(p)
	}
	var file int
	err := retried(func() (err error) {
		file, err = unix.Openat(t.recent[i].descriptor, last, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return 0, "", err
	}
	*t.recall(dir) = opened{dir: dir, file: &newFile{file}, descriptor: file}
	return file, name, nil
}

// descriptorOfRoot is descriptor where the directory is open, or none that it is in.
func (t *tree) descriptorOfRoot(p string) (int, string, error) {
	dir, name := split(p)
	if i := t.remembered(dir); i >= 0 && t.recent[i].file != nil {
		return t.recall(dir).descriptor, name, nil
	}
	open, name, err := t.near(p)
	if err != nil {
		return 0, "", err
	}
	if open.file == nil {
		file, err := open.root.Open(".")
		if err != nil {
			return 0, "", err
		}
		open.file, open.descriptor = file, int(file.Fd()) // a system call too
	}
	return open.descriptor, name, nil
}

// retried makes a system call again where a signal interrupted it, as happens on some network and user-space file systems.
func retried(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
