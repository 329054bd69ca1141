// Command vulncheck looks for known vulnerabilities in what topoc calls, by govulncheck, and fails where it finds one that a change here
// would mend: another version of a module, or not calling it.
//
// The standard library comes with the Go of whoever builds. What is known of that is told, and does not fail.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/vuln/scan"
)

// systems are those whose code is looked at. Darwin's differs from that of Linux in nothing but calls of the system.
var systems = []string{"linux", "windows"}

func main() {
	repo := flag.String("repo", ".", "look at topoc in the checkout `DIR`")
	flag.Parse()
	isClean, err := check(context.Background(), os.Stdout, *repo)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	}
	if !isClean {
		os.Exit(1)
	}
}

// check prints what is found, and reports whether none of it has to be mended. Where no database can be had, it says so, and that
// nothing was looked at.
func check(ctx context.Context, w io.Writer, repo string) (isClean bool, err error) {
	db, err := findDatabase(ctx)
	var away *unreachableError
	if errors.As(err, &away) {
		_, err := fmt.Fprintf(w, "vulncheck: NOTHING WAS CHECKED: no database of vulnerabilities can be reached from here\n%v\n", away)
		return true, err
	}
	if err != nil {
		return false, err
	}
	fmt.Fprintf(w, "vulncheck: by %s\n", db.what)
	all := &findings{}
	for _, system := range systems {
		if err := look(ctx, repo, db, system, all); err != nil {
			return false, fmt.Errorf("govulncheck for %s: %w", system, err)
		}
	}
	return all.report(w)
}

// look adds what govulncheck finds in the code for one system.
func look(ctx context.Context, repo string, db database, system string, all *findings) error {
	cmd := scan.Command(ctx, "-C", repo, "-db", db.address, "-format", "json", "./cmd/topoc")
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0", "GOFLAGS=")
	told, tell := io.Pipe()
	cmd.Stdout, cmd.Stderr = tell, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { tell.CloseWithError(cmd.Wait()) }()
	return all.read(told)
}
