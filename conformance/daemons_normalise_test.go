package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"topoc/compiler/emulate"
)

var (
	includeLine = regexp.MustCompile(`(?m)^include "([^"]+)";`)
	tunnel      = regexp.MustCompile(`krt_tunnel = "[^"]*";`)
	connectTime = regexp.MustCompile(`connect (delay|retry) time \d+;`)
	errorTime   = regexp.MustCompile(`error wait time \d+,\d+;`)
	restartTime = regexp.MustCompile(`graceful restart time \d+;`)
)

// normalise returns the configuration that confd rendered into a file as BIRD 1.6.8 takes it, with all that differs from what
// Calico's own BIRD reads on a node:
//
//   - Included files stand where they are included.
//   - The attribute krt_tunnel, which only Calico's BIRD has, is not set. A statement must stand there, as it may be a branch of an
//     if; print "" does nothing.
//   - BIRD logs, and where it does so is said.
//   - Timers are those of the emulation, where it has any: when to connect and to retry, hold and keepalive time, and for how long
//     routes of a peer that restarts are kept. They change how long things take, never what they come to.
func normalise(file string, timing emulate.Timing) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var failed error
	text := includeLine.ReplaceAllStringFunc(string(data), func(line string) string {
		included, err := os.ReadFile(filepath.Join(filepath.Dir(file), includeLine.FindStringSubmatch(line)[1]))
		if err != nil {
			failed = err
		}
		return string(included)
	})
	if failed != nil {
		return nil, failed
	}
	text = "log stderr all;\n" + tunnel.ReplaceAllString(text, `print "";`)
	if timing.Connect > 0 {
		text = connectTime.ReplaceAllString(text, fmt.Sprintf("connect $1 time %d;", timing.Connect))
	}
	errors, added := "${0}", []string{}
	if timing.Connect > 0 {
		errors = fmt.Sprintf("error wait time %d,%[1]d;", timing.Connect)
	}
	if timing.Hold > 0 {
		added = append(added, fmt.Sprintf("hold time %d; keepalive time %d;", timing.Hold, timing.Keepalive))
	}
	if timing.Restart > 0 {
		text = restartTime.ReplaceAllString(text, fmt.Sprintf("graceful restart time %d;", timing.Restart))
		added = append(added, fmt.Sprintf("graceful restart time %d;", timing.Restart))
	}
	return []byte(errorTime.ReplaceAllString(text, strings.Join(append([]string{errors}, added...), "\n  "))), nil
}
