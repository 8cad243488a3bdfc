"""Gatling: running it, and reading its log."""
