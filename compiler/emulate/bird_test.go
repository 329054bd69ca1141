package emulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/simulate"
	"topoc/topologies"
	"topoc/topologies/topogen"
)

// labOf plans the emulation of a topology; nil: it has mistakes.
func labOf(t testing.TB, text []byte) *Lab {
	t.Helper()
	l, err := planOf(text)
	if errors.Is(err, errMistakes) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var errMistakes = errors.New("the topology has mistakes")

func planOf(text []byte) (*Lab, error) {
	loaded, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil {
		return nil, err
	}
	if loaded.Topology == nil {
		return nil, errMistakes
	}
	f, mistakes := fabric.Link(loaded.Topology)
	if len(mistakes) > 0 {
		return nil, errMistakes
	}
	in := simulate.Input{Fabric: f, Objects: map[*fabric.Cluster]*calico.Objects{}}
	for _, c := range f.Clusters {
		in.Objects[c] = calico.Compile(c)
	}
	return NewLab(simulate.Run(Plain(in)), Quick), nil
}

// TestBIRDTakesWhatIsWritten gives the configuration of every node of examples and random topologies to BIRD's own parser.
func TestBIRDTakesWhatIsWritten(t *testing.T) {
	for _, program := range []string{"bird", "bird6"} {
		if _, err := programPath(program); err != nil {
			if os.Getenv("TOPOC_REQUIRE") == "all" {
				t.Fatal(err)
			}
			t.Skipf("%v (Debian package bird)", err)
		}
	}
	texts := map[string][]byte{}
	examples, err := fs.Glob(topologies.Files, "*.cue")
	if err != nil || len(examples) == 0 {
		t.Fatal("no examples", err)
	}
	for _, name := range examples {
		if texts[name], err = topologies.Files.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range int64(60) {
		texts[fmt.Sprint("seed ", seed)] = topogen.Random(seed)
	}
	taken := 0
	for name, text := range texts {
		lab := labOf(t, text)
		if lab == nil {
			continue
		}
		for _, m := range lab.Machines {
			for program, conf := range map[string][]byte{"bird": m.BIRD, "bird6": m.BIRD6} {
				if conf == nil {
					continue
				}
				taken++
				if err := parsedBy(t, program, conf); err != nil {
					t.Errorf("%s, %s: %v", name, m.Name, err)
				}
			}
		}
	}
	if taken < 300 {
		t.Errorf("only %d configurations were tried", taken)
	}
}

func parsedBy(t *testing.T, program string, conf []byte) error {
	path, err := programPath(program)
	if err != nil {
		return err
	}
	file := filepath.Join(t.TempDir(), "bird.conf")
	if err := os.WriteFile(file, conf, 0o644); err != nil {
		return err
	}
	if out, err := exec.Command(path, "-p", "-c", file).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s\n%s", err, out, conf)
	}
	return nil
}

// TestFilterInTheWordsOfBIRD writes each condition and each change that a filter can have.
func TestFilterInTheWordsOfBIRD(t *testing.T) {
	lab := labOf(t, []byte(`
name: "words"
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	calico: version: "3.32"
	nodes: {a: address: "10.0.1.2/24", b: address: "10.0.1.3/24"}
	filters: f: {
		importV4: [{action: "Accept", asPathPrefix: [65001, 65002], priority: 500, communities: values: ["65000:1"]}]
		exportV4: [
			{action: "Reject", matchOperator: "NotEqual", cidr: "10.64.0.0/16", source: "RemotePeers", interface: "eth*"},
			{action: "Reject", matchOperator: "Equal", cidr: "10.64.0.0/16", prefixLength: {min: 20}},
			{action: "Accept", operations: [{addCommunity: value: "65000:1:2"}, {prependASPath: prefix: [1, 2]}, {setPriority: value: 7}]},
		]
	}
	peers: outside: {address: "10.0.1.1", asNumber: 65001, filters: ["f"]}
}
`))
	conf := string(lab.Machines[0].BIRD)
	for _, want := range []string{
		"if (defined(bgp_local_pref)) && (bgp_local_pref = 2147483147) && ((65000,1) ~ bgp_community) && (bgp_path ~ [= 65001 65002 * =]) then {",
		"if (! (net ~ [ 10.64.0.0/16{16,16} ])) && ((source = RTS_BGP)) && (defined(ifname)) && (ifname ~ \"eth*\") then {",
		"if (false) then {",
		"\t\tbgp_large_community.add((65000,1,2));\n\t\tbgp_path.prepend(2);\n\t\tbgp_path.prepend(1);\n\t\tbgp_local_pref = 2147483640;\n\t\taccept;",
		"if source = RTS_BGP then krt_metric = 2147483647 - bgp_local_pref;",
	} {
		if !strings.Contains(conf, want) {
			t.Errorf("the configuration lacks %q:\n%s", want, conf)
			break
		}
	}
}
