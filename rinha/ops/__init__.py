"""Eyes on the service: what it counts while it runs, and how that is shown."""
