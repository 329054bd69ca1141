package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The topologies of a repository whose CI runs topoc. awkward has a name that a shell must not look into.
const awkward = `two labs; $(touch pwned) "'.cue`

var ciTopologies = map[string]string{
	"lab.cue":     `name: "lab", clusters: c: {podCIDRs: ["10.20.0.0/16"], nodes: n1: address: "192.168.1.11/24"}`,
	"broken.cue":  "name: \"broken\"\nclusters: c: podCIDR: []",
	"warned.cue":  "name: \"warned\", clusters: c: {\n\tpodCIDRs: [\"172.17.0.0/16\"], nodes: n1: address: \"192.168.1.11/24\"}",
	"more.yaml":   `clusters: {c: {asNumber: 64999}}`,
	"range.cue":   `clusters: c: podCIDRs: ["172.17.0.0/16"]`,
	"rest.cue":    `name: "rest", clusters: c: nodes: n1: address: "192.168.1.11/24"`,
	"site/a.cue":  "package site\nname: \"site\"",
	"site/b.cue":  "package site\nclusters: c: {podCIDRs: [\"10.20.0.0/16\"], nodes: n1: address: \"192.168.1.11/24\"}",
	awkward:       `name: "awkward", clusters: c: {podCIDRs: ["10.20.0.0/16"], nodes: n1: address: "192.168.1.11/24"}`,
	"notes/x.cue": "this is no topology",
}

// ciRepository makes a Git repository with the topologies, and with what lab.cue and more.yaml make in out.
func ciRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range ciTopologies {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := topoc(t, "build", filepath.Join(dir, "lab.cue"), "-f", filepath.Join(dir, "more.yaml"), "-o", filepath.Join(dir, "out")); code != exitOK {
		t.Fatal(stderr)
	}
	commitAll(t, dir)
	return dir
}

// commitAll commits whatever is in dir, which it makes a repository.
func commitAll(t *testing.T, dir string, tags ...string) {
	t.Helper()
	commands := [][]string{{"init", "--quiet"}, {"add", "--all"}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "t"}}
	for _, tag := range tags {
		commands = append(commands, []string{"tag", tag})
	}
	for _, args := range commands {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
}

// expect compares what commands did with the exit code and a pattern of the output that are wanted, and sees that nothing in the name
// of a file was run.
func (j *ciJob) expect(r ciRun, code int, pattern string) {
	j.Helper()
	if r.code != code || !regexp.MustCompile(`(?m)`+pattern).MatchString(r.output) || pattern == "" && r.output != "" {
		j.Errorf("exit code %d, want %d and %q, got\n%s", r.code, code, pattern, r.output)
	}
	if _, err := os.Stat(filepath.Join(j.dir, "pwned")); err == nil {
		j.Error("the name of a file was run")
	}
}

// ciCases are what the action and the template do alike. The pattern is that of the log of GitHub; text is that of GitLab's, if it is
// another one.
var ciCases = []struct {
	name    string
	inputs  map[string]string
	code    int
	pattern string
	text    string
}{
	{name: "a good topology", inputs: map[string]string{"topologies": "lab.cue"}},
	{"a mistake", map[string]string{"topologies": "broken.cue"}, 1,
		`^::error file=broken.cue,line=2,col=14,title=unknown-field::a cluster has no field podCIDR`, `^broken.cue:2:14: error: .* \[unknown-field\]$`},
	{"a warning", map[string]string{"topologies": "warned.cue"}, 0,
		`^::warning file=warned.cue,line=2,`, `^warned.cue:2:13: warning: `},
	{"a warning when strict", map[string]string{"topologies": "warned.cue", "strict": "true"}, 1,
		`^::warning file=warned.cue,line=2,`, `^warned.cue:2:13: warning: `},
	{"several, with space around", map[string]string{"topologies": "lab.cue\n\n  site \nbroken.cue\n"}, 1,
		`^::error file=broken.cue`, `^1 error$`},
	{"a name that a shell must not look into", map[string]string{"topologies": awkward}, 0, "", ""},
	{"a name that looks like a flag", map[string]string{"topologies": "--help"}, 3, `^topoc: read --help: no such file`, ""},
	{"a data file", map[string]string{"topologies": "rest.cue", "files": "range.cue", "strict": "true"}, 1,
		`^::warning file=range.cue,line=1`, `^range.cue:1:25: warning: `},
	{"none", map[string]string{"topologies": "\n"}, 2, `^topoc: check needs TOPOLOGY`, ""},
	{"one that is not there", map[string]string{"topologies": "lab.cue\ngone.cue"}, 3, `^topoc: read gone.cue: no such file`, ""},
	{"what is committed is what it makes", map[string]string{"topologies": "lab.cue", "files": "more.yaml", "output": "out"}, 0, "", ""},
	{"what is committed is not what it makes", map[string]string{"topologies": "lab.cue", "output": "out"}, 1,
		`^::error title=topoc build::what is committed is not what the topology makes`, `^what is committed is not what the topology makes`},
	{"a mistake, and output", map[string]string{"topologies": "broken.cue", "output": "out"}, 1, `^::error file=broken.cue`, `^1 error$`},
	{"output of several", map[string]string{"topologies": "lab.cue\nsite", "output": "out"}, 2, `^topoc: build has no use for "site"`, ""},
}

func TestActionRuns(t *testing.T) {
	for _, test := range ciCases {
		t.Run(test.name, func(t *testing.T) {
			j := newCIJob(t, ciRepository(t), true)
			j.expect(j.action(test.inputs), test.code, test.pattern)
		})
	}
	t.Run("an input that is neither true nor false", func(t *testing.T) {
		j := newCIJob(t, ciRepository(t), true)
		j.expect(j.action(map[string]string{"topologies": "lab.cue", "strict": "yes"}), 2, `^::error title=topoc::the input strict is neither true nor false$`)
	})
	t.Run("without a topoc, it builds one and leaves it to later steps", func(t *testing.T) {
		j := newCIJob(t, ciRepository(t), false)
		if r := j.script("sh", "topoc version"); r.code == 0 {
			t.Fatalf("there is a topoc: %s", r.output)
		}
		j.expect(j.action(map[string]string{"topologies": "warned.cue"}), 0, `^::warning file=warned.cue,line=2`)
		j.expect(j.script("sh", "topoc check --format sarif lab.cue"), 0, `"version": "2.1.0"`)
	})
}

func TestTemplateRuns(t *testing.T) {
	for _, shell := range []string{"bash", "sh"} {
		for _, test := range ciCases {
			t.Run(shell+", "+test.name, func(t *testing.T) {
				j := newCIJob(t, ciRepository(t), true)
				pattern := test.text
				if pattern == "" {
					pattern = test.pattern
				}
				j.expect(j.template(shell, test.inputs), test.code, pattern)
				_, job := readTemplate(t, test.inputs)
				text, err := os.ReadFile(filepath.Join(j.dir, job.Artifacts.Reports["codequality"]))
				var issues []map[string]any
				if test.code < exitUsage && (err != nil || json.Unmarshal(text, &issues) != nil) {
					t.Errorf("the report: %v\n%s", err, text)
				}
				if isFound := strings.Contains(pattern, "warning") || strings.Contains(pattern, "error"); test.code < exitUsage && isFound != (len(issues) > 0) {
					t.Errorf("the report has %d findings", len(issues))
				}
			})
		}
	}
}

// Where the image has no topoc the template builds it from a clone. A stand-in for the repository tells which commit was built.
func TestTemplateBuildsWhatItsInputsName(t *testing.T) {
	source := t.TempDir()
	program := filepath.Join(source, "cmd", "topoc", "main.go")
	if err := os.MkdirAll(filepath.Dir(program), 0o777); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		filepath.Join(source, "go.mod"): "module topoc\n",
		program:                         "package main\n\nfunc main() { println(\"the tag\") }\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	commitAll(t, source, "v1")
	if err := os.WriteFile(program, []byte("package main\n\nfunc main() { println(\"the branch\") }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	commitAll(t, source)
	for _, test := range []struct {
		name    string
		inputs  map[string]string
		code    int
		pattern string
	}{
		{"its default branch", map[string]string{"repository": "file://" + source}, 0, `^the branch$`},
		{"a tag", map[string]string{"repository": "file://" + source, "ref": "v1"}, 0, `^the tag$`},
		{"an address with a variable", map[string]string{"repository": "file://$WHERE", "ref": "v1"}, 0, `^the tag$`},
		{"a tag that is not there", map[string]string{"repository": "file://" + source, "ref": "v2"}, 128, `Remote branch v2 not found`},
		{"no repository", nil, -1, `the image has no topoc, and the input repository does not say where to clone it from`},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := newCIJob(t, t.TempDir(), false)
			j.env["WHERE"] = source
			inputs := map[string]string{"topologies": "lab.cue"}
			for name, value := range test.inputs {
				inputs[name] = value
			}
			r := j.template("bash", inputs)
			if test.code < 0 && r.code != 0 { // shells differ in the code
				test.code = r.code
			}
			j.expect(r, test.code, test.pattern)
		})
	}
}

func TestHooksRun(t *testing.T) {
	for _, test := range []struct {
		name    string
		id      string
		args    []string
		code    int
		pattern string
	}{
		{"a good topology", "topoc-check", []string{"lab.cue", "site"}, 0, ""},
		{"a mistake", "topoc-check", []string{"lab.cue", "broken.cue"}, 1, `^broken.cue:2:14: error: `},
		{"a warning", "topoc-check", []string{"warned.cue"}, 0, `^1 warning$`},
		{"a warning when strict", "topoc-check", []string{"--strict", "warned.cue"}, 1, `^1 warning$`},
		{"no args", "topoc-check", nil, 2, `^topoc: check needs TOPOLOGY`},
		{"what is committed is what it makes", "topoc-build", []string{"lab.cue", "--file=more.yaml", "-o", "out"}, 0, `0 written, 0 removed`},
		{"what is committed is not what it makes", "topoc-build", []string{"lab.cue", "-o", "out"}, 1, `^files were modified by this hook$`},
		{"the same, and nothing is to be written", "topoc-build", []string{"lab.cue", "-o", "out", "--check"}, 1, `MANIFEST.json is not what the topology makes now`},
		{"a mistake, and output", "topoc-build", []string{"broken.cue", "-o", "out"}, 1, `^broken.cue:2:14: error: `},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := newCIJob(t, ciRepository(t), true)
			j.expect(j.hook(test.id, test.args...), test.code, test.pattern)
		})
	}
}

// pre-commit itself takes the hooks from this repository as it is now, and builds topoc for them.
func TestPreCommitTakesTheHooks(t *testing.T) {
	if _, err := exec.LookPath("pre-commit"); err != nil && os.Getenv("TOPOC_REQUIRE") != "all" {
		t.Skip("pre-commit is not installed (Debian package pre-commit); TestHooksRun runs the hooks as it would")
	}
	here, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	source := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"--git-dir", filepath.Join(source, ".git"), "--work-tree", here}, args...)...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet")
	git("add", "--all")
	git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "t")

	j := newCIJob(t, ciRepository(t), false)
	j.env["PRE_COMMIT_HOME"], j.env["GOMODCACHE"] = t.TempDir(), strings.TrimSpace(string(modules))
	config := "repos: [{repo: " + source + ", rev: " + git("rev-parse", "HEAD") + `, hooks: [
  {id: topoc-check, args: [--strict, lab.cue, site]},
  {id: topoc-build, args: [lab.cue, --file=more.yaml, -o, out]},
]}]
`
	if err := os.WriteFile(filepath.Join(j.dir, ".pre-commit-config.yaml"), []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	commitAll(t, j.dir)
	j.expect(j.run("pre-commit", "run", "--all-files"), 0, `^topoc check\.+Passed\ntopoc build\.+Passed$`)
	if err := os.WriteFile(filepath.Join(j.dir, "site", "b.cue"), []byte("package site\nclustes: {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(j.dir, "more.yaml"), []byte("clusters: {c: {asNumber: 64998}}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := j.run("pre-commit", "run", "--all-files")
	j.expect(r, 1, `^topoc check\.+Failed$`)
	j.expect(r, 1, `^site/b.cue:2:1: error: `)
	j.expect(r, 1, `^topoc build\.+Failed$`)
	j.expect(r, 1, `^- files were modified by this hook$`)
}

// What services demand of these files, and the house: inputs reach a shell as variables only, and every one is of use.
func TestFilesForServicesAreSound(t *testing.T) {
	hooks := readHooks(t)
	for _, h := range hooks {
		words := strings.Fields(h.Entry)
		if h.Name != h.Entry || h.Description == "" || h.Language != "golang" || h.Minimum == "" || len(words) != 2 || words[0] != "topoc" || commandNamed(words[1]) == nil ||
			h.ID != strings.Join(words, "-") || h.PassFilenames == nil || *h.PassFilenames || !h.RequireSerial {
			t.Errorf("the hook %+v", h)
		}
		files := regexp.MustCompile(h.Files)
		for _, name := range []string{"lab.cue", "site/lab.cue", "data.yaml", "data.yml", "data.json"} {
			if !files.MatchString(name) {
				t.Errorf("the hook %s is not run for %s", h.ID, name)
			}
		}
	}
	if files := regexp.MustCompile(hooks[0].Files); files.MatchString("README.md") || files.MatchString("xcue") {
		t.Errorf("the hook %s is run for any file", hooks[0].ID)
	}

	a := readAction(t)
	used := map[string]bool{}
	if a.Name == "" || a.Description == "" || a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Errorf("action.yml: %+v", a)
	}
	for _, step := range a.Runs.Steps {
		if step.Name == "" || step.Shell == "" || strings.Contains(step.Run, "${{") || strings.Contains(step.Run, "eval") {
			t.Errorf("action.yml: the step %+v", step)
		}
		for _, expression := range regexp.MustCompile(`inputs\.([a-z]+)`).FindAllStringSubmatch(step.If+strings.Join(valuesOf(step.Env), " "), -1) {
			used[expression[1]] = true
		}
	}
	for name, in := range a.Inputs {
		if in.Description == "" || in.Required == (in.Default != "" || name != "topologies") || !used[name] {
			t.Errorf("action.yml: the input %s: %+v", name, in)
		}
	}

	head, body := readTemplateText(t)
	_, job := readTemplate(t, map[string]string{"topologies": "lab.cue"})
	for name, in := range head.Spec.Inputs {
		if in.Description == "" || !strings.Contains(body, "$[[ inputs."+name+" ]]") {
			t.Errorf(".gitlab/topoc.yml: the input %s: %+v", name, in)
		}
		if other, ok := a.Inputs[name]; ok && in.Default != nil && *in.Default != other.Default {
			t.Errorf("the input %s is %q by default on GitLab, %q on GitHub", name, *in.Default, other.Default)
		}
	}
	if _, scripts, _ := strings.Cut(body, "before_script:"); strings.Contains(scripts, "$[[") || strings.Contains(scripts, "eval") {
		t.Error(".gitlab/topoc.yml: an input in a script")
	}
	if job.Artifacts.When != "always" || len(job.Rules) == 0 || slices.Contains(job.Script, "") {
		t.Errorf(".gitlab/topoc.yml: %+v", job)
	}
}

func valuesOf(m map[string]string) []string {
	var values []string
	for _, value := range m {
		values = append(values, value)
	}
	return values
}
