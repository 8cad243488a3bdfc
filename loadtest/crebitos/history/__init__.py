"""The history check: looks for one order of operations that explains all answers."""
