package emulate

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"topoc/compiler/internal/program"
)

// programs are what an emulation runs, with Debian's package of each.
var programs = map[string]string{
	"bird": "bird", "bird6": "bird",
	"zebra": "frr", "staticd": "frr", "bgpd": "frr", "bfdd": "frr", "vtysh": "frr",
}

// programPath finds a program, in PATH and where Debian puts daemons.
func programPath(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil && !(name == "bgpd" && isOpenBGPD(path)) {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/lib/frr", "/usr/libexec/frr"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && !(name == "bgpd" && isOpenBGPD(path)) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}

// Own returns the dialects of switches whose programs are here, besides FRR, which stands in for those that are not. It looks where
// .ci/deps puts them too, so before a sandbox hides files. OpenBGPD wants to become another user, whom a user namespace doesn't have.
func Own() []string {
	var all []string
	for _, dialect := range []string{"bird2", "gobgp", "openbgpd"} {
		isHere := dialect != "openbgpd" || os.Geteuid() == 0 && !isMapped()
		for _, name := range ownPrograms[dialect] {
			_, err := program.Path(name)
			isHere = isHere && err == nil
		}
		if isHere {
			all = append(all, dialect)
		}
	}
	return all
}

// ownPrograms are what the switches of a dialect run.
var ownPrograms = map[string][]string{"bird2": {"bird2"}, "gobgp": {"gobgpd", "gobgp"}, "openbgpd": {"openbgpd", "openbgpctl"}}

// isMapped reports whether this process is in a user namespace: as root, without being the machine's.
func isMapped() bool {
	const everybody = "4294967295"
	data, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(data))
	return err == nil && (len(fields) != 3 || fields[2] != everybody)
}

// isOpenBGPD reports whether a bgpd is OpenBGPD's, which has the same name.
func isOpenBGPD(path string) bool { return filepath.Dir(path) == "/usr/sbin" }

// Missing returns what must be installed before a lab can be started: the packages by their names in Debian, sorted. It is empty
// where nothing is missing.
func Missing(l *Lab) []string {
	var needed []string
	for _, m := range l.Machines {
		if m.BIRD != nil {
			needed = append(needed, "bird")
		}
		if m.BIRD6 != nil {
			needed = append(needed, "bird6")
		}
		if m.FRR != nil {
			needed = append(needed, frrPrograms...)
		}
	}
	var missing []string
	for _, name := range needed {
		if _, err := programPath(name); err != nil {
			missing = append(missing, programs[name])
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// frrPrograms are what a switch needs.
var frrPrograms = []string{"zebra", "staticd", "bgpd", "bfdd", "vtysh"}

// InstallLine is the command that installs packages.
func InstallLine(packages []string) string {
	return "apt-get install --no-install-recommends " + strings.Join(packages, " ")
}
