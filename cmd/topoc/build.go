package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler"
	"topoc/compiler/artifact"
)

func buildCommand() *command {
	return &command{
		name:    "build",
		args:    "TOPOLOGY -o DIR",
		summary: "check a topology, compile it, and write the files",
		help: `
Below DIR are written: calico/CLUSTER/ with the manifests of each cluster,
switches/ with a snippet for each switch and one that takes it away again,
hosts/HOST/ with the routes of each host, and MANIFEST.json, which lists all of
them with their checksums and the declarations they came from.

Nothing is written when a check finds an error (with --strict: or a warning), or
when what is expected of the network does not hold in the predicted routes.
Files that an earlier build wrote and this one doesn't are removed. A file that
topoc did not write, or that was edited since, is never overwritten: the build
is refused and names it, unless --force. Files that are as they should be are
not touched.

With --check nothing is written. What a build would change is printed as a
unified diff, and the exit code is 1 where there is anything: for CI, to see
that what is committed is what the topology makes.`,
		minArgs: 1, maxArgs: 1,
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			b := &build{}
			flags.StringVarP(&b.dir, "output", "o", "", "write below `DIR`")
			flags.BoolVar(&b.isCheck, "check", false, "write nothing; print what would change, and fail if anything would")
			flags.StringArrayVar(&b.clusters, "cluster", nil, "write the manifests of the cluster `NAME` only (repeatable)")
			flags.BoolVar(&b.force, "force", false, "overwrite and remove files that topoc did not write, or that were edited since")
			b.input.declare(flags)
			b.findings.declare(flags)
			return b.run
		},
	}
}

// build is one run of the command.
type build struct {
	input    input
	findings findings
	dir      string
	isCheck  bool
	clusters []string
	force    bool
}

func (b *build) run(e *env, args []string) error {
	if b.dir == "" {
		return buildCommand().usagef("build needs -o DIR: where to write")
	}
	if err := artifact.CheckDir(b.dir); err != nil {
		return err
	}
	result, err := b.input.run(e, args[0], compiler.Options{
		Until: compiler.Simulated, Check: b.findings.options(e), Strict: b.findings.strict, JustFiles: true,
	})
	if err != nil {
		return err
	}
	if err := b.findings.print(e, e.stderr, e.stderrTerminal, result.Diagnostics, result.Locator); err != nil {
		return err
	}
	if result.Artifacts == nil {
		return errFound
	}
	only, err := b.only(result)
	if err != nil {
		return err
	}
	options := artifact.Options{Force: b.force, Only: only}
	if b.isCheck {
		return b.compare(e, result.Artifacts, options)
	}
	return b.write(e, result.Artifacts, options)
}

// only returns which paths the build is limited to; nil: it isn't.
func (b *build) only(r *compiler.Result) (func(string) bool, error) {
	if len(b.clusters) == 0 {
		return nil, nil
	}
	var known, dirs []string
	for _, c := range r.Fabric.Clusters {
		known = append(known, c.Name)
	}
	for _, name := range b.clusters {
		if err := buildCommand().oneOf("cluster", name, known); err != nil {
			return nil, err
		}
		dirs = append(dirs, "calico/"+name+"/")
	}
	return func(path string) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool { return strings.HasPrefix(path, dir) })
	}, nil
}

func (b *build) write(e *env, set *artifact.Set, options artifact.Options) error {
	done, err := artifact.Write(b.dir, set, options)
	if err != nil {
		return b.failed(err)
	}
	if b.findings.verbose {
		for _, path := range done.Written {
			fmt.Fprintln(e.stdout, "wrote", path)
		}
		for _, path := range done.Removed {
			fmt.Fprintln(e.stdout, "removed", path)
		}
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %d written, %d removed, %d unchanged\n",
		b.dir, len(done.Written), len(done.Removed), done.Unchanged)
	return err
}

// compare prints what a build would change, and fails where there is anything.
func (b *build) compare(e *env, set *artifact.Set, options artifact.Options) error {
	changes, err := artifact.Check(b.dir, set, options)
	if err != nil {
		return b.failed(err)
	}
	// What changed in the manifest follows from the rest, and its lines are long: last.
	slices.SortStableFunc(changes, func(a, b artifact.Change) int { return cmp.Compare(rank(a), rank(b)) })
	for _, change := range changes {
		if _, err := e.stdout.Write(change.Diff()); err != nil {
			return err
		}
	}
	if len(changes) == 0 {
		return nil
	}
	for _, change := range changes {
		fmt.Fprintf(e.stderr, "%s: %v\n", b.dir, change)
	}
	return errFound
}

// rank puts the manifest behind all other files.
func rank(c artifact.Change) int {
	if c.Path == artifact.ManifestName {
		return 1
	}
	return 0
}
