package emulate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// kept is an emulation that goes on after the command that began it: its first process, with all the rest below it.
type kept struct {
	PID     int    `json:"pid"`
	Started string `json:"started"` // of the process, in the kernel's ticks: another process may get its number
	Name    string `json:"name"`
}

// keptDir is where a user's kept emulations are noted.
func keptDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("topoc-emulate-%d", os.Getuid()))
}

// Keep notes an emulation by its first process, for Clean.
func Keep(pid int, name string) error {
	started, err := startOf(pid)
	if err != nil {
		return err
	}
	data, err := json.Marshal(kept{pid, started, name})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(keptDir(), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(keptDir(), strconv.Itoa(pid)+".json"), data, 0o600)
}

// Clean ends all emulations that the user kept, and returns their names. What they were made of goes with them.
func Clean() ([]string, error) {
	files, err := os.ReadDir(keptDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		file := filepath.Join(keptDir(), f.Name())
		data, err := os.ReadFile(file)
		if err != nil {
			return names, err
		}
		var k kept
		if err := json.Unmarshal(data, &k); err != nil {
			return names, fmt.Errorf("%s: %w", file, err)
		}
		if started, err := startOf(k.PID); err == nil && started == k.Started {
			if err := syscall.Kill(k.PID, syscall.SIGKILL); err != nil {
				return names, fmt.Errorf("end emulation %s: %w", k.Name, err)
			}
			names = append(names, k.Name)
		}
		if err := os.Remove(file); err != nil {
			return names, err
		}
	}
	return names, os.Remove(keptDir())
}

// startOf is when a process was started (proc_pid_stat(5), field 22).
func startOf(pid int) (string, error) {
	const afterName = 19 // fields between the one behind the name, the third, and the start
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) <= afterName {
		return "", fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return fields[afterName], nil
}
