package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// What is made of a directory before a build: names are relative to it.

func all(steps ...func(*directory)) func(*directory) {
	return func(d *directory) {
		for _, step := range steps {
			step(d)
		}
	}
}

func put(name, content string) func(*directory) {
	return func(d *directory) {
		d.Helper()
		d.must(os.MkdirAll(filepath.Dir(d.at(name)), 0o777))
		d.must(os.WriteFile(d.at(name), []byte(content), 0o666))
	}
}

func mkdir(name string) func(*directory) {
	return func(d *directory) { d.must(os.Mkdir(d.at(name), 0o777)) }
}

func mkfifo(name string) func(*directory) {
	return func(d *directory) { d.must(syscall.Mkfifo(d.at(name), 0o666)) }
}

func link(target, name string) func(*directory) {
	return func(d *directory) { d.must(os.Symlink(target, d.at(name))) }
}

func move(old, new string) func(*directory) {
	return func(d *directory) { d.must(os.Rename(d.at(old), d.at(new))) }
}

func chmod(name string, mode fs.FileMode) func(*directory) {
	return func(d *directory) { d.must(os.Chmod(d.at(name), mode)) }
}

func truncate(name string, size int64) func(*directory) {
	return func(d *directory) { d.must(os.Truncate(d.at(name), size)) }
}

func cutOff(name string) func(*directory) {
	return func(d *directory) { truncate(name, int64(len(d.text(name))/2))(d) }
}

func copyFile(old, new string) func(*directory) {
	return func(d *directory) { put(new, d.text(old))(d) }
}

func edit(name, old, new string) func(*directory) {
	return func(d *directory) {
		d.Helper()
		edited := strings.ReplaceAll(d.text(name), old, new)
		if edited == d.text(name) {
			d.Fatalf("no %s in %s", old, name)
		}
		put(name, edited)(d)
	}
}

// editAbsolute is edit, where the new text is the absolute path of a file, quoted.
func editAbsolute(name, old, file string) func(*directory) {
	return func(d *directory) { edit(name, old, `"`+d.at(file)+`"`)(d) }
}

func (d *directory) text(name string) string {
	d.Helper()
	text, err := os.ReadFile(d.at(name))
	d.must(err)
	return string(text)
}
