package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestTheSameInputGivesTheSameResult also asks for everything from several goroutines at once.
func TestTheSameInputGivesTheSameResult(t *testing.T) {
	files, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || files == nil {
		t.Fatalf("no topologies (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := everything(Run(inputOf(t, text)))
			r := Run(inputOf(t, text))
			var askers sync.WaitGroup
			for range 4 {
				askers.Go(func() {
					if got := everything(r); got != want {
						t.Errorf("one run says\n%s\nanother one\n%s", want, got)
					}
				})
			}
			askers.Wait()
		})
	}
}

// everything writes all that a result says.
func everything(r *Result) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Oscillations)
	for _, d := range r.Devices() {
		for _, s := range r.Sessions(d) {
			fmt.Fprintln(&b, d.DeviceName(), s.Protocol, s.PeerAddress, s.Interface, s.State, s.Reason)
		}
		for _, row := range r.Routes(d) {
			fmt.Fprintln(&b, d.DeviceName(), row.Table, row, row.From, row.ASPath, row.Best, row.Used, row.Status)
			if row.Table == BGPTable && row.Best {
				fmt.Fprintln(&b, r.Why(d, row.Prefix))
			}
		}
		fmt.Fprint(&b, livingRoutes(r.after(r.failed(d))))
	}
	for _, p := range r.Prove() {
		fmt.Fprintln(&b, p.Name, p.Holds, p.Failed, p.Reason)
	}
	for _, row := range r.Failures(1).Rows {
		fmt.Fprintln(&b, row)
	}
	for _, from := range r.Fabric.Clusters {
		for _, to := range r.Fabric.Clusters {
			t := r.Trace(Place{Cluster: from, Pods: true}, Place{Cluster: to, Pods: true})
			fmt.Fprintln(&b, t.Reached, t.Paths, t.Verdict)
		}
	}
	return b.String()
}
