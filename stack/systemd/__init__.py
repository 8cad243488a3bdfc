"""Runs parts under systemd: writes its units, and the files that they read."""
