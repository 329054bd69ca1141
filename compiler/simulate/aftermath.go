package simulate

import (
	"fmt"
	"slices"

	"topoc/compiler/fabric"
)

// Aftermath is the network after something has failed and everything has settled again. It is safe for concurrent use.
type Aftermath struct {
	result *Result
	view   *view
	dead   map[fabric.Device]bool
	cut    map[*Session]bool // both ends of sessions that are no longer up, though neither end has failed
}

// After predicts what becomes of the network when devices and links fail at once.
func (r *Result) After(devices []fabric.Device, links []*fabric.SwitchLink) *Aftermath {
	var failed []element
	a := &Aftermath{result: r, dead: map[fabric.Device]bool{}, cut: map[*Session]bool{}}
	for _, d := range devices {
		a.dead[d] = true
		failed = append(failed, element{places: r.places(d)})
	}
	for _, l := range links {
		failed = append(failed, element{link: l})
	}
	f := failureOf(failed)
	a.view = r.after(f)
	for _, t := range r.sessions {
		if t.a.State == Established && (f.hasLink(t.link) || a.view.reach(t) != (lost{})) {
			a.cut[t.a], a.cut[t.b] = true, true
		}
	}
	return a
}

// Sessions returns the sessions of a device that has not failed, as Result.Sessions does.
func (a *Aftermath) Sessions(d fabric.Device) []SessionRow {
	var rows []SessionRow
	for _, at := range a.result.places(d) {
		first := len(rows)
		for _, s := range at.part.Sessions {
			for _, row := range sessionRows(at, s) {
				if row.State == Established && (a.cut[s] || row.Peer != nil && a.dead[row.Peer]) {
					row.State, row.Info = NotEstablished, ""
					row.Reason = fmt.Sprintf("UNREACHABLE: the way to %s has failed", row.PeerAddress)
				}
				rows = append(rows, row)
			}
		}
		slices.SortStableFunc(rows[first:], sessionOrder(at.part))
	}
	return rows
}

// Routes returns the routes in the kernel of a device that has not failed, as Result.Routes does.
func (a *Aftermath) Routes(d fabric.Device) []RouteRow {
	var rows []RouteRow
	for _, at := range a.result.places(d) {
		for _, f := range families {
			rows = append(rows, a.view.kernelRows(at, f)...)
		}
	}
	return rows
}
