//go:build !unix

package artifact

import "io/fs"

func inode(fs.FileInfo) string { return "" }
