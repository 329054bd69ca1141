package emulate

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Sandbox makes a command, which is this program again, run in namespaces of its own: of the network, so that nothing of this
// machine's is touched; of mounts; and of processes, so that all that it started ends with it, however it ends. Whoever is not
// root gets a user namespace too. The command calls EnterSandbox first.
func Sandbox(cmd *exec.Cmd) {
	a := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	cmd.SysProcAttr = a
}

// NoSandbox says what must be allowed where this machine doesn't let the user make namespaces.
func NoSandbox(why error) error {
	if os.Geteuid() == 0 {
		return fmt.Errorf("namespaces cannot be made here, though by root: %w: in a container they need the capability SYS_ADMIN", why)
	}
	return fmt.Errorf("namespaces cannot be made here: %w: run it as root, or allow user namespaces (sysctl user.max_user_namespaces, "+
		"user.max_net_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)", why)
}

// EnterFlags are the flags of nsenter that lead this user into a sandbox of its own.
func EnterFlags() string {
	const flags = "--mount --pid --net"
	if isMapped() {
		return "--user --preserve-credentials " + flags
	}
	return flags
}

// sandboxDir is what a sandbox has for itself, gone with it.
const sandboxDir = "/run"

// EnterSandbox makes the sandbox ready that this process was started in, and returns a directory for files that go with it, and
// the process's number outside.
func EnterSandbox() (dir string, outside int, err error) {
	if os.Getpid() != 1 {
		return "", 0, errors.New("not in a sandbox")
	}
	self, err := os.Readlink("/proc/self") // still the /proc of outside
	if err == nil {
		outside, err = strconv.Atoi(self)
	}
	if err != nil {
		return "", 0, fmt.Errorf("read /proc/self: %w", err)
	}
	dir, err = privateMounts()
	if err != nil {
		return "", 0, err
	}
	lo, err := netlink.LinkByName(loopback)
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		return "", 0, fmt.Errorf("set %s up: %w", loopback, err)
	}
	return dir, outside, nil
}

// privateMounts makes what the sandbox has for itself of the file system.
func privateMounts() (dir string, err error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "", NoSandbox(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return "", fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", sandboxDir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return "", fmt.Errorf("mount %s: %w", sandboxDir, err)
	}
	dir = filepath.Join(sandboxDir, "topoc")
	for _, d := range []string{dir, namespaceDir, filepath.Join(sandboxDir, "frr"), "/run/lock"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return "", err
		}
	}
	return dir, becomeFRR(dir)
}

// frrUser is who FRR's daemons drop to.
const frrUser = "frr"

// becomeFRR makes the users and groups that the daemons of FRR and OpenBGPD insist on other names for root: a user namespace has no
// other user, and in a sandbox of root's the files need no second owner.
func becomeFRR(dir string) error {
	for file, text := range map[string]string{
		"/etc/passwd": "root:x:0:0:root:/:/bin/sh\nfrr:x:0:0:frr:/:/bin/sh\n_openbgpd:x:0:0::/:/bin/sh\n",
		"/etc/group":  "root:x:0:\nfrr:x:0:\nfrrvty:x:0:root,frr\n_openbgpd:x:0:\n",
	} {
		own := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
			return err
		}
		if err := unix.Mount(own, file, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s: %w", file, err)
		}
	}
	const settings = "/etc/frr" // of this machine's FRR, if it has any: not for everybody to read, and none of ours
	if !exists(settings) {
		return nil
	}
	if err := unix.Mount("tmpfs", settings, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return fmt.Errorf("mount %s: %w", settings, err)
	}
	return os.WriteFile(filepath.Join(settings, "vtysh.conf"), nil, 0o644)
}
