package artifact

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestInsist(t *testing.T) {
	errHeld, errOther := errors.New("held"), errors.New("other")
	isHeld := func(err error) bool { return errors.Is(err, errHeld) }
	for _, test := range []struct {
		name  string
		fails int // how often it fails
		with  error
		want  error
		least time.Duration
		most  time.Duration
	}{
		{"done at once", 0, nil, nil, 0, 0},
		{"held for a moment", 5, errHeld, nil, 31 * time.Millisecond, 31 * time.Millisecond},
		{"held for good", 1000, errHeld, errHeld, grace / 2, grace},
		{"fails otherwise", 1, errOther, errOther, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, tries := time.Now(), 0
				err := insist(func() error {
					if tries++; tries <= test.fails {
						return test.with
					}
					return nil
				}, isHeld)
				if took := time.Since(began); err != test.want || took < test.least || took > test.most {
					t.Errorf("%v after %v and %d tries, want %v", err, took, tries, test.want)
				}
			})
		})
	}
}
