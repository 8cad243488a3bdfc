"""For operators: the page and its listener, the numbers in a terminal, alerts, a dashboard."""
