package load

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// TuneMemory sets the garbage collector up for a short process that mostly builds trees: it collects less often at first, unless GOGC
// is set in the environment, and harder as the heap comes near limit bytes (0: no limit). Stacks may grow so far that Load's own
// limit ends them. For main, once, at start.
func TuneMemory(gogc string, limit uint64) {
	debug.SetMaxStack(min(hardMaxStack, math.MaxInt))
	if gogc == "" {
		collectSeldom()
	}
	if limit > 0 {
		debug.SetMemoryLimit(int64(min(limit, 1<<62)))
	}
}

// maxStacks is far above what a topology needs. What recurses without end reaches it long before hardMaxStack, of which the Go
// runtime lets nobody recover.
const (
	maxStacks    = 256 << 20
	hardMaxStack = 4 << 30
)

// watch runs f, and gives up on it when ctx ends or a limit is passed. CUE has no way to interrupt an evaluation: f is left
// behind, and the process that called Load is expected to end.
func watch(ctx context.Context, opt Options, f func() (*Result, error)) (*Result, error) {
	type outcome struct {
		result *Result
		err    error
	}
	done := make(chan outcome, 1)
	lift := underCeiling(opt.MaxMemory) // for good where f is left behind
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil { // a mistake of ours or of CUE's: no reason to print a stack at the user
				o.err = fmt.Errorf("load: internal error: %v", r)
			}
			done <- o
		}()
		o.result, o.err = f()
	}()
	var timeout <-chan time.Time
	if opt.Timeout > 0 {
		timer := time.NewTimer(opt.Timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case o := <-done:
			lift()
			return o.result, o.err
		case <-ctx.Done():
			return nil, fmt.Errorf("load: %w", ctx.Err())
		case <-timeout:
			return nil, &LimitError{What: fmt.Sprint(opt.Timeout, " of time")}
		case <-tick.C:
			heap, stacks := memory()
			if stacks > maxStacks {
				return nil, &LimitError{What: fmt.Sprintf("%d MiB of stack", maxStacks>>20)}
			}
			if opt.MaxMemory > 0 && heap+stacks > opt.MaxMemory {
				return nil, &LimitError{What: fmt.Sprintf("%d MiB of memory", opt.MaxMemory>>20)}
			}
		}
	}
}

// memory returns the bytes of the heap in use, garbage that isn't collected yet included, and of the stacks.
func memory() (heap, stacks uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), sample[1].Value.Uint64()
}
