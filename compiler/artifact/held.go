package artifact

import "time"

// grace is how long insist goes on. Who looks at a new file, as scanners and indexers do, is done with it sooner.
const grace = 2 * time.Second

// insist does what fails while another program has a file open, if isHeld says so of the error, until it is done or grace is over.
func insist(do func() error, isHeld func(error) bool) error {
	deadline := time.Now().Add(grace)
	for wait := time.Millisecond; ; wait *= 2 {
		err := do()
		if err == nil || !isHeld(err) || time.Now().Add(wait).After(deadline) {
			return err
		}
		time.Sleep(wait)
	}
}
