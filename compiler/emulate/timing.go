package emulate

import "topoc/compiler/internal/cfgtext"

// Timing is the timers that an emulation runs with, in seconds. Zero fields are the daemons' own or what the topology says.
type Timing struct {
	Connect   int // between attempts to connect
	Keepalive int
	Hold      int
	Restart   int // for which routes of a daemon that restarts are kept
}

// Quick are timers of an emulation that is watched: sessions come up within seconds. They change how long things take, never
// what they come to.
var Quick = Timing{Connect: 1, Keepalive: 2, Hold: 6, Restart: 4}

// birdTimers writes the timers of one session of BIRD. Without any they are those that Calico writes.
func (t Timing) birdTimers(w *cfgtext.Writer) {
	if t.Connect > 0 {
		w.Line("connect delay time %d;", t.Connect)
		w.Line("connect retry time %d;", t.Connect)
		w.Line("error wait time %d,%d;", t.Connect, t.Connect)
	} else {
		w.Line("connect delay time 2;")
		w.Line("connect retry time 5;")
		w.Line("error wait time 5,30;")
	}
	if t.Hold > 0 {
		w.Line("hold time %d;", t.Hold)
		w.Line("keepalive time %d;", t.Keepalive)
	}
}
