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
	"time"
)

// kept is an emulation that goes on after the command that began it: its first process, with all the rest below it.
type kept struct {
	PID     int    `json:"pid"`
	Started string `json:"started"` // of the process, in the kernel's ticks: another process may get its number
	Name    string `json:"name"`
}

// keptDir is where a user's kept emulations are noted: nobody else may write there.
func keptDir() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("topoc-emulate-%d", os.Geteuid()))
	if own := os.Getenv("XDG_RUNTIME_DIR"); own != "" {
		dir = filepath.Join(own, "topoc-emulate")
	} else if os.Geteuid() == 0 {
		dir = "/run/topoc-emulate"
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ok || int(owner.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s is not this user's alone: remove it", dir)
	}
	return dir, nil
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
	dir, err := keptDir()
	if err != nil {
		return err
	}
	staged, err := os.CreateTemp(dir, ".note")
	if err != nil {
		return err
	}
	_, err = staged.Write(data)
	if err := errors.Join(err, staged.Close()); err != nil {
		return err
	}
	return os.Rename(staged.Name(), filepath.Join(dir, strconv.Itoa(pid)+noteSuffix))
}

const noteSuffix = ".json"

// Clean ends all emulations that the user kept, and returns their names. What they were made of goes with them. A note that
// cannot be read is removed, and told.
func Clean() ([]string, error) {
	dir, err := keptDir()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+noteSuffix))
	if err != nil {
		return nil, err
	}
	var names []string
	var errs []error
	for _, file := range files {
		name, err := end(file)
		if name != "" {
			names = append(names, name)
		}
		errs = append(errs, err, os.Remove(file))
	}
	return names, errors.Join(errs...)
}

// end ends the emulation of a note, and returns its name; empty: it had ended by itself.
func end(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return "", fmt.Errorf("%s says of no emulation, and was removed: %w", file, err)
	}
	if started, err := startOf(k.PID); err != nil || started != k.Started {
		return "", nil
	}
	if err := syscall.Kill(k.PID, syscall.SIGKILL); err != nil {
		return "", fmt.Errorf("end emulation %s: %w", k.Name, err)
	}
	return k.Name, k.await()
}

// await waits until a killed emulation is gone with all that ran in it: the kernel ends the others of its PID namespace first.
func (k *kept) await() error {
	for range 200 {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", k.PID))
		if err != nil {
			return nil
		}
		_, fields, _ := strings.Cut(string(data), ") ") // behind the name comes the state: Z has ended, and nobody has asked how
		if started, err := startOf(k.PID); err != nil || started != k.Started || strings.HasPrefix(fields, "Z") {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("emulation %s, process %d, has not ended 10 s after it was killed", k.Name, k.PID)
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
