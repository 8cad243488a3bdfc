"""The official run and what it counts."""
