//go:build linux

package bench

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"topoc/schema"
	"topoc/topologies/topogen"
)

const repository = ".."

// Names of files in the module of an input.
const (
	topologyFile = "big.cue"
	bindFile     = "bind.cue" // binds the topology to the schema
)

// input is a generated topology.
type input struct {
	name             string
	size             topogen.Size
	byComprehensions bool // else literal
	isLarge          bool // the targets are for those
	isRendered       bool // by kustomize and helm too, which takes forever for large ones
}

// makeModule writes an input into a CUE module that has the schema, as `topoc schema --vendor` would leave it, and returns where.
func (in input) makeModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"cue.mod", "schema"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	module, err := os.ReadFile(filepath.Join(repository, "cue.mod", "module.cue"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "cue.mod", "module.cue"), string(module))
	writeFile(t, filepath.Join(dir, bindFile), fmt.Sprintf("package big\n\nimport %q\n\nschema.#Topology\n", schema.ImportPath))
	err = fs.WalkDir(schema.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := schema.Files.ReadFile(name)
		writeFile(t, filepath.Join(dir, "schema", name), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	f, err := os.Create(filepath.Join(dir, topologyFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := bufio.NewWriter(f)
	fmt.Fprint(b, "package big\n\n")
	write := topogen.WriteLiteral
	if in.byComprehensions {
		write = topogen.WriteComprehensions
	}
	if err := write(b, in.size); err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// tmpfsMagic is what statfs(2) tells of a tmpfs.
const tmpfsMagic = 0x01021994

// directories returns one on a tmpfs and one on a disk; "" is one that this machine has not.
func directories(t *testing.T) (memory, disk string) {
	t.Helper()
	candidates := []string{"/dev/shm", os.TempDir()}
	if cache, err := os.UserCacheDir(); err == nil {
		candidates = append(candidates, cache)
	}
	for _, parent := range candidates {
		var s syscall.Statfs_t
		if err := syscall.Statfs(parent, &s); err != nil {
			continue
		}
		place := &disk
		if s.Type == tmpfsMagic {
			place = &memory
		}
		if *place != "" {
			continue
		}
		dir, err := os.MkdirTemp(parent, "topoc-bench-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		*place = dir
	}
	return memory, disk
}

// countFiles counts the files below a directory.
func countFiles(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
