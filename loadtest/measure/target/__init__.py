"""CPU and memory of whoever is measured, where that is on this machine."""
