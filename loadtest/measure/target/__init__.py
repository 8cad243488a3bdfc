"""CPU and memory of a target on this machine."""
