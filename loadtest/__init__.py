"""The judge: load tests, the official run and contract checks, over HTTP alone."""
