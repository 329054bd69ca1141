package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a bomb may take: the limits that it is given, and the slack beyond them. Memory is sampled fifty times a second and counts
// what is in use, so that what is asked for between two samples, and what the runtime holds besides, comes on top: a text that doubles
// is four times as large before a busy machine looks again. What is a mistake is given the time to be found.
const (
	bombMemory      = 256 << 20
	bombMemorySlack = 768 << 20
	bombTime        = 3 * time.Second
	mistakeTime     = 30 * time.Second
	bombTimeSlack   = 60 * time.Second // a busy machine; without a limit each would take minutes, or for ever
)

// bomb is an input that no parser or evaluator should be given.
type bomb struct {
	name string // the file's
	code int
	want string // what the first line says
	make func(w io.Writer)
}

// repeated writes unit until it is size bytes.
func repeated(before, unit string, size int, after string) func(io.Writer) {
	return func(w io.Writer) {
		many := strings.Repeat(unit, max(1, 1<<16/len(unit)))
		io.WriteString(w, before)
		for n := 0; n < size; n += len(many) {
			io.WriteString(w, many)
		}
		io.WriteString(w, after)
	}
}

func plainText(text string) func(io.Writer) { return func(w io.Writer) { io.WriteString(w, text) } }

const (
	mib       = 1 << 20
	large     = 100 * mib
	named     = "name: \"a\"\n"
	tooDeep   = `: error: nested too deeply \[syntax\]$`
	noText    = `: error: .* \[syntax\]$`
	tooLarge  = `^topoc: the topology needs more than .* to read and evaluate: `
	laughter  = "name: a\nx:\n  - &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
	laughters = 10
)

// bombs are as large as it takes: what ends on its first bytes needs no hundred of megabytes to show it, but some have them.
func bombs() []bomb {
	laughs := laughter
	for i := range laughters {
		laughs += fmt.Sprintf("  - &%c [%s]\n", 'b'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", 'a'+i), 9), ", "))
	}
	doubling := named + "_a0: \"xxxxxxxxxxxxxxxx\"\n"
	for i := range 40 {
		doubling += fmt.Sprintf("_a%d: \"\\(_a%d)\\(_a%d)\"\n", i+1, i, i)
	}
	alternatives := named + "_x: {x: 1}"
	for i := range 24 {
		alternatives += fmt.Sprintf(" & ({a%d: 1} | {b%d: 1})", i, i)
	}
	return []bomb{
		{"literals.cue", exitFailure, tooLarge, repeated(named, "a: 1\n", large, "")},
		{"string.cue", exitFailure, tooLarge, repeated(named+"description: \"", "x", 2*large, "\"\n")},
		{"comments.cue", exitOK, `^$`, repeated(named, "// c\n", large, "")},
		{"elements.cue", exitFailure, tooLarge, repeated(named+"a: [", "1,", large, "]\n")},
		{"lists.cue", exitFailure, tooLarge, repeated(named+"a: [", "[],\n", large, "]\n")},
		{"braces.cue", exitFound, tooDeep, repeated(named+"a: ", "{", large, "")},
		{"brackets.cue", exitFound, tooDeep, repeated(named+"a: ", "[", mib, "")},
		{"parentheses.cue", exitFound, tooDeep, repeated(named+"a: ", "(", mib, "")},
		{"attribute.cue", exitFound, tooDeep, repeated(named+"a: 1 @a", "(", mib, "")},
		{"labels.cue", exitFound, tooDeep, repeated(named, "a: ", large, "")},
		{"calls.cue", exitFound, tooDeep, repeated(named+"x: x", "()", 10*mib, "")},
		{"indices.cue", exitFound, tooDeep, repeated(named+"x: x", "[0]", 10*mib, "")},
		{"sums.cue", exitFound, tooDeep, repeated(named+"x: ", "(1)+", 10*mib, "1\n")},
		{"structs.cue", exitFound, tooDeep, repeated(named+"x: ", "{a: 1, b: 2}&", 10*mib, "{}\n")},
		{"interpolations.cue", exitFound, tooDeep, repeated(named+"x: ", `"\(`, mib, "")},
		{"conditions.cue", exitFailure, tooLarge, repeated(named+"x: {", "if true ", 10*mib, "{a: 1}}\n")},
		{"number.cue", exitFailure, tooLarge, repeated(named+"clusters: c: asNumber: ", "9", 10*mib, "\n")},
		{"line.cue", exitFailure, tooLarge, repeated(named, "\"a\": {}, ", large, "")},
		{"range.cue", exitFailure, tooLarge, plainText("import \"list\"\n" + named + "_x: list.Range(0, 1e9, 1)\nclusters: {for i in _x {\"c\\(i)\": {}}}")},
		{"product.cue", exitFailure, tooLarge, plainText("import \"list\"\n" + named + "_x: list.Range(0, 3000, 1)\nclusters: {for a in _x for b in _x for c in _x {\"c\\(a)-\\(b)-\\(c)\": {}}}")},
		{"doubling.cue", exitFailure, tooLarge, plainText(doubling + "description: _a40")},
		{"alternatives.cue", exitFailure, tooLarge, plainText(alternatives + "\ndescription: _x.a0")},
		{"sharing.cue", exitFailure, tooLarge, plainText("import \"list\"\n" + named + "_x: list.Range(0, 4000, 1)\n_n: {for i in _x {\"n\\(i)\": rack: \"r\"}}\nclusters: {for i in _x {\"c\\(i)\": nodes: _n}}")},
		{"laughs.yaml", exitFound, `: error: aliases expand to more than .* \[syntax\]$`, plainText(laughs)},
		{"alias.yaml", exitFound, noText, plainText("name: a\nx: &a [*a]\n")},
		{"merge.yaml", exitFailure, tooLarge, plainText("name: a\nx: &a {<<: *a}\n")},
		{"flow.yaml", exitFound, tooDeep, repeated("name: a\nx: ", "{a: ", mib, "")},
		{"dashes.yaml", exitFound, noText, repeated("name: a\nx:\n ", "- ", mib, "")},
		{"keys.yaml", exitFound, noText, repeated("name: a\nx:\n ", "? ", mib, "")},
		{"deep.json", exitFound, tooDeep, repeated(`{"name": "a", "x": `, "[", 10*mib, "")},
		{"objects.json", exitFound, tooDeep, repeated(`{"name": "a", "x": `, `{"a":`, 10*mib, "")},
		{"utf8.cue", exitFound, `^utf8.cue:1:8: error: the byte 0xff is no UTF-8 \[syntax\]$`, plainText("name: \"\xff\"")},
		{"nul.cue", exitFound, `^nul.cue:2:1: error: a NUL byte: this is no text file \[syntax\]$`, plainText(named + "\x00")},
		{"utf16.yaml", exitFound, `^utf16.yaml:1:1: error: this is UTF-16, not UTF-8 \[syntax\]$`, plainText("\xff\xfen\x00a\x00")},
		{"empty.cue", exitFound, `^empty.cue:1:1: error: the topology has no name, .* \[missing-field\]$`, plainText("")},
		{"mark.cue", exitOK, `^$`, plainText("\ufeff" + named)},
		{"mark.yaml", exitOK, `^$`, plainText("\ufeffname: a\n")},
		{"mark.json", exitOK, `^$`, plainText("\ufeff{\"name\": \"a\"}")},
		{"returns.cue", exitOK, `^$`, plainText("name: \"a\"\r\ndescription: \"b\"\r\n")},
		{"old.yaml", exitFound, `^old.yaml:1:8: error: U\+000D ends a line for YAML and for little else \[syntax\]$`, plainText("name: a\rdescription: b\r")},
		{"returns.yaml", exitOK, `^$`, plainText("name: a\r\ndescription: b\r\n")},
	}
}

// TestBombs: whatever a file is, the command ends within its limits of time and memory, says so in one line, or where the mistake is,
// and with the right exit code.
func TestBombs(t *testing.T) {
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := os.Create(filepath.Join(dir, b.name))
			if err != nil {
				t.Fatal(err)
			}
			b.make(f)
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			goesOff(t, dir, nil, b.name, b.code, b.want)
			if strings.HasSuffix(b.name, ".cue") && b.code == exitFound {
				if f, err = os.Open(f.Name()); err != nil { // read from standard input it is first guessed what it is
					t.Fatal(err)
				}
				defer f.Close()
				goesOff(t, dir, f, "-", b.code, strings.Replace(b.want, "^"+b.name, "^-", 1))
			}
		})
	}
}

// TestEndlessInputs: what has no end, or no beginning, ends by the limits too.
func TestEndlessInputs(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	zero, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer zero.Close()
	quiet, open, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	defer open.Close()
	goesOff(t, dir, nil, "fifo", exitFailure, `^topoc: the topology needs more than 3s of time to read `)
	goesOff(t, dir, quiet, "-", exitFailure, `^topoc: the topology needs more than 3s of time to read `)
	goesOff(t, dir, zero, "-", exitFailure, `^topoc: the topology needs more than (256 MiB of memory|3s of time) to read `)
	goesOff(t, dir, nil, "/dev/zero", exitFailure, `^topoc: the topology needs more than (256 MiB of memory|3s of time) to read `)
	goesOff(t, dir, nil, "empty", exitFailure, `^topoc: read empty: no CUE files in this directory$`)
	goesOff(t, dir, nil, "nowhere.cue", exitFailure, `^topoc: read nowhere.cue: no such file or directory$`)
	goesOff(t, dir, nil, "/bin/sh", exitFound, `^/bin/sh:1:[0-9]+: error: a NUL byte: this is no text file \[syntax\]$`)
}

// goesOff checks a topology under the limits of bombs, with an exit code and a first line that matches.
func goesOff(t *testing.T, dir string, stdin *os.File, topology string, code int, want string) {
	t.Helper()
	bombed(t, dir, stdin, bombMemory+bombMemorySlack, code, want, "check", topology)
}

// bombed runs a command under the limits of bombs, with an exit code and a first line that matches. It may take so many bytes.
func bombed(t *testing.T, dir string, stdin *os.File, memory int64, code int, want string, args ...string) {
	t.Helper()
	topology := strings.Join(args, " ")
	most := bombTime
	if code != exitFailure {
		most = mistakeTime
	}
	ctx, cancel := context.WithTimeout(t.Context(), most+bombTimeSlack)
	defer cancel()
	cmd := exec.CommandContext(ctx, "topoc", append(args, "--timeout", most.String(), "--max-memory", fmt.Sprint(bombMemory))...)
	cmd.Dir = dir
	if stdin != nil {
		cmd.Stdin = stdin
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s: %v after %v", topology, err, time.Since(began))
	}
	text := said.String()
	first, rest, _ := strings.Cut(text, "\n")
	if got := cmd.ProcessState.ExitCode(); got != code || !regexp.MustCompile(want).MatchString(first) {
		t.Errorf("%s: exit code %d, want %d with a first line like %s:\n%.2000s", topology, got, code, want, text)
	}
	if lines := strings.Count(rest, "\n"); code == exitFailure && lines > 0 || lines > 12 || len(text) > 16<<10 {
		t.Errorf("%s: %d lines, %d bytes:\n%.2000s", topology, lines+1, len(text), text)
	}
	if used := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10; used > memory {
		t.Errorf("%s: takes %d MiB, may take %d", topology, used>>20, memory>>20)
	}
}
