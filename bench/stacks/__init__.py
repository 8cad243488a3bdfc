"""One file for each stack that is measured; docs/benchmarks.md says how to add one."""
