// Package program finds programs of others that distributions name alike, or that are unpacked rather than installed.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// known are the programs by the names that they have here.
var known = map[string]struct {
	installed []string // where they may be instead: names to look up in PATH, or paths
	version   string   // the option that makes them say what they are; empty: their name is enough
	says      string   // how that begins
	from      string   // Debian's package
}{
	"bird2":      {[]string{"bird"}, "--version", "BIRD version 2", "bird2"},
	"openbgpd":   {[]string{"bgpd", "/usr/sbin/bgpd"}, "-V", "OpenBGPD", "openbgpd"},
	"gobgpd":     {[]string{"gobgpd"}, "", "", "gobgpd"},
	"gobgp":      {[]string{"gobgp"}, "", "", "gobgpd"},
	"openbgpctl": {[]string{"bgpctl", "/usr/sbin/bgpctl"}, "", "", "openbgpd"},
}

// Path finds a program: bird2, openbgpd, openbgpctl, gobgpd or gobgp. It looks into the directory topoc-programs/bin of the user's
// cache directory, where .ci/deps puts them, then for an installed one that is what it is asked for. The error names the package.
func Path(name string) (string, error) {
	p, ok := known[name]
	if !ok {
		panic("program: nobody knows " + name)
	}
	if cache, err := os.UserCacheDir(); err == nil {
		if path, err := exec.LookPath(filepath.Join(cache, "topoc-programs", "bin", name)); err == nil {
			return path, nil
		}
	}
	for _, installed := range p.installed {
		path, err := exec.LookPath(installed)
		if err != nil {
			continue
		}
		if p.version == "" {
			return path, nil
		}
		if said, _ := exec.Command(path, p.version).CombinedOutput(); strings.HasPrefix(string(said), p.says) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is missing: Debian's package %s, which .ci/deps unpacks into the user's cache directory", name, p.from)
}
