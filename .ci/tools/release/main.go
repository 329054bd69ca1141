// Command release builds what users download: for each system an archive with the binary, a list of the modules in it (an SBOM, in
// CycloneDX's JSON), and checksums of all of them.
//
// The same commit and the same Go give the same bytes, wherever and whenever it runs.
package main

import (
	"flag"
	"fmt"
	"os"

	"topoc/tools/target"
)

func main() {
	repo := flag.String("repo", ".", "release what is committed in the checkout `DIR`")
	out := flag.String("o", "dist", "write to `DIR`, which must not exist")
	flag.Parse()
	names, err := release{repo: *repo, out: *out, targets: target.All}.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
	for _, name := range names {
		fmt.Println(name)
	}
}
