"""The benchmark: measures the service, its ceilings and its alternatives in one run."""
