package artifact

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// batch is how many files a worker takes at once. No more than that is not worth a second one.
const batch = 64

// crew is workers that do something for each of n files, in batches.
type crew struct {
	next     atomic.Int64 // the first file that nobody has taken
	failedAt atomic.Int64 // the first file that failed; n where there is none
	failing  sync.Mutex   // of failedAt, for writing, and of err
	err      error        // of that file
}

// inBatches does something for each index below n, on all processors where they are many. Workers are made one after the other, and done
// one after the other when the last has ended. The error is that of the lowest index that fails; those behind it may not be done then.
func inBatches(n int, newWorker func(number int) (work func(i int) error, done func())) error {
	c := &crew{}
	c.failedAt.Store(int64(n))
	workers := max(1, min(runtime.GOMAXPROCS(0), (n+batch-1)/batch))
	first, done := newWorker(0)
	defer done()
	var others sync.WaitGroup
	for number := 1; number < workers; number++ {
		work, done := newWorker(number)
		defer done()
		others.Go(func() { c.do(work) })
	}
	c.do(first)
	others.Wait()
	return c.err
}

// do takes batches until there are none, or until only files behind one that failed are left.
func (c *crew) do(work func(i int) error) {
	for {
		end := int(c.next.Add(batch))
		for i := end - batch; i < end; i++ {
			if i >= int(c.failedAt.Load()) {
				return
			}
			if err := work(i); err != nil {
				c.fail(i, err)
				return
			}
		}
	}
}

func (c *crew) fail(i int, err error) {
	c.failing.Lock()
	defer c.failing.Unlock()
	if i < int(c.failedAt.Load()) {
		c.failedAt.Store(int64(i))
		c.err = err
	}
}
