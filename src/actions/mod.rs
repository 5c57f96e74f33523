//! The use cases: run, explain, answer, verify; generic over the ports.
