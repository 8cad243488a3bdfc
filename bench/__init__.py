"""The benchmark: the service beside its ceilings and its alternatives, in one run."""
