package fabric

// objects reports what Calico would refuse in a single object.
func (l *linker) objects() {}

// meshOptions reports options of a mesh that is off.
func (l *linker) meshOptions() {}
