"""Scripts that make the recordings below tests/replays from recorded samples, one a source, each run once."""
