"""Metrics of the service: counters, gauges, heartbeats and scheduled audits."""
