package artifact

import "slices"

// checkAccess returns an error where the build would come to a directory that it may not change: such a one would stop it half-way.
func (b *build) checkAccess() error {
	dirs := map[string]bool{}
	add := func(p string) error {
		for _, dir := range slices.Backward(ancestors(p)) {
			at, err := b.lookDir(dir)
			if err != nil {
				return err
			}
			if at.what == directory {
				dirs[dir] = true
				return nil
			}
		}
		return nil // the stage stands in the root, and tells
	}
	for _, p := range b.stale {
		if err := add(p); err != nil {
			return err
		}
	}
	for i := range b.pieces {
		if err := add(b.pieces[i].target); err != nil {
			return err
		}
	}
	for _, dir := range sortedKeys(dirs) {
		if err := mayChange(b.root, dir); err != nil {
			return b.failed("change", dir, err)
		}
	}
	return nil
}
