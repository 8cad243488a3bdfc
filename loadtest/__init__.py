"""The judge in a box: load, official run and contract checks over HTTP alone."""
