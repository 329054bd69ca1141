package check

// Names for tests of package check_test, which run whole topologies.
var (
	ReadExample = readExample
	FixtureDay  = fixtureDay
)
