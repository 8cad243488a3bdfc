"""CPU and memory of the target, where that is on this machine."""
