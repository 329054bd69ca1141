package conformance

import (
	"os"
	"path/filepath"
	"testing"

	"topoc/compiler/emulate"
)

const rendered = `include "bird_ipam.cfg";
router id 10.1.1.11;
template bgp bgp_template {
  graceful restart;
  connect delay time 2;
  connect retry time 5;
  error wait time 5,30;
}
protocol bgp Node_10_1_1_1 from bgp_template {
  graceful restart time 300;
}
`

const included = `filter calico_kernel_programming {
  if ( net ~ 10.64.0.0/16 ) then { krt_tunnel = "tunl0"; accept; }
}
`

func TestNormaliseChangesTimersAndWhatOnlyCalicosBIRDHas(t *testing.T) {
	const start = `log stderr all;
filter calico_kernel_programming {
  if ( net ~ 10.64.0.0/16 ) then { print ""; accept; }
}

router id 10.1.1.11;
template bgp bgp_template {
  graceful restart;
`
	for _, c := range []struct {
		name   string
		timing emulate.Timing
		want   string
	}{
		{"Calico's timers", emulate.Timing{}, start + `  connect delay time 2;
  connect retry time 5;
  error wait time 5,30;
}
protocol bgp Node_10_1_1_1 from bgp_template {
  graceful restart time 300;
}
`},
		{"shorter ones", emulate.Timing{Connect: 1, Keepalive: 2, Hold: 6, Restart: 10}, start + `  connect delay time 1;
  connect retry time 1;
  error wait time 1,1;
  hold time 6; keepalive time 2;
  graceful restart time 10;
}
protocol bgp Node_10_1_1_1 from bgp_template {
  graceful restart time 10;
}
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"bird.cfg": rendered, "bird_ipam.cfg": included} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := normalise(filepath.Join(dir, "bird.cfg"), c.timing)
			if err != nil || string(got) != c.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}
