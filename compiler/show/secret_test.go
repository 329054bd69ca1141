package show_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"topoc/compiler/show"
)

func TestSecretsAreNotShownUnlessWaived(t *testing.T) {
	const topology = `name: "lab"
description: "password=\"hunter2\", see the handbook"
clusters: c: nodes: n: {
	address: "10.0.0.1/24"
	labels: {"bgp-password": "correcthorse", token: "v2", note: "4fT9zQ1mWc7RbK2pLs8VdN3yXh5G", "4fT9zQ1mWc7RbK2pLs8VdN3yXh5H": "x"}
}
clusters: c: bgp: meshPassword: {secret: "bgp-secrets", key: "mesh"}
`
	secrets := []string{"hunter2", "correcthorse", "4fT9zQ1mWc7RbK2pLs8VdN3yXh5G", "4fT9zQ1mWc7RbK2pLs8VdN3yXh5H"}
	const waivers = `waivers: [{check: "secret-in-topology", at: "clusters.c.nodes.n.labels", reason: "made up"}]` + "\n"
	for _, tt := range []struct {
		name, topology string
		hidden         []string
	}{
		{"without waivers", topology, secrets},
		{"with one", topology + waivers, secrets[:1]},
	} {
		file := filepath.Join(t.TempDir(), "lab.cue")
		if err := os.WriteFile(file, []byte(tt.topology), 0o666); err != nil {
			t.Fatal(err)
		}
		f := link(t, file)
		for _, v := range []show.Value{show.Topology(f), show.Input(f)} {
			for _, format := range show.Formats() {
				printed := string(write(t, v, format))
				for i, s := range secrets {
					if isShown := strings.Contains(printed, s); isShown != (i >= len(tt.hidden)) {
						t.Errorf("%s, %s: %q is shown: %v\n%s", tt.name, format, s, isShown, printed)
					}
				}
				for _, s := range []string{"bgp-secrets", "v2", "see the handbook", "(not shown)"} {
					if !strings.Contains(printed, s) {
						t.Errorf("%s, %s: %q is not shown\n%s", tt.name, format, s, printed)
					}
				}
			}
		}
	}
}
