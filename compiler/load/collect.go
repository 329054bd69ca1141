package load

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much garbage may gather before it is collected, in percent of what lives: as much as garbageRoom has room for, but no more than
// pays, and not so little that most of the time went into collecting.
const (
	fewCollections  = 400
	mostCollections = 60
	garbageRoom     = 384 << 20
)

// collectSeldom makes the garbage collector run less often while the heap is small, as that of most topologies stays: they are read at
// the cost of memory that any machine has. From there on less and less, so that a large topology takes no more than it has to.
func collectSeldom() {
	debug.SetGCPercent(fewCollections)
	runtime.SetFinalizer(new(collection), (*collection).end)
}

// collection is garbage: its finalizer is how Go tells that a collection has ended.
type collection struct{ _ [16]byte }

func (c *collection) end() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if live := sample[0].Value.Uint64(); live > 0 {
		debug.SetGCPercent(int(min(max(garbageRoom*100/live, mostCollections), fewCollections)))
	}
	runtime.SetFinalizer(c, (*collection).end)
}
