package load

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheCeilingIsAboveTheLimitAndUnderTheMachine(t *testing.T) {
	const gib = 1 << 30
	for _, tt := range []struct {
		name                 string
		limit, machine, want uint64
	}{
		{"a small limit", gib / 4, 16 * gib, 5 * gib / 2},
		{"most of the machine", 12 * gib, 16 * gib, 14 * gib},
		{"all of the machine", 16 * gib, 16 * gib, 34 * gib},
		{"an unknown machine", gib, 0, 4 * gib},
		{"a small machine", gib / 2, gib/2 + 1, gib/2 + gib/4},
	} {
		if got := ceiling(tt.limit, tt.machine); got != tt.want {
			t.Errorf("%s: %d MiB, want %d", tt.name, got>>20, tt.want>>20)
		}
	}
}

func TestTheCeilingIsLifted(t *testing.T) {
	now := func() unix.Rlimit {
		var l unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_DATA, &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	original := now()
	before := unix.Rlimit{Cur: original.Max, Max: original.Max} // whatever an evaluation that was left behind is held to
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_DATA, &original) })
	lift := underCeiling(1 << 30)
	if under := now(); under.Cur >= before.Cur || under.Max != before.Max {
		t.Errorf("under it: %+v, before: %+v", under, before)
	}
	lift()
	if after := now(); after != before {
		t.Errorf("lifted: %+v, before: %+v", after, before)
	}
	underCeiling(0)()
	if after := now(); after != before {
		t.Errorf("without a limit: %+v, before: %+v", after, before)
	}
}
