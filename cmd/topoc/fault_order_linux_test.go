package main

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// After a loss of power the disk has what was flushed, and of the rest some, in any order. So a file is flushed before it gets its
// name, and a directory with all that is below it; the manifest that announces changes is before the first of them, and all of them before the one that says that they are done.
func TestABuildFlushesInOrder(t *testing.T) {
	requireStrace(t)
	for _, b := range append(slices.Clone(faultBuilds),
		faultBuild{name: "many new files", new: crowded()},
		faultBuild{name: "many files", old: narrow, new: crowded()},
		faultBuild{name: "many stale files", old: crowded(), new: narrow},
	) {
		t.Run(b.name, func(t *testing.T) {
			lab := newFaultLab(t, b)
			run, _ := record(t, lab.dir, func() { lab.prepare(t) })
			disk := &diskCache{T: t, out: lab.out, dirty: map[string]bool{}}
			for _, c := range run.calls {
				disk.follow(c)
			}
			if disk.manifests != 2 || len(disk.dirty) > 0 {
				t.Errorf("%d manifests were put in place, and at the end these are not flushed: %v", disk.manifests, slices.Collect(maps.Keys(disk.dirty)))
			}
		})
	}
}

// diskCache is what of an output directory the disk may not have yet.
type diskCache struct {
	*testing.T
	out       string
	dirty     map[string]bool // files whose content, and directories whose names; not the stage itself, whose names nobody misses
	announces bool            // MANIFEST.json was replaced, and that is not flushed
	manifests int
}

var (
	descriptor = regexp.MustCompile(`<(/[^>]*)>`)
	quoted     = regexp.MustCompile(`"([^"]*)"`)
)

// follow follows one system call, and holds a rename to what must have been flushed by then.
func (d *diskCache) follow(c call) {
	places, names := descriptor.FindAllStringSubmatch(c.args, -1), quoted.FindAllStringSubmatch(c.args, -1)
	if len(places) == 0 || !strings.HasPrefix(places[0][1], d.out) || strings.HasPrefix(c.result, "-1") {
		return
	}
	place := places[0][1]
	switch c.name {
	case "write":
		d.dirty[place] = true
	case "syncfs":
		clear(d.dirty)
		d.announces = false
	case "fsync":
		delete(d.dirty, place)
		d.announces = d.announces && place != d.out
	case "openat":
		if strings.Contains(c.args, "O_CREAT") {
			d.change(place, names[0][1])
		}
	case "mkdirat", "unlinkat":
		delete(d.dirty, filepath.Join(place, names[0][1]))
		d.change(place, names[0][1])
	case "renameat":
		to := filepath.Join(places[1][1], names[1][1])
		from := filepath.Join(place, names[0][1])
		for dirty := range d.dirty {
			if dirty == from || strings.HasPrefix(dirty, from+"/") {
				d.Errorf("%s gets its name before %s is flushed", to, dirty)
			}
		}
		if to == filepath.Join(d.out, "MANIFEST.json") {
			if len(d.dirty) > 0 {
				d.Errorf("MANIFEST.json is replaced, while these are not flushed: %v", slices.Collect(maps.Keys(d.dirty)))
			}
			d.manifests++
			d.announces = true
			d.dirty[d.out] = true
			return
		}
		d.change(places[1][1], names[1][1])
	}
}

// change is that of a name in a directory. The manifest must be there before, unless the directory is staged.
func (d *diskCache) change(dir, name string) {
	stage := filepath.Join(d.out, ".topoc-stage")
	switch {
	case dir == stage || filepath.Join(dir, name) == stage:
		return
	case strings.HasPrefix(dir, stage+"/"):
		d.dirty[dir] = true
		return
	}
	if d.manifests == 0 || d.announces {
		d.Errorf("%s is changed before the manifest that says so is flushed", filepath.Join(dir, name))
	}
	d.dirty[dir] = true
}
