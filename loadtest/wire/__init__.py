"""HTTP to the target: requests, connections, answers and failures."""
