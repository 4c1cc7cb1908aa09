"""Settings and the engine."""
