"""The official run and its payment."""
