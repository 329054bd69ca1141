//go:build linux

package bench

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// chart is the one that renders clusters: its templates loop over the clusters in the values, and over pools, peers and nodes there.
const chart = "testdata/chart"

// allValues names the file of values that has all clusters.
const allValues = "all"

// writeValues writes values for the chart: a file for each cluster, to be a release of its own, and one with all of them.
func writeValues(t *testing.T, dir string, clusters []cluster) (each []string, all string) {
	t.Helper()
	write := func(name string, clusters []cluster) string {
		text, err := yaml.Marshal(map[string]any{"clusters": clusters})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name+".yaml")
		writeFile(t, file, string(text))
		return file
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range clusters {
		each = append(each, write(c.Name, []cluster{c}))
	}
	return each, write(allValues, clusters)
}

// helmJobs renders a release for each file of values into a file of its own below out. Helm reads and writes nothing of the user's.
func helmJobs(program string, values []string, out string) []job {
	var jobs []job
	for _, file := range values {
		home := "=" + filepath.Join(out, "helm")
		jobs = append(jobs, job{
			Args:   []string{program, "template", "release", chart, "--values", file},
			Env:    []string{"HELM_CACHE_HOME" + home, "HELM_CONFIG_HOME" + home, "HELM_DATA_HOME" + home},
			Output: filepath.Join(out, filepath.Base(file)),
		})
	}
	return jobs
}
