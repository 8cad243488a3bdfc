"""The engine: one SQLite file that several processes share."""
