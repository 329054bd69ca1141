package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"topoc/compiler/hostroute"
	"topoc/compiler/switchconf"
)

const (
	repository = "../.."
	readme     = repository + "/README.md"
)

// TestReadmeSession runs README.md from top to bottom in one empty directory. A block of
//
//   - "console" holds commands behind "$ ", each with the output it must have, both streams as a terminal mixes them
//   - "cue FILE" or "yaml FILE" is that file of the session, written when its turn comes
//   - "sh" is for a reader to type; the files it names below out/ must be there
//   - "text" is a picture
//
// With TOPOC_UPDATE=1 the outputs are rewritten. What the files have services of continuous integration run is run too, and must succeed.
func TestReadmeSession(t *testing.T) {
	emulates, err := condition("emulation")
	if err != nil {
		t.Fatal(err)
	}
	s := &readmeSession{T: t, dir: t.TempDir(), emulates: emulates}
	blocks := parseReadme(t, readText(t, readme))
	for _, b := range blocks {
		s.run(b)
	}
	if s.commands == 0 || s.files == 0 || s.steps == 0 {
		t.Errorf("README.md: %d commands, %d files and %d steps of services were tried: the test is blind",
			s.commands, s.files, s.steps)
	}
	updateReadme(t, joinReadme(blocks))
}

// TestReadmeWords holds the table of what is written to the registries that know. With TOPOC_UPDATE=1 it is rewritten.
func TestReadmeWords(t *testing.T) {
	var dialects, systems, servers []string
	for _, p := range switchconf.All() {
		dialects = append(dialects, p.Dialect)
	}
	for _, s := range hostroute.AllSystems() {
		systems = append(systems, s.Name)
	}
	for _, s := range hostroute.AllDNSServers() {
		servers = append(servers, s.Name)
	}
	text := readText(t, readme)
	for _, row := range []struct {
		name    string
		written []string
	}{
		{"switch dialects", dialects},
		{"host systems", systems},
		{"DNS servers", servers},
	} {
		want := "| " + row.name + " | " + inCode(row.written) + " |"
		line := regexp.MustCompile(`(?m)^\| ` + row.name + ` \|.*$`)
		got := line.FindString(text)
		if got == "" || got != want && !isUpdate() {
			t.Errorf("README.md: got %q\nwant %q", got, want)
		}
		text = line.ReplaceAllLiteralString(text, want)
	}
	updateReadme(t, text)
}

// TestReadmeNames holds whatever README.md names to what there is.
func TestReadmeNames(t *testing.T) {
	text := readText(t, readme)

	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(text, -1) {
		if section, isSection := strings.CutPrefix(link[1], "#"); isSection {
			if !strings.Contains(strings.ToLower(text), "\n## "+section+"\n") {
				t.Errorf("README.md has no section %s", section)
			}
			continue
		}
		if strings.HasPrefix(link[1], "https://") {
			continue
		}
		if _, err := os.Stat(filepath.Join(repository, link[1])); err != nil {
			t.Errorf("README.md links to %v", err)
		}
	}

	makefile := readText(t, repository+"/Makefile")
	for _, target := range regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(makefile, "\n"+target[1]+":") {
			t.Errorf("README.md: the Makefile has no %s", target[1])
		}
	}

	for _, used := range regexp.MustCompile("`topoc ([a-z]+)([^`]*)`").FindAllStringSubmatch(text, -1) {
		c := commandNamed(used[1])
		if c == nil {
			t.Errorf("README.md: there is no topoc %s", used[1])
			continue
		}
		flags, _ := c.flags()
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(used[2], -1) {
			if flags.Lookup(flag[1]) == nil {
				t.Errorf("README.md: topoc %s has no flag --%s", used[1], flag[1])
			}
		}
	}

	var examples []string
	for _, row := range regexp.MustCompile(`(?m)^\| \[([^]]+)\]\(topologies/[^)]+\) \|`).FindAllStringSubmatch(text, -1) {
		examples = append(examples, row[1])
	}
	slices.Sort(examples)
	if !slices.Equal(examples, labs()) {
		t.Errorf("README.md: its table of examples has %v, there are %v", examples, labs())
	}
}

// Every file that the examples are built to is in the table of files, and the table has no other ones.
func TestReadmeFiles(t *testing.T) {
	text := readText(t, readme)
	_, section, _ := strings.Cut(text, "\n## Files of a build\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows, unseen := map[string]*regexp.Regexp{}, map[string]bool{}
	names := strings.NewReplacer("CLUSTER", "[^/]+", "SWITCH", "[^/]+", "HOST", "[^/]+", "GROUP", "[^/]+", "FILE", "[^/]+", "EXT", "[^/]+")
	for _, cell := range regexp.MustCompile(`(?m)^\| .*? \|`).FindAllString(section, -1) {
		for _, span := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			rows[span[1]] = regexp.MustCompile(`^` + names.Replace(regexp.QuoteMeta(span[1])) + `$`)
			unseen[span[1]] = true
		}
	}
	for _, lab := range labs() {
		for _, file := range filesBelow(t, filepath.Join(repository, "out", lab)) {
			isListed := false
			for name, pattern := range rows {
				if pattern.MatchString(file) {
					isListed = true
					delete(unseen, name)
				}
			}
			if !isListed {
				t.Errorf("README.md: its table of files lacks %s of %s", file, lab)
			}
		}
	}
	delete(unseen, "calico/CLUSTER/rbac.yaml") // no example has a password
	for name := range unseen {
		t.Errorf("README.md: no build of an example has %s", name)
	}
}

// readmeSession is one reading of README.md.
type readmeSession struct {
	*testing.T
	dir                    string
	status                 int // the exit code of the last command, for $?
	emulates               bool
	commands, files, steps int
}

func (s *readmeSession) run(b *readmeBlock) {
	switch {
	case b.lang == "":
	case b.lang == "console" && b.file == "" && strings.Contains(b.lines[0], "topoc emulate") && !s.emulates:
		s.Logf("README.md:%d: not run: BIRD or FRR is not installed, or network namespaces are not allowed", b.line)
	case b.lang == "console" && b.file == "":
		s.console(b)
	case b.file != "" && (b.lang == "cue" || b.lang == "yaml"):
		s.write(b)
	case b.lang == "sh" && b.file == "":
		for _, name := range regexp.MustCompile(`\bout/[\w./-]*\w`).FindAllString(strings.Join(b.lines, "\n"), -1) {
			if _, err := os.Stat(filepath.Join(s.dir, name)); err != nil && !strings.HasPrefix(name, "out/two-clusters") {
				s.Errorf("README.md:%d: the session made no %s", b.line, name)
			}
		}
	case b.lang == "text":
	default:
		s.Errorf("README.md:%d: a block of %q %q: see TestReadmeSession for those there may be", b.line, b.lang, b.file)
	}
}

// console runs the commands of a block and compares, or replaces, their outputs.
func (s *readmeSession) console(b *readmeBlock) {
	var lines []string
	for i := 0; i < len(b.lines); {
		line, at := b.lines[i], b.line+i
		command, isCommand := strings.CutPrefix(line, "$ ")
		if !isCommand {
			s.Fatalf("README.md:%d: output of no command", at)
		}
		i++
		var want []string
		for i < len(b.lines) && !strings.HasPrefix(b.lines[i], "$ ") {
			want = append(want, b.lines[i])
			i++
		}
		got := s.command(command)
		if !slices.Equal(got, want) && !isUpdate() {
			s.Errorf("README.md:%d: $ %s\ngot:\n%s\nwant:\n%s", at, command, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if text := strings.Join(got, "\n"); strings.Contains(text, s.dir) || strings.Contains(text, os.TempDir()+"/") {
			s.Errorf("README.md:%d: $ %s prints where it ran:\n%s", at, command, text)
		}
		lines = append(append(lines, line), got...)
	}
	b.lines = lines
}

// command runs a line of shell in the session's directory and returns the lines of its output.
func (s *readmeSession) command(line string) []string {
	s.Helper()
	s.commands++
	shell := exec.Command("sh", "-c", "(exit "+strconv.Itoa(s.status)+")\n"+line)
	shell.Dir = s.dir
	shell.Env = append(os.Environ(), "LC_ALL=C", "HOME="+s.dir)
	out, err := shell.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatalf("$ %s: %v", line, err)
	}
	s.status = shell.ProcessState.ExitCode()
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// write writes a file of the session; one of YAML must be sound, and what it refers to must be there.
func (s *readmeSession) write(b *readmeBlock) {
	s.files++
	text := strings.Join(b.lines, "\n") + "\n"
	name := filepath.Join(s.dir, filepath.FromSlash(b.file))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		s.Fatal(err)
	}
	if b.lang != "yaml" {
		return
	}
	for document := range strings.SplitSeq(text, "\n---\n") {
		var object map[string]any
		if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
			s.Errorf("README.md:%d: %s: %v", b.line, b.file, err)
		}
		var config userConfig
		if err := yaml.Unmarshal([]byte(document), &config); err != nil {
			s.Errorf("README.md:%d: %s: %v", b.line, b.file, err)
		}
		s.services(b, config)
	}
	for _, dir := range regexp.MustCompile(`(?m)^ *path: (.*)$`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(s.dir, dir[1], "kustomization.yaml")); err != nil {
			s.Errorf("README.md:%d: %s: no kustomization is at %s", b.line, b.file, dir[1])
		}
	}
}

// readmeBlock is a fenced block, or the lines before, between and behind them, whose lang is "".
type readmeBlock struct {
	lang, file string
	line       int // of its first line in README.md, from 1
	lines      []string
}

const fence = "```"

func parseReadme(t *testing.T, text string) []*readmeBlock {
	t.Helper()
	prose := &readmeBlock{line: 1}
	blocks := []*readmeBlock{prose}
	last := prose
	for i, line := range strings.Split(text, "\n") {
		info, isFence := strings.CutPrefix(line, fence)
		switch {
		case isFence && last.lang == "":
			lang, file, _ := strings.Cut(info, " ")
			if lang == "" {
				t.Fatalf("README.md:%d: a block of no language", i+1)
			}
			last = &readmeBlock{lang: lang, file: file, line: i + 2}
			blocks = append(blocks, last)
		case isFence:
			last = &readmeBlock{line: i + 2}
			blocks = append(blocks, last)
		default:
			last.lines = append(last.lines, line)
		}
	}
	if last.lang != "" {
		t.Fatalf("README.md:%d: a block that does not end", last.line)
	}
	return blocks
}

// joinReadme is the inverse of parseReadme.
func joinReadme(blocks []*readmeBlock) string {
	var b bytes.Buffer
	for _, block := range blocks {
		if block.lang != "" {
			b.WriteString(fence + strings.TrimSuffix(block.lang+" "+block.file, " ") + "\n")
		}
		for _, line := range block.lines {
			b.WriteString(line + "\n")
		}
		if block.lang != "" {
			b.WriteString(fence + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func isUpdate() bool { return os.Getenv("TOPOC_UPDATE") == "1" }

// updateReadme writes README.md where TOPOC_UPDATE=1 asks for that, and otherwise lets it be.
func updateReadme(t *testing.T, text string) {
	t.Helper()
	if !isUpdate() || t.Failed() || text == readText(t, readme) {
		return
	}
	if err := os.WriteFile(readme, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func inCode(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }
