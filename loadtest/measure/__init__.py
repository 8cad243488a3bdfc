"""Measurements of a running load: counts, times, and the target's CPU and memory."""
