package conformance

import (
	"os"
	"strings"
	"testing"
)

// readmeCommands are the commands of README.md's section "Applying a build" that reach a cluster, as written there: for a cluster
// called blue, in the directory that has out/.
type readmeCommands struct {
	install  string // the operator's Installation
	wait     string // for Calico
	nodes    string // labels and annotations by script
	nodesSSA string // the alternative: by server-side apply
	diff     string
	apply    string
	prune    string
	look     string // at sessions and routes
}

// readREADME finds the commands. One that is missing, and one more, fails the test: nobody would have tried it.
func readREADME(t testing.TB) readmeCommands {
	t.Helper()
	data, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## Applying a build\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, block, _ := strings.Cut(section, "\n```sh\n")
	block, _, _ = strings.Cut(block, "```")
	block = strings.ReplaceAll(block, "\\\n", "")

	var c readmeCommands
	places := []struct {
		has string // what tells the command from the others
		at  *string
	}{
		{"installation.yaml", &c.install},
		{" wait ", &c.wait},
		{"apply.sh", &c.nodes},
		{"--server-side", &c.nodesSSA},
		{" diff ", &c.diff},
		{"--prune", &c.prune},
		{" get ", &c.look},
		{" apply -k ", &c.apply},
	}
	for line := range strings.Lines(block) {
		if !strings.Contains(line, "--context blue") {
			continue // for a switch
		}
		for command := range strings.SplitSeq(strings.TrimSpace(line), "# or: ") {
			i := 0
			for i < len(places) && (*places[i].at != "" || !strings.Contains(command, places[i].has)) {
				i++
			}
			if i == len(places) {
				t.Fatalf("README.md has a command that nothing tries: %s", command)
			}
			*places[i].at = command
		}
	}
	for _, p := range places {
		if *p.at == "" {
			t.Fatalf("README.md has no command with %q to apply a build", p.has)
		}
	}
	return c
}

// forCluster makes a command of README.md one for a cluster with the apiVersion of its objects, as README.md says to.
func forCluster(command, cluster, api string) string {
	return strings.NewReplacer("--context blue", "--context conformance", "calico/blue", "calico/"+cluster,
		"projectcalico.org/v3/", api+"/").Replace(command)
}
