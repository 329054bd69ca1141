package simulate

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"topoc/compiler/calico"
	"topoc/compiler/internal/topogen"
)

func zzcpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func zzrss() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Maxrss >> 10
}

// ZZ=racks/nodes[,what...]
func TestZZP(t *testing.T) {
	env := os.Getenv("ZZ")
	if env == "" {
		t.Skip("scratch")
	}
	for _, spec := range strings.Split(env, ";") {
		f := strings.Split(spec, ",")
		dims := strings.Split(f[0], "x")
		racks, _ := strconv.Atoi(dims[0])
		nodes, _ := strconv.Atoi(dims[1])
		var text bytes.Buffer
		if nodes == 0 {
			topogen.Write(&text, racks)
		} else {
			topogen.WriteFabric(&text, racks, nodes)
		}
		in := inputOf(t, text.Bytes())
		n := 5
		if len(f) > 2 {
			n, _ = strconv.Atoi(f[2])
		}
		lap := func(what string, n int, do func()) {
			runtime.GC()
			best := time.Hour
			for range n {
				c := zzcpu()
				do()
				best = min(best, zzcpu()-c)
			}
			fmt.Printf("%s %-20s %8.2f ms  rss %d MiB\n", f[0], what, best.Seconds()*1e3, zzrss())
		}
		var r *Result
		lap("compile", n, func() {
			for _, c := range in.Fabric.Clusters {
				calico.Compile(c)
			}
		})
		lap("run", n, func() { r = Run(in) })
		var d, s int
		for _, x := range r.domains {
			d += len(x.dests)
			s += len(x.dests) * (len(x.parts))
		}
		fmt.Println("dests", d, "dest*slots", s, "parts", len(r.Parts))
		what := f[1]
		if strings.Contains(what, "p") {
			old := map[int]int{}
			for i, e := range in.Fabric.Expected {
				old[i] = e.Survives
				e.Survives = 0
			}
			lap("prove standing", n, func() { r.Prove() })
			for i, e := range in.Fabric.Expected {
				e.Survives = old[i]
			}
		}
		if strings.Contains(what, "s") {
			lap("prove", 1, func() {
				for _, p := range r.Prove() {
					if !p.Holds {
						fmt.Println(p.Name, p.Reason)
					}
				}
			})
		}
		if strings.Contains(what, "f") {
			lap("failures", 2, func() { x := r.Failures(1); fmt.Println(x.Sets) })
		}
	}
}
