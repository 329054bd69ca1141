package conformance

import (
	"fmt"
	"os"
	"testing"

	"github.com/sirupsen/logrus"
)

// built is the programs that tests start, or why there are none. TestMain sets it; require reads it.
var built struct {
	Programs
	err error
}

// TestMain builds the programs before the first test, unless that was done for these sources already, and ends the API servers
// after the last one. Started in a sandbox, this process runs a lab instead.
func TestMain(m *testing.M) {
	if dir := os.Getenv(sandboxVariable); dir != "" {
		os.Exit(runSandboxed(dir))
	}
	logrus.SetLevel(logrus.FatalLevel) // of Calico's libraries: what is wrong they return too
	built.Programs, built.err = Build()
	if built.err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", built.err)
	}
	status := m.Run()
	stopServers()
	os.Exit(status)
}

// require returns the programs. Where they could not be built it skips the test with the reason, and fails it under
// TOPOC_REQUIRE=all.
func require(t testing.TB) Programs {
	t.Helper()
	if built.err != nil {
		if os.Getenv("TOPOC_REQUIRE") == "all" {
			t.Fatal(built.err)
		}
		t.Skip(built.err)
	}
	return built.Programs
}
