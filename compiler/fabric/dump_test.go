package fabric_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/goldentest"
	"topoc/compiler/load"
)

func TestMain(m *testing.M) { os.Exit(goldentest.Main(m)) }

// link loads and links one CUE text.
func link(t testing.TB, text []byte) (*fabric.Fabric, diag.List) {
	t.Helper()
	r, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Errorf("%s: %s [%s]", d.Pos, d.Message, d.Check)
	}
	if t.Failed() {
		t.FailNow()
	}
	f, diags := fabric.Link(r.Topology)
	diags.Locate(r.Locator)
	diags.Sort()
	return f, diags
}

func TestLinkGolden(t *testing.T) {
	goldentest.Run(t, "testdata/*.txtar", func(t *testing.T, input *txtar.Archive) map[string][]byte {
		f, diags := link(t, input.Files[0].Data)
		var b bytes.Buffer
		for _, d := range diags {
			fmt.Fprintf(&b, "%d: %s [%s] %s; hint: %s\n", d.Pos.Line, d.Message, d.Check, d.Path, d.Hint)
		}
		dump(&b, f)
		return map[string][]byte{"fabric": b.Bytes()}
	})
}

func dump(w io.Writer, f *fabric.Fabric) {
	for _, c := range f.Clusters {
		dumpCluster(w, c)
	}
	for _, s := range f.Sessions {
		fmt.Fprintf(w, "session %s AS %d -> %s %s AS %d", s.A.Device.DeviceName(), s.A.ASN, s.B.Device.DeviceName(), s.B.Address, s.B.ASN)
		if s.A.PeerASN != s.B.ASN || s.B.PeerASN != s.A.ASN {
			fmt.Fprintf(w, " (expected %d, %d)", s.A.PeerASN, s.B.PeerASN)
		}
		if s.Dynamic {
			fmt.Fprint(w, " dynamic")
		}
		fmt.Fprintln(w)
	}
	for _, s := range f.Switches {
		dumpSwitch(w, s)
	}
	for _, h := range f.Hosts {
		fmt.Fprintf(w, "host %s gateway %v\n", h.Name, h.Gateway)
		for _, r := range h.Routes {
			fmt.Fprintf(w, "  route %s via %v\n", r.Prefix, r.NextHops)
		}
		if h.DNS != nil {
			for _, z := range h.DNS.Zones {
				fmt.Fprintf(w, "  zone %s at %s, reverse %v\n", z.Domain, z.Service, z.Reverse)
			}
		}
	}
}

func dumpCluster(w io.Writer, c *fabric.Cluster) {
	fmt.Fprintf(w, "cluster %s AS %d mesh %v\n", c.Name, c.ASN, c.Mesh)
	for _, n := range c.Nodes {
		fmt.Fprintf(w, "  node %s AS %d %v %v\n", n.Name, n.ASN, n.Labels, n.Annotations)
	}
	for _, p := range c.Peers {
		to := p.PeerSelector
		if p.PeerIP.IsValid() {
			to = fmt.Sprintf("%s AS %d", p.PeerIP, p.ASN)
			if p.Port != 0 {
				to = fmt.Sprintf("%s port %d AS %d", p.PeerIP, p.Port, p.ASN)
			}
		}
		fmt.Fprintf(w, "  peer %s: %s -> %s", p.Name, p.NodeSelector, to)
		if len(p.Filters) > 0 {
			fmt.Fprintf(w, " filters %v", p.Filters)
		}
		if p.SourceAddress != "" {
			fmt.Fprintf(w, " source %s", p.SourceAddress)
		}
		if p.ReachableBy.IsValid() {
			fmt.Fprintf(w, " reachable by %s", p.ReachableBy)
		}
		fmt.Fprintln(w)
	}
	for _, p := range c.Pools {
		fmt.Fprintf(w, "  pool %s %s /%d %s nat %v", p.Name, p.CIDR, p.BlockSize, p.NodeSelector, p.NATOutgoing)
		if p.Foreign != nil {
			fmt.Fprintf(w, " foreign %s disabled %v", p.Foreign.Name, p.Disabled)
		}
		fmt.Fprintln(w)
	}
	for _, f := range c.Filters {
		fmt.Fprintf(w, "  filter %s derived %v:", f.Name, f.Derived)
		for _, r := range append(f.Rules.ExportV4, f.Rules.ExportV6...) {
			fmt.Fprintf(w, " %s %s %s", r.Action, r.MatchOperator, r.CIDR)
		}
		fmt.Fprintln(w)
	}
}

func dumpSwitch(w io.Writer, s *fabric.Switch) {
	fmt.Fprintf(w, "switch %s router ID %v\n", s.Name, s.RouterID)
	for _, r := range s.Routers {
		fmt.Fprintf(w, "  bgp %d vrf %q paths %d of %d relax %v cluster ID %v networks %v\n",
			r.ASN, r.VRF, r.MaximumPaths, r.WantedPaths, r.RelaxASPath, r.ClusterID, r.Networks)
		for _, l := range r.PrefixLists {
			fmt.Fprintf(w, "    list %s:", l.Name)
			for _, e := range l.Entries {
				low, high := e.Lengths()
				fmt.Fprintf(w, " %s{%d,%d}", e.Prefix, low, high)
			}
			fmt.Fprintln(w)
		}
		for _, g := range r.Groups {
			fmt.Fprintf(w, "    group %s AS %d%s\n", g.Name, g.RemoteASN, config(&g.SessionConfig))
		}
		for _, n := range r.Neighbors {
			if n.Group != nil {
				fmt.Fprintf(w, "    neighbor %s %s in %s AS %d\n", n.Address, n.Description, n.Group.Name, n.RemoteASN)
			} else {
				fmt.Fprintf(w, "    neighbor %v%s %s AS %d%s\n", n.Address, n.Interface, n.Description, n.RemoteASN, config(&n.SessionConfig))
			}
		}
		for _, l := range r.Listens {
			fmt.Fprintf(w, "    listen %s in %s limit %d\n", l.Prefix, l.Group.Name, l.Limit)
		}
		for _, r := range r.Redistribute {
			fmt.Fprintf(w, "    redistribute static by %s\n", r.Policy.Name)
		}
	}
	for _, r := range s.Statics {
		fmt.Fprintf(w, "  static %s via %v vrf %q tag %d\n", r.Prefix, r.NextHops, r.VRF, r.Tag)
	}
}

func config(c *fabric.SessionConfig) string {
	var words []string
	say := func(on bool, format string, args ...any) {
		if on {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(c.Internal, "ibgp")
	say(c.UpdateSource.IsValid(), "from %s", c.UpdateSource)
	say(c.Multihop > 0, "multihop %d", c.Multihop)
	say(c.TTLSecurity > 0, "gtsm %d", c.TTLSecurity)
	say(c.Password != nil, "password")
	say(c.BFD, "bfd")
	say(c.Hold > 0, "timers %d %d", c.Keepalive, c.Hold)
	for _, f := range c.Families {
		words = append(words, fmt.Sprintf("%s in %s out %s max %d", f.Family, denies(f.In), denies(f.Out), f.MaxPrefixes))
		say(f.ASOverride, "as-override")
		say(f.NextHopSelf, "next-hop-self")
		say(f.ReflectorClient, "client")
		say(f.DefaultOriginate, "default-originate")
	}
	return ": " + strings.Join(words, ", ")
}

func denies(p *fabric.Policy) string {
	if len(p.Terms) == 0 {
		return p.Name + " (denies all)"
	}
	return p.Name
}
