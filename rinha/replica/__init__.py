"""Replication of an SQLite file by Litestream, and restores from replicas and snapshots."""
