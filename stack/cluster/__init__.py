"""Three PostgreSQL nodes under Patroni, which agree through etcd on who is the primary."""
