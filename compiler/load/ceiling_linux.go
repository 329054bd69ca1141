package load

import "golang.org/x/sys/unix"

// underCeiling keeps this process, until lift is called, from taking memory far beyond limit bytes (0: there is no ceiling). A text that
// doubles can take all of a machine's memory between two looks of the watchdog, which a busy machine rarely lets look. At the ceiling
// the Go runtime ends the process, with its own words and exit code 2: so it lies well above the limit, as high as the machine allows.
func underCeiling(limit uint64) (lift func()) {
	var before unix.Rlimit
	if limit == 0 || unix.Getrlimit(unix.RLIMIT_DATA, &before) != nil {
		return func() {}
	}
	under := before
	under.Cur = min(before.Cur, ceiling(limit, machineMemory("/proc/meminfo")))
	if unix.Setrlimit(unix.RLIMIT_DATA, &under) != nil {
		return func() {}
	}
	return func() { _ = unix.Setrlimit(unix.RLIMIT_DATA, &before) } // raising it again to what it was is always allowed
}

// ceiling returns the bytes that a process with a limit may take on a machine with so much memory (0: unknown).
func ceiling(limit, machine uint64) uint64 {
	const least, room = 256 << 20, 2 << 30
	most := 2*limit + room
	if machine > limit {
		most = min(most, limit+(machine-limit)/2)
	}
	return max(most, limit+least)
}
