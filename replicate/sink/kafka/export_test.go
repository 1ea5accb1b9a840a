package kafka

// Buffered is how many bytes wait in the producer.
func (s *Sink) Buffered() int64 { return s.session.client.BufferedProduceBytes() }
