package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mountsVariable tells a test that it runs in a mount namespace of its own.
const mountsVariable = "TOPOC_TEST_MOUNTS"

// withMounts runs a test again, as a process that may mount file systems and that takes them with it, and returns whether this is that
// process. Where there may be none, it skips the test, and fails it under TOPOC_REQUIRE=all.
func withMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(mountsVariable) != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), mountsVariable+"=1", programVariable+"="+program(t))
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		again.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		again.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		again.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := again.CombinedOutput()
	switch {
	case again.Process == nil && os.Getenv("TOPOC_REQUIRE") == "all":
		t.Fatalf("no mount namespace can be made here: %v", err)
	case again.Process == nil:
		t.Skipf("no mount namespace can be made here: %v", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// disk is a small file system in memory.
type disk struct {
	*testing.T
	dir string
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{T: t, dir: t.TempDir()}
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", 0, "mode=0755"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(d.dir, syscall.MNT_DETACH) })
	return d
}

// roomy is more than a build needs.
const roomy = "size=16m,nr_inodes=10000"

// remount changes the size of the disk, or what may be done to it.
func (d *disk) remount(flags uintptr, options string) {
	d.Helper()
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", syscall.MS_REMOUNT|flags, options); err != nil {
		d.Fatal(err)
	}
}

// leave leaves so many free pages or inodes, by the name of the option that limits them.
func (d *disk) leave(option string, n uint64) {
	d.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &s); err != nil {
		d.Fatal(err)
	}
	limit := s.Files - s.Ffree + n
	if option == "size" {
		limit = (s.Blocks - s.Bfree + n) * uint64(s.Bsize)
	}
	d.remount(0, fmt.Sprintf("%s=%d", option, limit))
}

// build runs topoc on it.
func (d *disk) build(args ...string) (code int, stderr string) {
	cmd := exec.Command(program(d.T), append([]string{"build"}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	cmd.Run()
	return cmd.ProcessState.ExitCode(), errs.String()
}

// A disk with ever more room, from none at all until a build goes through: before, it says that there is no space, and has changed
// nothing or left every file whole; and once there is room, the next one goes through. So it is with what a file system has of files.
func TestABuildOnAFullDisk(t *testing.T) {
	if !withMounts(t) {
		return
	}
	// Some files are larger than a page: where there is room for the first, the system writes a part of the file.
	large := narrow
	for i := range 40 {
		large += fmt.Sprintf("switches: s%d: {managed: false, asNumber: 65100, routerID: \"10.0.1.%d\"}\n", i, i)
		large += fmt.Sprintf("links: l%d: {a: address: \"10.9.1.%d/31\", s%d: address: \"10.9.1.%d/31\"}\n", i, 2*i, i, 2*i+1)
	}
	for _, b := range append([]faultBuild{{name: "large files", new: large}}, faultBuilds...) {
		for _, option := range []string{"size", "nr_inodes"} {
			t.Run(b.name+" "+option, func(t *testing.T) {
				d := newDisk(t)
				lab := newFaultLabIn(t, d.dir, b)
				room := uint64(0)
				for ; ; room++ {
					d.remount(0, roomy)
					lab.prepare(t)
					before := snapshot(t, lab.dir)
					d.leave(option, room)
					at := fmt.Sprintf("%d free", room)
					code, stderr := d.build(lab.topology, "-o", lab.out)
					d.remount(0, roomy)
					if code == exitOK {
						lab.wantDone(t, at)
						break
					}
					if code != exitFailure {
						t.Errorf("%s: exit code %d\n%s", at, code, stderr)
					}
					lab.wantError(t, at, stderr, syscall.ENOSPC, before)
					lab.wantWhole(t, at, before)
					lab.wantMended(t, at)
					if t.Failed() {
						t.FailNow()
					}
				}
				least := uint64(3)
				if option == "size" && b.new == large {
					least = 8
				}
				if room < least {
					t.Errorf("the build goes through with %d free; is the disk full at all?", room)
				}
			})
		}
	}
}

// On a file system that is mounted for reading a build that has nothing to do does it; any other says why it cannot.
func TestABuildOnAReadOnlyFileSystem(t *testing.T) {
	if !withMounts(t) {
		return
	}
	d := newDisk(t)
	lab := newFaultLabIn(t, d.dir, faultBuilds[1])
	lab.prepare(t)
	before := snapshot(t, lab.dir)
	d.remount(syscall.MS_RDONLY, "")
	code, stderr := d.build(lab.topology, "-o", lab.out)
	if code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	lab.wantError(t, "update", stderr, syscall.EROFS, before)
	if code, stderr := d.build(lab.topology, "-o", lab.out, "--check"); code != exitFound {
		t.Errorf("--check: exit code %d\n%s", code, stderr)
	}
	fresh := *lab
	fresh.out = filepath.Join(lab.dir, "deep", "fresh")
	code, stderr = d.build(lab.topology, "-o", fresh.out)
	if want := "topoc: create " + filepath.Dir(fresh.out) + ": read-only file system\n    hint: mount it for writing"; code != exitFailure || !strings.HasPrefix(stderr, want) {
		t.Errorf("into a new directory: exit code %d and\n%s\nwant\n%s", code, stderr, want)
	}
	wantSame(t, "afterwards", before, snapshot(t, lab.dir))

	d.remount(0, roomy)
	lab.wantMended(t, "mounted for writing")
	d.remount(syscall.MS_RDONLY, "")
	for _, flags := range [][]string{nil, {"--check"}} {
		if code, stderr := d.build(append([]string{lab.topology, "-o", lab.out}, flags...)...); code != exitOK || stderr != "" {
			t.Errorf("with nothing to do %v: exit code %d\n%s", flags, code, stderr)
		}
	}
}

// The root of the file system is a directory like others: what stands there stays.
func TestABuildIntoTheRoot(t *testing.T) {
	if !withMounts(t) {
		return
	}
	d := newDisk(t)
	for _, dir := range []string{"lib", "lib64", "usr", "etc", "lab"} { // what a program of this system is linked with
		inside := filepath.Join(d.dir, dir)
		if err := os.Mkdir(inside, 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat("/" + dir); err != nil || dir == "etc" || dir == "lab" {
			continue
		}
		if err := syscall.Mount("/"+dir, inside, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"topoc": text, "etc/passwd": []byte("root\n"), "lab/lab.cue": []byte(narrow)} {
		if err := os.WriteFile(filepath.Join(d.dir, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	standing := func() map[string]state {
		all := map[string]state{}
		for _, name := range []string{"etc", "lab"} {
			for file, s := range snapshot(t, filepath.Join(d.dir, name)) {
				all[name+"/"+file] = s
			}
		}
		return all
	}
	before := standing()
	run := func(want int, args ...string) {
		t.Helper()
		cmd := exec.Command("/topoc", append([]string{"build", "/lab/lab.cue", "-o", "/"}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: d.dir}
		cmd.Dir = "/"
		if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != want {
			t.Errorf("build %v: %v\n%s", args, err, out)
		}
	}
	run(exitFound, "--check")
	run(exitOK)
	run(exitOK, "--check")
	wantSame(t, "what stood there", before, standing())
	if _, err := os.Stat(filepath.Join(d.dir, "switches", "a.conf")); err != nil {
		t.Error(err)
	}
}
