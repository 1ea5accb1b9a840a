package page

import (
	"math"
	"time"
)

// Fill gives the plots an hour of samples that end at a time.
func (s *Server) Fill(end time.Time) {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	for i := range samplesMax {
		x := float64(i)
		p := sample{At: end.Add(time.Duration(i-samplesMax) * sampleEvery).UnixMilli(),
			RowsPerSec: 4200 + 1500*math.Sin(x/70) + 300*math.Sin(x/7), PublishTime: 6 + 2*math.Sin(x/23) + math.Sin(x/3),
			RowsBehind: uint64(40 + 30*math.Sin(x/5)), Settled: uint64(20 + 9*math.Sin(x/4)), Behind: 0.4 + 0.3*math.Sin(x/9)}
		if i > 300 && i < 420 { // a transaction stays open for ten minutes
			p.HorizonAge = (x - 300) * sampleEvery.Seconds()
			p.Settled = uint64((x - 300) * 20000)
			p.Behind, p.RowsBehind, p.RowsPerSec = p.HorizonAge, uint64((x-300)*20000), 0
		}
		s.history.samples = append(s.history.samples[:min(i, len(s.history.samples))], p)
	}
}
