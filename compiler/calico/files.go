package calico

import (
	"io/fs"
	"path"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/artifact"
	"topoc/compiler/source"
)

// Files returns the files of the cluster that o was compiled for, as a build of the named topology writes them. A file that
// would have no objects is not there.
func (o *Objects) Files(topology string) []artifact.File {
	w := &writer{objects: o, dir: path.Join("calico", o.cluster), doc: document{header: header(topology)}}
	w.cluster()
	w.nodes()
	return w.files
}

type writer struct {
	objects *Objects
	dir     string
	doc     document
	files   []artifact.File
}

// cluster writes the objects for Calico, and the kustomization that applies them in this order.
func (w *writer) cluster() {
	o := w.objects
	var written []string
	for _, file := range []struct {
		name    string
		objects []any
	}{
		{"installation.yaml", all(optional(o.Installation), optional(o.APIServer))},
		{"rbac.yaml", all(optional(o.Role), optional(o.RoleBinding))},
		// Pools and filters come before the sessions, so that none lets a route through that a filter would stop, or has
		// traffic of a partner's translated; and the sessions before the end of the mesh that they replace.
		{"ippools.yaml", all(o.IPPools)},
		{"bgpfilters.yaml", all(o.BGPFilters)},
		{"bgppeers.yaml", all(o.BGPPeers)},
		{"bgpconfiguration.yaml", all(optional(o.BGPConfiguration))},
		{"caliconodestatuses.yaml", all(o.CalicoNodeStatuses)},
	} {
		if len(file.objects) > 0 {
			w.write(file.name, artifact.Plain, w.doc.marshal(file.objects...), file.objects)
			written = append(written, file.name)
		}
	}
	if len(written) == 0 {
		return
	}
	doc := w.doc
	doc.notes = o.notes()
	w.write("kustomization.yaml", artifact.Plain, doc.marshal(newKustomization(written)), nil)
}

// nodes writes the nodes' labels and annotations, twice: to apply, and as a script.
func (w *writer) nodes() {
	nodes := all(w.objects.Nodes)
	if len(nodes) == 0 {
		return
	}
	w.write("nodes/nodes.yaml", artifact.Plain, w.doc.marshal(nodes...), nodes)
	doc := w.doc
	doc.notes = nodesNotes
	w.write("nodes/kustomization.yaml", artifact.Plain, doc.marshal(newKustomization([]string{"nodes.yaml"})), nil)
	w.write("nodes/apply.sh", artifact.Executable, applyScript(w.doc.header, w.objects.cluster, w.objects.Nodes), nodes)
}

// notes says how the files of a cluster are meant to be applied.
func (o *Objects) notes() string {
	notes := "Apply with kubectl apply -k"
	if o.Installation != nil {
		notes += "; on a new cluster installation.yaml first, and the rest once Calico is up"
	}
	notes += ".\n"
	if o.waitsForPools() {
		notes += "The operator creates no pool here: on a new cluster ippools.yaml comes next, with calicoctl apply -f,\n" +
			"since Calico's API server waits for an address itself.\n"
	}
	if len(o.Nodes) > 0 {
		notes += "Before it, for BGPPeers to find their nodes: the labels and annotations in nodes/.\n"
	}
	return notes
}

// waitsForPools reports whether the first pool is one that the operator doesn't create: Calico's API server, a pod, has no
// address before there is one, and cannot serve it.
func (o *Objects) waitsForPools() bool {
	return o.Installation != nil && len(o.Installation.Spec.CalicoNetwork.IPPools) == 0 &&
		len(o.IPPools) > 0 && o.IPPools[0].APIVersion == v3.GroupVersionCurrent
}

const nodesNotes = "Apply with kubectl apply --server-side -k. That creates Nodes which the cluster lacks; apply.sh refuses to.\n"

// write adds a file that was made from objects; without any, from the whole cluster.
func (w *writer) write(name string, mode fs.FileMode, data []byte, objects []any) {
	f := artifact.File{Path: path.Join(w.dir, name), Mode: mode, Data: data}
	for _, object := range objects {
		f.Declared = append(f.Declared, w.objects.declarations(object)...)
	}
	if f.Declared == nil {
		f.Declared = []source.Path{source.Path("clusters").Field(w.objects.cluster)}
	}
	w.files = append(w.files, f)
}

// declarations returns what an object comes from; Installation comes from its pools too.
func (o *Objects) declarations(object any) []source.Path {
	var declared []source.Path
	if at := o.declared[object]; at != "" {
		declared = append(declared, at)
	}
	if installation, ok := object.(*Installation); ok {
		pools := installation.Spec.CalicoNetwork.IPPools
		for i := range pools {
			declared = append(declared, o.declared[&pools[i]])
		}
	}
	return declared
}

// optional makes a list of an object that may not be there.
func optional[T any](object *T) []any {
	if object == nil {
		return nil
	}
	return []any{object}
}

// all collects objects of one or several types.
func all[T any](lists ...[]T) []any {
	var objects []any
	for _, list := range lists {
		for _, object := range list {
			objects = append(objects, object)
		}
	}
	return objects
}
