package emulate

import (
	"context"
	"fmt"

	"topoc/compiler/fabric"
)

// FailDevice lets a device die as by a loss of power: its daemons end without a word, and its interfaces fall.
func (r *Running) FailDevice(d fabric.Device) error {
	found := false
	for _, m := range r.machines {
		if m.plan.Device != d {
			continue
		}
		found, m.isDown = true, true
		for i := range m.plan.Ports {
			if err := m.setPort(m.plan.Ports[i].Name, false); err != nil {
				return err
			}
		}
		m.stopDaemons()
	}
	if !found {
		return fmt.Errorf("no machine is %s", d.DeviceName())
	}
	return nil
}

// FailLink lets a link between two switches fall: both ends lose their carrier.
func (r *Running) FailLink(l *fabric.SwitchLink) error { return r.setLink(l, false) }

// MendLink brings a link back.
func (r *Running) MendLink(l *fabric.SwitchLink) error { return r.setLink(l, true) }

func (r *Running) setLink(l *fabric.SwitchLink, isUp bool) error {
	for _, m := range r.machines {
		for i := range m.plan.Ports {
			if m.plan.Ports[i].Link == l {
				if err := m.setPort(m.plan.Ports[i].Name, isUp); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (m *machine) setPort(name string, isUp bool) error {
	link, err := m.ns.links.LinkByName(name)
	if err == nil {
		if isUp {
			err = m.ns.links.LinkSetUp(link)
		} else {
			err = m.ns.links.LinkSetDown(link)
		}
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", name, m.plan.Name, err)
	}
	return nil
}

// KillDaemons ends the daemons of a device without a word. Its kernel goes on forwarding by the routes that it has.
func (r *Running) KillDaemons(d fabric.Device) {
	for _, m := range r.machines {
		if m.plan.Device == d {
			m.stopDaemons()
		}
	}
}

// RestartDaemons starts the daemons of a device again, as ones that restart.
func (r *Running) RestartDaemons(ctx context.Context, d fabric.Device) error {
	for _, m := range r.machines {
		if m.plan.Device == d {
			if err := m.startDaemons(ctx, true); err != nil {
				return err
			}
		}
	}
	return nil
}
