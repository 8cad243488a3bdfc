"""The official run and its count."""
