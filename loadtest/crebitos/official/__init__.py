"""The official run and what it pays."""
