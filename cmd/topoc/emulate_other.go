//go:build !linux

package main

import "errors"

// run says that there is nothing to run on.
func (*emulation) run(*env, []string) error {
	return errors.New("topoc emulate needs the network namespaces of Linux")
}
