package kafka

// Impatient makes the first connection that a broker ends a reason to stop.
func (s *Sink) Impatient() { s.hungMax = 0 }

// Buffered is how many bytes wait in the producer.
func (s *Sink) Buffered() int64 { return s.session.client.BufferedProduceBytes() }
