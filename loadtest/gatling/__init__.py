"""Gatling itself: how it is run, and the log that it writes."""
