package conformance

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/calico"
)

// randomApplied is how many random topologies are applied: a cluster takes seconds.
const randomApplied = 20

// TestApplyingAsReadmeSays applies a cluster of every example with all the commands of README.md, and the other clusters and random
// topologies with the most telling ones. All is accepted; a second time, in any way of applying, changes nothing; and pruning
// deletes what a later build lacks, and nothing else, be it of the operator, of nodes or of somebody else.
func TestApplyingAsReadmeSays(t *testing.T) {
	require(t)
	commands, total, begun := readREADME(t), &tally{}, time.Now()
	t.Run("all", func(t *testing.T) {
		for _, top := range examples(t) {
			applying(t, top, commands, total, (*application).withEverything)
		}
		for _, top := range random(t, randomApplied) {
			applying(t, top, commands, total, (*application).inShort)
		}
	})
	slices.Sort(total.newer)
	t.Logf("%d clusters: %d commands, %d objects applied, %d of them pruned, in %s; %d clusters left out, since %s lacks %s",
		total.clusters, total.commands, total.objects, total.pruned, time.Since(begun).Round(time.Second), len(total.newer), calicoRelease,
		strings.Join(slices.Compact(total.newer), ", "))
	if total.clusters < 2*randomApplied || total.pruned < total.clusters || len(total.newer) > total.clusters/4 {
		t.Error("too little of it was tried")
	}
}

// applying runs a test for each cluster of a topology, beside others: the first one as told, the rest in short.
func applying(t *testing.T, top *topology, commands readmeCommands, total *tally, run func(*application)) {
	for i, c := range top.fabric.Clusters {
		if i > 0 {
			run = (*application).inShort
		}
		if newer := newerThanTest(c); len(newer) > 0 {
			total.newer = append(total.newer, newer[0].What)
			continue
		}
		t.Run(top.name+" "+c.Name, func(t *testing.T) {
			t.Parallel()
			a := &application{T: t, Server: server(t), readme: commands, topology: top.name, cluster: c, objects: top.objects[c]}
			run(a)
			total.add(a)
		})
	}
}

// tally is what was tried.
type tally struct {
	sync.Mutex
	clusters, commands, objects, pruned int
	newer                               []string // what clusters were left out for
}

func (t *tally) add(a *application) {
	t.Lock()
	defer t.Unlock()
	t.clusters++
	t.commands += a.commands
	t.objects += len(a.objects.IPPools) + len(a.objects.BGPFilters) + len(a.objects.BGPPeers) + len(a.objects.CalicoNodeStatuses) + 1
	t.pruned += len(a.dropped)
}

func (a *application) withEverything() {
	a.install()
	if a.cluster.Operator {
		a.must(a.readme.wait)
	}
	a.welcomeStrangers()
	a.labelBothWays()
	a.applyForTheFirstTime()
	a.unchangedBut(a.readme.prune)
	a.unchangedBut(a.readme.apply)
	a.same(a.readme.diff)

	later := a.later()
	a.write(later)
	a.unchangedBut(a.readme.apply)
	a.holds(a.objects)
	a.unchangedBut(a.readme.prune, a.dropped...)
	a.holds(later)
	a.same(a.readme.diff)
	a.adopt()
}

// inShort leaves out what differs little from topology to topology. Each command takes much of a second: more than that it must.
func (a *application) inShort() {
	a.install()
	if len(a.objects.Nodes) > 0 {
		a.must(a.readme.nodes)
		a.checkNodes()
	}
	a.must(a.readme.apply)
	a.unchangedBut(a.readme.apply)
	later := a.later()
	a.write(later)
	a.unchangedBut(a.readme.prune, a.dropped...)
	a.holds(later)
}

// install brings the cluster to where a user has Calico: nodes, the Installation, and what the operator makes of it.
func (a *application) install() {
	a.dir = a.TempDir()
	a.write(a.objects)
	a.create()
	if a.cluster.Operator {
		a.must(a.readme.install)
	}
	if notes := a.must("cat out/calico/blue/kustomization.yaml"); strings.Contains(notes, "ippools.yaml comes next, with calicoctl apply -f") {
		a.must(a.calicoctl("apply -f out/calico/blue/ippools.yaml"))
	}
}

// labelBothWays gives nodes their labels and annotations by the script and by server-side apply: the two agree, and what others have
// there stays.
func (a *application) labelBothWays() {
	if len(a.objects.Nodes) == 0 {
		return
	}
	a.must(a.readme.nodes)
	a.must(a.readme.nodesSSA)
	a.same("kubectl --context blue diff --server-side -k out/calico/blue/nodes")
	a.checkNodes()
}

func (a *application) applyForTheFirstTime() {
	if out, status := a.sh(a.readme.diff); status != 1 {
		a.Fatalf("%s before the first apply: exit %d, want 1:\n%s", a.readme.diff, status, out)
	}
	a.must(a.readme.apply)
	if out := a.must(a.readme.look); strings.Count(out, "kind: CalicoNodeStatus\n") != len(a.objects.CalicoNodeStatuses) {
		a.Errorf("%s shows other objects than the %d of the build:\n%s", a.readme.look, len(a.objects.CalicoNodeStatuses), out)
	}
}

// adopt lets another field manager apply all on the server's side, as GitOps controllers do. None is in conflict with kubectl, and
// nothing changes.
func (a *application) adopt() {
	a.same("kubectl --context blue diff --server-side --field-manager=gitops -k out/calico/blue")
	a.must("kubectl --context blue apply --server-side --field-manager=gitops -k out/calico/blue")
	a.same("kubectl --context blue diff --server-side --field-manager=gitops -k out/calico/blue")
}

// later is the objects of a build without every second session, the filters that only those had, and every second of the other
// objects that may be pruned. What kubectl calls those is in a.dropped then, sorted.
func (a *application) later() *calico.Objects {
	o := *a.objects
	o.BGPPeers = drop(a, "bgppeer", o.BGPPeers, func(i int, _ *v3.BGPPeer) bool { return i%2 == 0 })
	o.BGPFilters = drop(a, "bgpfilter", o.BGPFilters, func(_ int, f *calico.BGPFilter) bool {
		return !slices.ContainsFunc(o.BGPPeers, func(p *v3.BGPPeer) bool { return slices.Contains(p.Spec.Filters, f.Name) })
	})
	o.IPPools = drop(a, "ippool", o.IPPools, func(i int, p *v3.IPPool) bool { return i%2 == 0 && p.Labels != nil })
	o.CalicoNodeStatuses = drop(a, "caliconodestatus", o.CalicoNodeStatuses, func(i int, s *v3.CalicoNodeStatus) bool {
		return i%2 == 0 && s.Labels != nil
	})
	slices.Sort(a.dropped)
	return &o
}
