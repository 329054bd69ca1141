package conformance

// knownDifferences are topologies of which an emulation is not as predicted, with the cause. One that is all the same fails, so
// that nothing stays here that was mended.
var knownDifferences = map[string]string{}
