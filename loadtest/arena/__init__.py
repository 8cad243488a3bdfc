"""The arena: an entry as the contest takes it, a compose file, from its rules to its verdict."""
