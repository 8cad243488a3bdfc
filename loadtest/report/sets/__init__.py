"""Sets of reports: the rounds of one command, or of two interleaved targets."""
