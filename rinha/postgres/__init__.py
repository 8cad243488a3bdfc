"""The engine: a PostgreSQL server, or several of which one is the primary."""
