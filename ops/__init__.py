"""Operators' tools: the page and its listener, a terminal view, alerts and a dashboard."""
