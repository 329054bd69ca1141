package bgp

// metricTable remembers what Network.Resolve answered. The zero value is ready to use.
type metricTable struct {
	entries []metricEntry // open addressing; its length is a power of two
	used    int
}

type metricEntry struct {
	isSet        bool
	isConfirmed  bool // see Solver.confirm
	speaker, hop int32
	metric       Metric
}

func (t *metricTable) clear() {
	clear(t.entries)
	t.used = 0
}

// find returns the entry of a speaker and a hop: to be filled where it is not set.
func (t *metricTable) find(speaker, hop int32) *metricEntry {
	mask := uint32(len(t.entries) - 1)
	i := spread(uint32(speaker), hop) & mask
	for {
		e := &t.entries[i]
		if !e.isSet || e.speaker == speaker && e.hop == hop {
			return e
		}
		i = (i + 1) & mask
	}
}

func (t *metricTable) grow() {
	old := t.entries
	t.entries = make([]metricEntry, max(32, 2*len(old)))
	for _, e := range old {
		if e.isSet {
			*t.find(e.speaker, e.hop) = e
		}
	}
}

// lastMetric is the last answer about next hops that came in by one end: mostly they are all the same.
type lastMetric struct {
	hop    int32 // + 1; 0: none yet
	metric Metric

	isConfirmed bool // see Solver.confirm
}

// metricTo returns the cost of a speaker's way to a next hop that is not its own and came in by one of its ends.
func (s *Solver) metricTo(end, hop int32) Metric {
	last := &s.lastMetrics[end]
	if last.hop != hop+1 {
		*last = lastMetric{hop: hop + 1, metric: s.resolve(s.plan.ends[end].speaker, hop)}
	}
	if at := s.plan.ends[end].speaker; s.alike.isOn && s.alike.isModel[at] && !last.isConfirmed {
		if !s.metrics.find(at, hop).isConfirmed {
			s.confirm(at, hop, last.metric)
			s.metrics.find(at, hop).isConfirmed = !s.alike.isUnsure
		}
		last.isConfirmed = !s.alike.isUnsure
	}
	return last.metric
}

// resolve returns Network.Resolve's answer.
func (s *Solver) resolve(speaker, hop int32) Metric {
	t := &s.metrics
	if 2*t.used >= len(t.entries) {
		t.grow()
	}
	e := t.find(speaker, hop)
	if !e.isSet {
		answer := s.network.Resolve(s.network.Speakers[speaker], s.network.Hops[hop])
		*e = metricEntry{isSet: true, speaker: speaker, hop: hop, metric: answer}
		t.used++
	}
	return e.metric
}
