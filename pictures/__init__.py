"""Pictures of the README and of docs/, made from real runs: `make pictures`."""
