//go:build linux

package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// table returns all rows as text, with what each took in multiples of the first row of its input.
func (s *suite) table() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s; %s, %s/%s, %d processors\n", s.versions(), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "INPUT\tWALL s\tCPU s\tPEAK MiB\tFILES/s\tWALL\tCPU\tPEAK\t  COMMAND\n")
	for _, r := range s.rows {
		if r.missing != "" {
			fmt.Fprintf(w, "%s\t-\t-\t-\t-\t-\t-\t-\t  %s: %s\n", r.input, r.command, r.missing)
			continue
		}
		files := "-"
		if r.files > 0 {
			files = fmt.Sprintf("%.0f", float64(r.files)/r.Wall.Seconds())
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t  %s\n", r.input, seconds(r.Wall), seconds(r.CPU), r.Peak>>20, files, s.ratios(r), r.command)
	}
	w.Flush()
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// reference is the row that others of an input are divided by, the first one; false: it is missing.
func (s *suite) reference(input string) (row, bool) {
	i := slices.IndexFunc(s.rows, func(r row) bool { return r.input == input })
	if i < 0 || s.rows[i].missing != "" {
		return row{}, false
	}
	return s.rows[i], true
}

func (s *suite) ratios(r row) string {
	of, ok := s.reference(r.input)
	if !ok {
		return "-\t-\t-"
	}
	return fmt.Sprintf("%.2f\t%.2f\t%.2f", over(r.Wall, of.Wall), over(r.CPU, of.CPU), over(r.Peak, of.Peak))
}

func (s *suite) versions() string {
	var all []string
	for _, name := range []string{"cue", "kustomize", "helm"} {
		all = append(all, strings.TrimSpace(name+" "+s.peers[name].version))
	}
	return strings.Join(all, ", ")
}

// readmeInputs are those with a column in README.md.
var readmeInputs = []string{"10,000 nodes", "100,000 nodes", "100,000 nodes, comprehensions", "10,000 clusters of 10 nodes"}

// readmeTable is what README.md shows of the rows: ratios alone, which hold for other machines too.
func (s *suite) readmeTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "| time, memory | %s |\n|---|%s\n", strings.Join(readmeInputs, " | "), strings.Repeat("---|", len(readmeInputs)))
	for _, command := range []string{vetBound, vetPlain, export, check, buildMemory, buildDisk, kustomize, helmEach, helmOne} {
		fmt.Fprintf(&b, "| %s |", inCode(command))
		for _, input := range readmeInputs {
			fmt.Fprintf(&b, " %s |", s.readmeCell(t, input, command))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\nMeasured with %s.\n", s.versions())
	return b.String()
}

func (s *suite) readmeCell(t *testing.T, input, command string) string {
	t.Helper()
	i := slices.IndexFunc(s.rows, func(r row) bool { return r.input == input && r.command == command })
	if i < 0 {
		return ""
	}
	r := s.rows[i]
	of, ok := s.reference(input)
	if !ok || r.missing != "" {
		t.Errorf("README.md: nothing to say of %s on %s", command, input)
		return ""
	}
	return fmt.Sprintf("%.2f, %.2f", over(r.Wall, of.Wall), over(r.Peak, of.Peak))
}

// inCode sets the command in a name of the table apart from what is said of it.
func inCode(name string) string {
	command, rest, _ := strings.Cut(name, ",")
	if rest != "" {
		rest = "," + rest
	}
	return "`" + command + "`" + rest
}

// readmeBlock is the table in README.md, and the line below it.
var readmeBlock = regexp.MustCompile(`(?m)^\| time, memory \|.*\n(?:\|.*\n)+\nMeasured with .*\n`)

// updateReadme rewrites the table of README.md where TOPOC_UPDATE=1 asks for that.
func (s *suite) updateReadme(t *testing.T) {
	t.Helper()
	if os.Getenv("TOPOC_UPDATE") != "1" {
		return
	}
	table := s.readmeTable(t)
	name := filepath.Join(repository, "README.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(readmeBlock.FindAll(text, -1)); n != 1 {
		t.Fatalf("README.md has %d tables of measurements, want one", n)
	}
	writeFile(t, name, string(readmeBlock.ReplaceAllLiteral(text, []byte(table))))
}
