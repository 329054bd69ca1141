//go:build !windows

package artifact

// isHeld is false here: what is open can be replaced and removed.
func isHeld(error) bool { return false }

// movesTrees is whether a directory can be renamed whatever is open below it.
const movesTrees = true
