package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"topoc/compiler/check"
)

// topoc runs a command and returns its exit code and output.
func topoc(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	e := &env{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now,
		getenv: func(string) string { return "" },
	}
	code = run(e, args)
	return code, out.String(), errs.String()
}

func TestExamplesAreCleanAndBuild(t *testing.T) {
	for _, lab := range labs() {
		t.Run(lab, func(t *testing.T) {
			file := filepath.Join("../../topologies", lab+".cue")
			if code, stdout, stderr := topoc(t, "check", "--strict", file); code != exitOK || stdout != "" {
				t.Errorf("check: exit code %d\n%s%s", code, stdout, stderr)
			}
			if code, _, stderr := topoc(t, "build", file, "-o", t.TempDir()); code != exitOK {
				t.Errorf("build: exit code %d\n%s", code, stderr)
			}
		})
	}
}

// What show prints is a topology that builds the same files, also where a dialect cannot do what is derived, or a switch serves
// racks that differ.
func TestShowPrintsATopologyThatBuildsTheSame(t *testing.T) {
	files := map[string]string{}
	for _, lab := range labs() {
		files[lab] = filepath.Join("../../topologies", lab+".cue")
	}
	for name, text := range map[string]string{
		"more paths than the dialect has": rackOf("comware", `"Vlan-interface20"`, 12, ""),
		"one of two lists of nodes is incomplete": rackOf("frr", "vlan20", 2, `
clusters: other: {
	asNumber: 64513, podCIDRs: ["10.30.0.0/16"], capacity: nodes: 20
	racks: r1: switches: ["leaf1"]
	nodes: {o1: {rack: "r1", address: "10.2.0.11/24"}, o2: {rack: "r1", address: "10.2.0.12/24"}}
}
switches: leaf1: interfaces: vlan30: address: "10.2.0.1/24"
`),
	} {
		files[name] = filepath.Join(t.TempDir(), "lab.cue")
		if err := os.WriteFile(files[name], []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
			build := func(file, dir string) {
				if code, _, stderr := topoc(t, "build", file, "-o", dir); code != exitOK {
					t.Fatalf("build %s: exit code %d\n%s", file, code, stderr)
				}
			}
			build(file, first)
			code, stdout, stderr := topoc(t, "show", file, "--no-derived")
			if code != exitOK {
				t.Fatalf("show: exit code %d\n%s", code, stderr)
			}
			shown := filepath.Join(t.TempDir(), "shown.cue")
			if err := os.WriteFile(shown, []byte(stdout), 0o666); err != nil {
				t.Fatal(err)
			}
			build(shown, second)
			for _, file := range filesBelow(t, first) {
				if file == "MANIFEST.json" { // says where things are declared
					continue
				}
				want, err := os.ReadFile(filepath.Join(first, file))
				got, err2 := os.ReadFile(filepath.Join(second, file))
				if err != nil || err2 != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %v\n%s\nwant %v\n%s", file, err2, got, err, want)
				}
			}
		})
	}
}

// rackOf returns a topology of one switch above one rack of nodes, and what follows.
func rackOf(dialect, port string, nodes int, more string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `name: "lab"
switches: leaf1: {dialect: %q, asNumber: 65001, routerID: "10.1.0.1", interfaces: %s: address: "10.1.0.1/24"}
clusters: prod: {
	podCIDRs: ["10.20.0.0/16"], serviceCIDRs: ["10.21.0.0/16"], advertise: serviceClusterIPs: true
	racks: r1: switches: ["leaf1"]
`, dialect, port)
	for i := range nodes {
		fmt.Fprintf(&b, "\tnodes: n%d: {rack: \"r1\", address: \"10.1.0.%d/24\"}\n", i, i+11)
	}
	return b.String() + "}\n" + more
}

// Whatever is done to any file of a build, build --check names it, and the next build puts it right or refuses to.
func TestBuildCheckNamesEveryChange(t *testing.T) {
	changes := map[string]func(file string) error{
		"appended to": func(file string) error {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(file, append(text, '\n'), 0o666)
		},
		"emptied": func(file string) error { return os.Truncate(file, 0) },
		"removed": os.Remove,
		"a directory": func(file string) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Mkdir(file, 0o777)
		},
	}
	for _, lab := range []string{"leaf-spine", "static-gateway"} {
		topology := filepath.Join("../../topologies", lab+".cue")
		good := t.TempDir()
		if code, _, stderr := topoc(t, "build", topology, "-o", good); code != exitOK {
			t.Fatalf("build: exit code %d\n%s", code, stderr)
		}
		for _, file := range filesBelow(t, good) {
			for what, change := range changes {
				t.Run(lab+"/"+file+" "+what, func(t *testing.T) {
					dir := t.TempDir()
					if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
						t.Fatal(err)
					}
					if code, _, stderr := topoc(t, "build", topology, "-o", dir, "--check"); code != exitOK {
						t.Fatalf("before: exit code %d\n%s", code, stderr)
					}
					if err := change(filepath.Join(dir, filepath.FromSlash(file))); err != nil {
						t.Fatal(err)
					}
					code, stdout, stderr := topoc(t, "build", topology, "-o", dir, "--check")
					if code != exitFound || !strings.Contains(stderr, file+" ") {
						t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
					}
				})
			}
		}
	}
}

func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, name)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

func TestExplainKnowsEveryName(t *testing.T) {
	_, list, _ := topoc(t, "explain")
	for _, p := range check.Pages() {
		code, stdout, stderr := topoc(t, "explain", p.Name)
		if code != exitOK || !strings.HasPrefix(stdout, p.Name+" ("+p.Severity.String()+")\n\n") || strings.Count(stdout, "\n") < 5 {
			t.Errorf("explain %s: exit code %d\n%s%s", p.Name, code, stdout, stderr)
		}
		if !strings.Contains(list, p.Name+" ") {
			t.Errorf("explain does not list %s", p.Name)
		}
	}
}

// allCommands returns the command table with every group followed by its subcommands.
func allCommands() []*command {
	var all []*command
	for _, c := range commands() {
		all = append(append(all, c), c.subcommands...)
	}
	return all
}

// The help follows one grammar: a summary is a phrase, a text fits a terminal, a flag's usage is a phrase.
func TestHelp(t *testing.T) {
	isPhrase := regexp.MustCompile(`^[a-z].*[^.]$`).MatchString
	for _, c := range allCommands() {
		t.Run(c.name, func(t *testing.T) {
			if !isPhrase(c.summary) || len(c.summary) > 70 {
				t.Errorf("summary %q is no phrase of at most 70 characters that begins small and has no full stop", c.summary)
			}
			for line := range strings.Lines(c.help) {
				if len(strings.TrimSuffix(line, "\n")) > 80 {
					t.Errorf("line of help is too long: %s", line)
				}
			}
			flags, _ := c.flags()
			flags.VisitAll(func(f *pflag.Flag) {
				value, usage := pflag.UnquoteUsage(f)
				if !isPhrase(usage) {
					t.Errorf("--%s: %q is no phrase", f.Name, usage)
				}
				if f.Value.Type() != "bool" && value != strings.ToUpper(value) {
					t.Errorf("--%s: its value has no name in backquotes", f.Name)
				}
			})
			for name := range c.flagWords {
				if flags.Lookup(name) == nil {
					t.Errorf("flagWords is for --%s, which there is not", name)
				}
			}
		})
	}
}

func TestColorIsForTerminalsOnly(t *testing.T) {
	tests := []struct {
		name       string
		env        map[string]string
		isTerminal bool
		want       bool
	}{
		{"terminal", nil, true, true},
		{"pipe", nil, false, false},
		{"NO_COLOR", map[string]string{"NO_COLOR": "1"}, true, false},
		{"empty NO_COLOR", map[string]string{"NO_COLOR": ""}, true, true},
		{"dumb terminal", map[string]string{"TERM": "dumb"}, true, false},
	}
	for _, tt := range tests {
		e := &env{getenv: func(name string) string { return tt.env[name] }}
		if got := e.color(tt.isTerminal); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestProgressIsForTerminalsOnly(t *testing.T) {
	for _, isTerminal := range []bool{true, false} {
		var stderr bytes.Buffer
		e := &env{stderr: &stderr, stderrTerminal: isTerminal, getenv: func(string) string { return "" }}
		show, done := e.progress()
		show("reading")
		done()
		want := ""
		if isTerminal {
			want = "\r\x1b[Kreading …\r\x1b[K"
		}
		if stderr.String() != want {
			t.Errorf("terminal %v: %q", isTerminal, stderr.String())
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	tests := []struct {
		text string
		want memoryLimit
		bad  bool
	}{
		{text: "75%", want: memoryLimit{percent: 75}},
		{text: "2GiB", want: memoryLimit{size: 2 << 30}},
		{text: "512MiB", want: memoryLimit{size: 512 << 20}},
		{text: "1GB", want: memoryLimit{size: 1e9}},
		{text: "4G", want: memoryLimit{size: 4 << 30}},
		{text: "1024", want: memoryLimit{size: 1024}},
		{text: "0", want: memoryLimit{}},
		{text: "0%", bad: true},
		{text: "101%", bad: true},
		{text: "-1", bad: true},
		{text: "1.5GiB", bad: true},
		{text: "99999999999TiB", bad: true},
		{text: "", bad: true},
	}
	for _, tt := range tests {
		var got memoryLimit
		if err := got.Set(tt.text); (err != nil) != tt.bad || got != tt.want {
			t.Errorf("%q: %+v, %v", tt.text, got, err)
		}
	}
}

func TestCgroupLimits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cgroup")
	text := "12:cpu:/a\n5:memory:/docker/x\n1:name=systemd:/b\n0::/user.slice/run.scope\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(cgroupLimits(file), "\n")
	want := `/sys/fs/cgroup/memory.max
/sys/fs/cgroup/memory/memory.limit_in_bytes
/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes
/sys/fs/cgroup/memory/docker/memory.limit_in_bytes
/sys/fs/cgroup/user.slice/run.scope/memory.max
/sys/fs/cgroup/user.slice/memory.max`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJoinSchema(t *testing.T) {
	got := joinSchema([]schemaFile{
		{"a.cue", "// Package p.\npackage p\n\nimport \"net\"\n\n#A: net.IP\n"},
		{"b.cue", "package p\n\nimport (\n\t\"net\"\n\t\"time\"\n)\n\n// B.\n#B: time.Duration\n"},
		{"c.cue", "package p\n\n#C: int\n"},
	})
	want := "// Package p.\npackage p\n\nimport \"net\"\nimport \"time\"\n\n#A: net.IP\n\n// B.\n#B: time.Duration\n\n#C: int\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
