package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// hook is an entry of .pre-commit-hooks.yaml (https://pre-commit.com/#new-hooks), as far as topoc has use for it.
type hook struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	Description   string `json:"description"`
	Entry         string `json:"entry"`
	Language      string `json:"language"`
	Files         string `json:"files"`
	PassFilenames *bool  `json:"pass_filenames"`
	RequireSerial bool   `json:"require_serial"`
	Minimum       string `json:"minimum_pre_commit_version"`
}

// action is action.yml (https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax), likewise.
type action struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Inputs      map[string]struct {
		Description string `json:"description"`
		Required    bool   `json:"required"`
		Default     string `json:"default"`
	} `json:"inputs"`
	Runs struct {
		Using string       `json:"using"`
		Steps []actionStep `json:"steps"`
	} `json:"runs"`
}

type actionStep struct {
	Name  string            `json:"name"`
	If    string            `json:"if"`
	Shell string            `json:"shell"`
	Env   map[string]string `json:"env"`
	Run   string            `json:"run"`
}

// templateHeader is the first document of .gitlab/topoc.yml (https://docs.gitlab.com/ci/yaml/#header-keywords), likewise.
type templateHeader struct {
	Spec struct {
		Inputs map[string]struct {
			Description string   `json:"description"`
			Options     []string `json:"options"`
			Default     *string  `json:"default"`
		} `json:"inputs"`
	} `json:"spec"`
}

// templateJob is a job of its second document (https://docs.gitlab.com/ci/yaml/#job-keywords), likewise. Variables are strings, or
// maps of value and expand.
type templateJob struct {
	Stage        string              `json:"stage"`
	Image        string              `json:"image"`
	Rules        []map[string]string `json:"rules"`
	Variables    map[string]any      `json:"variables"`
	BeforeScript []string            `json:"before_script"`
	Script       []string            `json:"script"`
	Artifacts    struct {
		When    string            `json:"when"`
		Reports map[string]string `json:"reports"`
	} `json:"artifacts"`
}

// ciRun is what came of commands that a service would run.
type ciRun struct {
	code   int
	output string // both streams, as the log of a job mixes them
}

// ciJob is one job of a service: a directory that it works in, and an environment that its steps share.
type ciJob struct {
	*testing.T
	dir string
	env map[string]string
}

// newCIJob returns a job in dir that has a topoc on its PATH only with hasTopoc.
func newCIJob(t *testing.T, dir string, hasTopoc bool) *ciJob {
	t.Helper()
	j := &ciJob{T: t, dir: dir, env: map[string]string{"CI": "true"}}
	path := filepath.SplitList(os.Getenv("PATH"))
	if !hasTopoc {
		path = slices.DeleteFunc(path, func(dir string) bool {
			_, err := os.Stat(filepath.Join(dir, "topoc"))
			return err == nil
		})
	}
	j.env["PATH"] = strings.Join(path, string(filepath.ListSeparator))
	return j
}

// run runs a command in the job.
func (j *ciJob) run(command ...string) ciRun {
	j.Helper()
	name := command[0]
	if !strings.Contains(name, "/") {
		name = j.look(name)
	}
	cmd := exec.Command(name, command[1:]...)
	cmd.Dir, cmd.Env = j.dir, os.Environ()
	for name, value := range j.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		j.Fatalf("%q: %v", command, err)
	}
	return ciRun{cmd.ProcessState.ExitCode(), string(out)}
}

// look returns the program of that name on the job's PATH.
func (j *ciJob) look(name string) string {
	j.Helper()
	for _, dir := range filepath.SplitList(j.env["PATH"]) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, name)
		}
	}
	j.Fatalf("%s is not on the PATH", name)
	return ""
}

// script runs a script in a shell.
func (j *ciJob) script(shell, text string) ciRun {
	j.Helper()
	file := filepath.Join(j.TempDir(), "script")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		j.Fatal(err)
	}
	return j.run(shell, "-e", file)
}

// hook runs a hook with the args of a user's .pre-commit-config.yaml, as pre-commit does once it has built topoc: it fails where the
// command does, and where tracked files are no longer as they were.
func (j *ciJob) hook(id string, args ...string) ciRun {
	j.Helper()
	hooks := readHooks(j.T)
	i := slices.IndexFunc(hooks, func(h hook) bool { return h.ID == id })
	if i < 0 {
		j.Fatalf("there is no hook %s", id)
	}
	before := j.run("git", "diff")
	r := j.run(append(strings.Fields(hooks[i].Entry), args...)...)
	if r.code == 0 && j.run("git", "diff") != before {
		return ciRun{1, r.output + "files were modified by this hook\n"}
	}
	return r
}

// action runs the steps of action.yml with the inputs of a user's workflow, as GitHub does.
func (j *ciJob) action(with map[string]string) ciRun {
	j.Helper()
	a := readAction(j.T)
	root, err := filepath.Abs(repository)
	if err != nil {
		j.Fatal(err)
	}
	paths := filepath.Join(j.TempDir(), "path")
	maps.Copy(j.env, map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": j.dir, "GITHUB_ACTION_PATH": root, "GITHUB_PATH": paths, "RUNNER_TEMP": j.TempDir(),
	})
	input := func(name string) string {
		in, ok := a.Inputs[name]
		if !ok {
			j.Fatalf("action.yml: there is no input %s", name)
		}
		if value, ok := with[name]; ok {
			return value
		}
		return in.Default
	}
	for name := range with {
		input(name)
	}
	var log strings.Builder
	for _, step := range a.Runs.Steps {
		if condition := regexp.MustCompile(`^inputs\.([a-z]+) != ''$`).FindStringSubmatch(step.If); step.If != "" && input(condition[1]) == "" {
			continue
		}
		for name, value := range step.Env {
			j.env[name] = regexp.MustCompile(`\$\{\{ inputs\.([a-z]+) \}\}`).ReplaceAllStringFunc(value, func(expression string) string {
				return input(strings.TrimSuffix(strings.TrimPrefix(expression, "${{ inputs."), " }}"))
			})
		}
		r := j.script(step.Shell, step.Run)
		log.WriteString(r.output)
		if r.code != 0 {
			return ciRun{r.code, log.String()}
		}
		added, _ := os.ReadFile(paths) // there only if a step made it
		for dir := range strings.Lines(string(added)) {
			j.env["PATH"] = strings.TrimSpace(dir) + string(filepath.ListSeparator) + j.env["PATH"]
		}
	}
	return ciRun{0, log.String()}
}

// template runs the job of .gitlab/topoc.yml with the inputs of a user's include, as a runner of GitLab does in a shell that the image
// has.
func (j *ciJob) template(shell string, inputs map[string]string) ciRun {
	j.Helper()
	name, job := readTemplate(j.T, inputs)
	if name == "" || job.Image == "" || job.Stage == "" {
		j.Errorf("a job %q of stage %q in image %q", name, job.Stage, job.Image)
	}
	maps.Copy(j.env, map[string]string{"GITLAB_CI": "true", "CI_PROJECT_DIR": j.dir})
	for name, variable := range job.Variables {
		switch variable := variable.(type) {
		case string:
			j.env[name] = os.Expand(variable, func(name string) string { return j.env[name] })
		case map[string]any:
			if variable["expand"] != false {
				j.Errorf("the variable %s: %v", name, variable)
			}
			j.env[name] = fmt.Sprint(variable["value"])
		default:
			j.Errorf("the variable %s is %v: GitLab takes strings", name, variable)
		}
	}
	lines := append([]string{"if set -o | grep -q pipefail; then set -o pipefail; fi; set -o errexit"}, job.BeforeScript...)
	return j.script(shell, strings.Join(append(lines, job.Script...), "\n"))
}

func readHooks(t *testing.T) []hook {
	t.Helper()
	var hooks []hook
	readYAML(t, readText(t, repository+"/.pre-commit-hooks.yaml"), &hooks)
	return hooks
}

func readAction(t *testing.T) action {
	t.Helper()
	var a action
	readYAML(t, readText(t, repository+"/action.yml"), &a)
	return a
}

// readTemplate returns the one job of the template, with the inputs put in.
func readTemplate(t *testing.T, inputs map[string]string) (string, templateJob) {
	t.Helper()
	head, body := readTemplateText(t)
	for name := range inputs {
		if _, ok := head.Spec.Inputs[name]; !ok {
			t.Fatalf(".gitlab/topoc.yml: there is no input %s", name)
		}
	}
	var tree any
	readYAML(t, body, &tree)
	put := func(text string) string {
		return regexp.MustCompile(`\$\[\[ inputs\.([a-z]+) \]\]`).ReplaceAllStringFunc(text, func(block string) string {
			name := strings.TrimSuffix(strings.TrimPrefix(block, "$[[ inputs."), " ]]")
			in, ok := head.Spec.Inputs[name]
			value, given := inputs[name]
			switch {
			case !ok || !given && in.Default == nil:
				t.Fatalf(".gitlab/topoc.yml: no value for the input %s", name)
			case !given:
				value = *in.Default
			}
			if len(in.Options) > 0 && !slices.Contains(in.Options, value) {
				t.Fatalf(".gitlab/topoc.yml: the input %s is %q, not one of %q", name, value, in.Options)
			}
			return value
		})
	}
	text, err := yaml.Marshal(mapStrings(tree, put))
	if err != nil {
		t.Fatal(err)
	}
	var jobs map[string]templateJob
	readYAML(t, string(text), &jobs)
	if len(jobs) != 1 {
		t.Fatalf(".gitlab/topoc.yml: %d jobs", len(jobs))
	}
	name := slices.Collect(maps.Keys(jobs))[0]
	return name, jobs[name]
}

func readTemplateText(t *testing.T) (templateHeader, string) {
	t.Helper()
	header, body, ok := strings.Cut(readText(t, repository+"/.gitlab/topoc.yml"), "\n---\n")
	if !ok {
		t.Fatal(".gitlab/topoc.yml: a template has a header")
	}
	var head templateHeader
	readYAML(t, header, &head)
	return head, body
}

// mapStrings returns a tree with f applied to every string and key.
func mapStrings(tree any, f func(string) string) any {
	switch tree := tree.(type) {
	case string:
		return f(tree)
	case []any:
		for i, item := range tree {
			tree[i] = mapStrings(item, f)
		}
	case map[string]any:
		mapped := map[string]any{}
		for key, value := range tree {
			mapped[f(key)] = mapStrings(value, f)
		}
		return mapped
	}
	return tree
}

// readYAML reads text into a value that has a field for all of it.
func readYAML(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
}
