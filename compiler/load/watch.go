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

// Watch runs f, which reads what may be too large, and gives up on it with a *LimitError when a limit of opt is passed, or when ctx
// ends. Parsers and CUE have no way to be interrupted: f is left behind, and the process is expected to end.
func Watch[T any](ctx context.Context, opt Options, f func() (T, error)) (T, error) {
	type outcome struct {
		result T
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
	var none T
	for {
		select {
		case o := <-done:
			lift()
			return o.result, o.err
		case <-ctx.Done():
			return none, fmt.Errorf("load: %w", ctx.Err())
		case <-timeout:
			return none, &LimitError{What: fmt.Sprint(opt.Timeout, " of time")}
		case <-tick.C:
			if err := opt.exceeded(); err != nil {
				return none, err
			}
		}
	}
}

// exceeded returns the limit that this process has passed; nil: none.
func (o Options) exceeded() error {
	heap, stacks := memory()
	switch {
	case stacks > maxStacks:
		return &LimitError{What: fmt.Sprintf("%d MiB of stack", maxStacks>>20)}
	case o.MaxMemory > 0 && heap+stacks > o.MaxMemory:
		return TooMuchMemory(o.MaxMemory)
	}
	return nil
}

// memory returns the bytes of the heap in use, garbage that isn't collected yet included, and of the stacks.
func memory() (heap, stacks uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), sample[1].Value.Uint64()
}
