package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"topoc/compiler"
	"topoc/compiler/load"
)

// input is the flags of every command that reads a topology.
type input struct {
	files     []string
	timeout   time.Duration
	maxMemory memoryLimit
}

func (in *input) declare(flags *pflag.FlagSet) {
	in.maxMemory = memoryLimit{percent: 75}
	flags.StringArrayVarP(&in.files, "file", "f", nil, "add `FILE` to the topology (repeatable)")
	flags.DurationVar(&in.timeout, "timeout", 60*time.Second, "give up evaluating the topology after `TIME`; 0: never")
	flags.Var(&in.maxMemory, "max-memory", "give up evaluating the topology beyond `SIZE`: 2GiB, 512MiB, or 75% of the machine's; 0: never")
}

// run runs the compiler on one topology. With load.ErrBurst it did not, and the command is to return that before it prints anything.
func (in *input) run(e *env, topology string, opt compiler.Options) (*compiler.Result, error) {
	limit := in.maxMemory.bytes()
	load.TuneMemory(e.getenv("GOGC"), limit)
	if e.begun++; e.supervised != nil {
		if err := e.supervised.begin(e.begun, limit); err != nil {
			return nil, err
		}
	}
	show, done := e.progress()
	defer done()
	opt.Load = in.limits()
	opt.Load.Stdin, opt.Load.Read, opt.Load.NoBursts = e.stdin, e.read, e.supervised == nil && !e.canBurst
	opt.Progress = show
	return compiler.Run(context.Background(), append([]string{topology}, in.files...), opt)
}

// limits returns what reading may take.
func (in *input) limits() load.Options {
	return load.Options{Timeout: in.timeout, MaxMemory: in.maxMemory.bytes()}
}

// memoryLimit is a flag value: a size in bytes, or a share of the machine's memory.
type memoryLimit struct {
	percent uint64 // 0: size counts
	size    uint64
}

var memoryUnits = []struct {
	name string
	size uint64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1 << 40}, {"B", 1},
}

func (m *memoryLimit) String() string {
	if m.percent > 0 {
		return fmt.Sprintf("%d%%", m.percent)
	}
	return strconv.FormatUint(m.size, 10)
}

// Set implements pflag.Value.
func (m *memoryLimit) Set(s string) error {
	wrong := fmt.Errorf("%q is no size: write it as 2GiB, 512MiB or 75%%", s)
	if share, ok := strings.CutSuffix(s, "%"); ok {
		percent, err := strconv.ParseUint(share, 10, 64)
		if err != nil || percent < 1 || percent > 100 {
			return wrong
		}
		*m = memoryLimit{percent: percent}
		return nil
	}
	number, unit := s, uint64(1)
	for _, u := range memoryUnits {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = rest, u.size
			break
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return wrong
	}
	*m = memoryLimit{size: n * unit}
	return nil
}

// Type implements pflag.Value.
func (*memoryLimit) Type() string { return "SIZE" }

// bytes returns the limit; 0: none, which also is a share of a memory whose size cannot be told.
func (m *memoryLimit) bytes() uint64 {
	if m.percent > 0 {
		return availableMemory() / 100 * m.percent
	}
	return m.size
}
