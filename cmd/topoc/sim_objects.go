package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"topoc/compiler/calico"
	"topoc/compiler/load"
)

// builtObjects is the output directory of a build, or what somebody made of it since, read within the limits of a topology.
type builtObjects struct {
	dir    string
	limits load.Options
}

// read reads what Calico is told in a cluster: every manifest below calico/CLUSTER, and the labels and annotations of its nodes.
// An error names the file, or the limit that reading has passed.
func (b builtObjects) read(cluster string) (*calico.Objects, error) {
	objects, err := load.Watch(context.Background(), b.limits, func() (*calico.Objects, error) { return b.readAll(cluster) })
	var limit *load.LimitError
	if errors.As(err, &limit) {
		return nil, fmt.Errorf("read the objects of cluster %s: that needs more than %s: is %s what topoc build wrote?",
			cluster, limit.What, filepath.Join(b.dir, "calico", cluster))
	}
	return objects, err
}

func (b builtObjects) readAll(cluster string) (*calico.Objects, error) {
	of := filepath.Join(b.dir, "calico", cluster)
	files, err := manifests(of)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, b.missing(cluster)
	}
	if err != nil {
		return nil, fmt.Errorf("read the objects of cluster %s: %w", cluster, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read the objects of cluster %s: %s has no .yaml file", cluster, of)
	}
	if nodes := filepath.Join(of, "nodes", "nodes.yaml"); exists(nodes) {
		files = append(files, nodes)
	}
	objects := &calico.Objects{}
	for _, file := range files {
		data, err := readManifest(file)
		if err != nil {
			return nil, fmt.Errorf("read the objects of cluster %s: %w", cluster, err)
		}
		if err := objects.Read(data); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return objects, nil
}

// readManifest reads a file without asking at once for the memory of a huge one.
func readManifest(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// manifests returns the .yaml files in dir, sorted by name.
func manifests(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && filepath.Ext(entry.Name()) == ".yaml" {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	return files, nil
}

// missing says that a cluster has no directory, and what there is instead.
func (b builtObjects) missing(cluster string) error {
	here := filepath.Join(b.dir, "calico")
	entries, err := os.ReadDir(here)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no directory calico: --objects names the directory that topoc build -o wrote", b.dir)
	}
	if err != nil {
		return fmt.Errorf("read the objects of cluster %s: %w", cluster, err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%s has no directory for cluster %s, nor for any other", here, cluster)
	}
	if len(names) > mostWords {
		names = append(names[:mostWords], "…")
	}
	return fmt.Errorf("%s has no directory for cluster %s, only %s", here, cluster, strings.Join(names, ", "))
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
