package simulate

import (
	"bytes"
	"fmt"
	"testing"

	"topoc/compiler/fabric"
	"topoc/topologies/topogen"
)

// TestSessionsOfRandomTopologies holds what Calico makes of the emitted objects, and the switches of theirs, to the sessions that
// linking derived: the same far ends at every device, and of those that do not fit one of the known reasons.
func TestSessionsOfRandomTopologies(t *testing.T) {
	const topologies = 200
	for seed := range int64(topologies) {
		in := inputOf(t, topogen.Random(seed))
		want := map[string]bool{}
		for _, s := range in.Fabric.Sessions {
			if s.Kind != fabric.LinkSession {
				want[s.A.Device.DeviceName()+" "+s.B.Address.String()] = true
				want[s.B.Device.DeviceName()+" "+s.A.Address.String()] = true
			}
		}
		parts, domains := joined(in)
		got := map[string]bool{}
		for _, p := range parts {
			for _, s := range p.Sessions {
				if (s.State == Established) != (s.Far != nil && s.Far.State == Established) || s.Reason == "" {
					t.Errorf("%d: %s with %v is %s: %s", seed, p.title(), s.remote, s.State, s.Reason)
				}
				if s.Kind == MeshSession || s.neighbor != nil && s.neighbor.Group == nil {
					continue
				}
				for member := range p.Size() {
					for far, a := range s.remote {
						if s.Peer != p || member != far {
							got[p.Device(member).DeviceName()+" "+a.String()] = true
						}
					}
				}
			}
		}
		wantSameSessions(t, fmt.Sprint(seed), got, want)
		for _, d := range domains {
			wantWholeNetwork(t, d)
		}
	}
}

func wantSameSessions(t *testing.T, name string, got, want map[string]bool) {
	t.Helper()
	for session := range want {
		if !got[session] {
			t.Errorf("%s: missing %s", name, session)
		}
	}
	for session := range got {
		if !want[session] {
			t.Errorf("%s: surplus %s", name, session)
		}
	}
}

// BenchmarkSessions reads the objects of generated topologies and makes parts, sessions and speakers of them.
func BenchmarkSessions(b *testing.B) {
	for _, clusters := range []int{10, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", clusters*topogen.NodesPerCluster), func(b *testing.B) {
			var text bytes.Buffer
			if err := topogen.Write(&text, clusters); err != nil {
				b.Fatal(err)
			}
			in := inputOf(b, text.Bytes())
			b.ReportAllocs()
			for b.Loop() {
				joined(in)
			}
		})
	}
}
