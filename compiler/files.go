package compiler

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"topoc/compiler/artifact"
	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/firewall"
	"topoc/compiler/hostroute"
	"topoc/compiler/source"
	"topoc/compiler/switchconf"
)

// smallFiles makes the files of every switch and host, and judges the names of all files: those of a cluster follow from the cluster's.
// The diagnostics are names that the user chose and no file can have. Manifests are printed once there is nothing left to find: that
// takes far longer, and what was needed to find it is free by then.
func smallFiles(f *fabric.Fabric) ([]artifact.File, diag.List) {
	var targets []func() []artifact.File
	for _, s := range f.Switches {
		targets = append(targets, func() []artifact.File { return switchconf.Compile(s, f.Name) })
	}
	for _, h := range f.Hosts {
		targets = append(targets, func() []artifact.File { return hostroute.Compile(h, f.Name) })
	}
	files := slices.Concat(parallel(targets)...)

	var names artifact.Set
	var found diag.List
	for _, c := range f.Clusters {
		one := artifact.File{Path: "calico/" + c.Name + "/kustomization.yaml", Mode: artifact.Plain, Declared: []source.Path{c.At()}}
		if err := names.Add(one); err != nil {
			reportPath(&found, one, err)
		}
	}
	for _, file := range files {
		if err := names.Add(file); err != nil {
			reportPath(&found, file, err)
		}
	}
	return files, found
}

// reportPath reports the declaration of a file that cannot have its path, once for all the files it makes.
func reportPath(found *diag.List, file artifact.File, err error) {
	var bad *artifact.PathError
	if !errors.As(err, &bad) || len(file.Declared) == 0 {
		panic("compiler: " + err.Error())
	}
	at := file.Declared[0]
	if slices.ContainsFunc(*found, func(d *diag.Diagnostic) bool { return d.Path == at }) {
		return
	}
	found.Add("bad-name", diag.Error, at, "%v", bad).
		WithHint("choose a name that a file can have, and that differs from others in more than case")
}

// printing prints what smallFiles left.
type printing struct {
	fabric  *fabric.Fabric
	objects map[*fabric.Cluster]*calico.Objects
	isLast  bool // nobody needs the objects afterwards
}

// set returns all files. The targets read the fabric and the objects and share nothing else, so they run side by side.
func (p *printing) set(small []artifact.File) *artifact.Set {
	clusters := p.fabric.Clusters
	objects := make([]*calico.Objects, len(clusters))
	for i, c := range clusters {
		objects[i] = p.objects[c]
	}
	if p.isLast {
		p.objects = nil
	}
	targets := []func() []artifact.File{func() []artifact.File { return firewall.Compile(p.fabric) }}
	for i := range clusters {
		targets = append(targets, func() []artifact.File {
			o := objects[i]
			objects[i] = nil
			return o.Files(p.fabric.Name)
		})
	}
	all := append(parallel(targets), small)
	n := 0
	for _, files := range all {
		n += len(files)
	}
	set := &artifact.Set{}
	set.Grow(n)
	for _, files := range all {
		for _, file := range files {
			if err := set.Add(file); err != nil {
				panic("compiler: " + err.Error()) // the names were judged
			}
		}
	}
	return set
}

// parallel runs jobs on all processors, and returns their results in the order of the jobs.
func parallel[T any](jobs []func() T) []T {
	results := make([]T, len(jobs))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		workers.Go(func() {
			for i := range next {
				results[i] = jobs[i]()
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}
