package emulate

import (
	"context"
	"time"
)

// Compare holds every machine that is up to a prediction, in the order of the lab.
func (r *Running) Compare(ctx context.Context, p Prediction) ([]*Comparison, error) {
	all := make([]*Comparison, len(r.machines))
	index := map[*machine]int{}
	for i, m := range r.machines {
		index[m] = i
	}
	err := r.each(func(m *machine) error {
		if m.isDown {
			return nil
		}
		seen, err := r.see(ctx, m)
		if err != nil {
			return err
		}
		all[index[m]] = compare(m.plan, p, seen)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var up []*Comparison
	for _, c := range all {
		if c != nil && c.Machine.Device != nil {
			up = append(up, c)
		}
	}
	return up, nil
}

// Await compares until everything is as predicted, twice in a row, or ctx ends, and returns the last comparison: so that ctx
// ended is no error. progress is told how many lines differ; nil: nobody is.
func (r *Running) Await(ctx context.Context, p Prediction, progress func(differences int)) ([]*Comparison, error) {
	const pause = 300 * time.Millisecond
	var last []*Comparison
	agreed := 0
	for {
		all, err := r.Compare(context.WithoutCancel(ctx), p)
		if err != nil {
			return last, err
		}
		last = all
		_, _, differences := Total(all)
		if progress != nil {
			progress(differences)
		}
		if differences > 0 {
			agreed = 0
		} else if agreed++; agreed == 2 {
			return all, nil
		}
		select {
		case <-ctx.Done():
			return last, nil
		case <-time.After(pause):
		}
	}
}
