"""SQLite engine: one file that several processes share."""
