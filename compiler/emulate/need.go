package emulate

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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
