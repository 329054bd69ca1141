package artifact

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isHeld reports whether a call may have failed because another program has the file, or one in the directory, open. What may not be
// changed at all is told apart only by trying again.
func isHeld(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED) ||
		errors.Is(err, windows.ERROR_DIR_NOT_EMPTY)
}

// movesTrees is whether a directory can be renamed whatever is open below it. Here one file that a scanner reads keeps all of them from
// being put in place, and the more files there are, the longer some of them are held.
const movesTrees = false
